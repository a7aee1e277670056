/** Colours of regions. All are CSS, which knows the theme. */

const HUE_STEP = 137.508;
const LIGHTNESS = [
  [56, 62],
  [44, 50],
  [66, 72],
] as const;

/** More tables than these would look alike. */
export const MAX_COLOURS = 12;
export const CHOSEN = 'var(--accent-fill)';
/** Of what is not known, or not chosen. */
export const PALE = 'var(--pale)';

/** The colour of a table by its position. Hues are far apart for neighbours; lightness alternates for eyes that see fewer hues. */
export function tableColour(index: number): string {
  const hue = ((index * HUE_STEP + 215) % 360).toFixed(1);
  const [light, dark] = LIGHTNESS[index % LIGHTNESS.length] ?? LIGHTNESS[0];
  return `light-dark(oklch(${light}% 0.13 ${hue}), oklch(${dark}% 0.13 ${hue}))`;
}

/** One hue, the stronger the more; `share` from 0 to 1. The root, because few regions have most of the load. */
export function loadColour(share: number): string {
  return `color-mix(in oklab, var(--load) ${Math.round(8 + 92 * Math.sqrt(share))}%, var(--load-none))`;
}

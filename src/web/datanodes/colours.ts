/** Colours for what has no natural one. Hues are far apart for neighbours; lightness alternates for eyes that see fewer hues. */

import type { Theme } from '../page/theme.ts';

const HUE_STEP = 137.508;

/** The colour of a table by its position among all tables. */
export function tableColour(index: number, theme: Theme): string {
  const hue = (index * HUE_STEP + 215) % 360;
  const lightness = (theme === 'light' ? [56, 44, 66] : [62, 50, 72])[index % 3] ?? 56;
  return `oklch(${lightness}% 0.13 ${hue.toFixed(1)})`;
}

/** Bars of datanodes: what stays, and what leaves. */
export const BAR_COLOURS = {
  light: { stays: '#5b8def', leaves: '#e8702a' },
  dark: { stays: '#4a7fe0', leaves: '#e0782f' },
} as const;

/** From calm to hot; `share` from 0 to 1. */
export function loadColour(share: number, theme: Theme): string {
  const clamped = Math.min(1, Math.max(0, share));
  const [from, to] = theme === 'light' ? [90, 48] : [34, 76];
  return `oklch(${(from + (to - from) * clamped).toFixed(1)}% ${(0.04 + 0.13 * clamped).toFixed(3)} ${(250 - 220 * clamped).toFixed(1)})`;
}

import type { ComponentChildren, JSX } from 'preact';

/** A swatch with a look of the style sheet or a colour, or neither: then only words. */
export interface LegendKey {
  readonly text: ComponentChildren;
  readonly look?: string;
  readonly colour?: string;
}

export function Legend({
  keys,
  label = 'Legend',
}: {
  readonly keys: readonly LegendKey[];
  readonly label?: string;
}): JSX.Element {
  return (
    <ul class="legend" aria-label={label}>
      {keys.map(({ text, look = '', colour }, index) => (
        <li key={index}>
          {(look !== '' || colour !== undefined) && (
            <span
              class={`swatch ${look}`}
              aria-hidden="true"
              style={colour === undefined ? {} : { background: colour }}
            />
          )}
          {text}
        </li>
      ))}
    </ul>
  );
}

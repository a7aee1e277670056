import type { ComponentChildren, JSX } from 'preact';
import { formatBytes } from '../../lib/number.ts';
import { shortTable } from '../format.ts';
import { useMatrix, useWhen } from '../page/page.ts';
import { CHOSEN, loadColour, PALE, tableColour } from './colours.ts';
import type { ColourBy, LoadScale } from './region-cells.ts';

/** What the colours and outlines of the cells mean. */
export function CellLegend({ colourBy }: { readonly colourBy: ColourBy }): JSX.Element {
  const { tables } = useMatrix();
  const when = useWhen();
  return (
    <ul class="legend" aria-label="Legend">
      {when === 'now' && (
        <>
          <Key look="leaves">leaves</Key>
          <Key look="comes">comes</Key>
        </>
      )}
      {colourBy.kind === 'load' && <LoadKey load={colourBy.load} />}
      {colourBy.kind === 'table' && (
        <>
          <Key colour={CHOSEN}>
            {shortTable(tables.find(({ id }) => id === colourBy.id)?.name ?? colourBy.id)}
          </Key>
          <Key colour={PALE}>other tables</Key>
        </>
      )}
      {colourBy.kind === 'tables' &&
        tables.map(({ id, name }, index) => (
          <Key key={id} colour={tableColour(index)}>
            {shortTable(name)}
          </Key>
        ))}
    </ul>
  );
}

export function Key({
  look = '',
  colour,
  children,
}: {
  readonly look?: string;
  readonly colour?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <li>
      <span
        class={`swatch ${look}`}
        aria-hidden="true"
        style={colour === undefined ? {} : { background: colour }}
      />
      {children}
    </li>
  );
}

const STEPS = [0, 1 / 16, 1 / 4, 9 / 16, 1];
const UNITS = { writeBytesPerSecond: 'written per second:', diskBytes: 'on disk:' } as const;

function LoadKey({ load: { of, most } }: { readonly load: LoadScale }): JSX.Element {
  return (
    <>
      <li>{UNITS[of]}</li>
      {STEPS.map((share) => (
        <Key key={share} colour={loadColour(share)}>
          {formatBytes(most * share)}
        </Key>
      ))}
      <Key colour={PALE}>not known</Key>
    </>
  );
}

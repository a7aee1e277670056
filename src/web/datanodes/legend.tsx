import type { JSX } from 'preact';
import type { MatrixView } from '../../server/api/answers.ts';
import type { When } from '../controls/choice.tsx';
import { formatCount, shortTable } from '../format.ts';
import type { Theme } from '../page/theme.ts';
import { tableColour } from './colours.ts';
import type { ColourBy } from './region-cells.ts';

const SHOWN = 24;

/** What the colours and outlines of the columns mean. */
export function Legend({
  matrix,
  theme,
  colourBy,
  isEach,
  when,
}: {
  readonly matrix: MatrixView;
  readonly theme: Theme;
  readonly colourBy: ColourBy;
  readonly isEach: boolean;
  readonly when: When;
}): JSX.Element {
  return (
    <ul class="legend" aria-label="Legend">
      {when === 'now' && (
        <>
          <li>
            <span class={isEach ? 'swatch leaves' : 'swatch over'} aria-hidden="true" /> leaves
          </li>
          <li>
            <span class="swatch comes" aria-hidden="true" /> comes
          </li>
        </>
      )}
      {colourBy === 'load' && isEach && <li>pale: little written, strong: much; grey: not known</li>}
      {colourBy === 'table' &&
        isEach &&
        matrix.tables.slice(0, SHOWN).map(({ id, name }, index) => (
          <li key={id}>
            <span class="swatch" aria-hidden="true" style={{ background: tableColour(index, theme) }} />
            {shortTable(name)}
          </li>
        ))}
      {colourBy === 'table' && isEach && matrix.tables.length > SHOWN && (
        <li>and {formatCount(matrix.tables.length - SHOWN)} more tables</li>
      )}
    </ul>
  );
}

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { MatrixView } from '../../server/api/answers.ts';
import { Choice, WhenChoice } from '../controls/choice.tsx';
import { SearchField } from '../controls/form.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { shareScopeText } from '../datanodes/left-out.ts';
import { formatCount, plural } from '../format.ts';
import { useSettled } from '../hooks/pace.ts';
import { useDatanodes, usePageState, useWhen } from '../page/page.ts';
import { TableGrid } from './grid.tsx';
import { fractionsOf, tableRows } from './rows.ts';
import type { Fractions } from './rows.ts';

const ORDERS = [
  ['skew', 'Most skewed first'],
  ['name', 'By name'],
] as const;

/** As {@link toneOf} shades. */
const SHADES = [
  ['under', '100%', 'far below its share'],
  ['under', '45%', 'below'],
  ['fair', '100%', 'its share'],
  ['over', '45%', 'above'],
  ['over', '100%', 'far above'],
] as const;

/** About as many rows fit. */
const SHOWN = 14;

/** Where a datanode drains. */
const LEAVES = ['leaves', '0%', 'leaves'] as const;

/** How many regions of each table each datanode leads, at any number of both. */
export function Tables(): JSX.Element {
  const when = useWhen();
  const matrix = usePageState((state) => state.matrix);
  const fractions = useFractions(matrix);
  const scope = shareScopeText(useDatanodes());
  const [text, setText] = useState('');
  const [order, setOrder] = useState<(typeof ORDERS)[number][0]>('skew');
  const filter = useSettled(text.trim().toLowerCase(), 150);
  const rows = useMemo(
    () => (matrix ? tableRows(matrix.tables, filter, order, when) : []),
    [matrix, filter, order, when],
  );
  const grid = useMemo(
    () => matrix && <TableGrid rows={rows} columns={matrix.datanodes} fractions={fractions} />,
    [rows, fractions],
  );
  if (!matrix || matrix.tables.length === 0)
    return (
      <Section title="Tables" id="tables">
        <Empty>{matrix ? 'No selected table has a region.' : 'The cluster has not been read yet.'}</Empty>
      </Section>
    );
  const aside = (
    <div class="tools">
      <SearchField label="Filter tables by name" placeholder="Filter tables" value={text} onText={setText} />
      <Choice label="Order of the tables" options={ORDERS} value={order} onChange={setOrder} />
      <WhenChoice />
    </div>
  );
  return (
    <Section title="Tables" id="tables" aside={aside}>
      {rows.length === 0 ? <Empty>No table has “{filter}” in its name.</Empty> : grid}
      <ul class="legend" aria-label="Legend">
        <li>
          {formatCount(rows.length)} of {plural(matrix.tables.length, 'table')}
          {rows.length > SHOWN && '; scroll for the rest'}
        </li>
        {(fractions.includes(0) ? [...SHADES, LEAVES] : SHADES).map(([look, strength, text]) => (
          <li key={text}>
            <span class={`shade ${look}`} aria-hidden="true" style={{ '--strength': strength }} />
            {text}
          </li>
        ))}
        {scope !== '' && <li>shares: {scope}</li>}
      </ul>
    </Section>
  );
}

/** Others only when a state or weight changed: counts change with every move, and are not needed here. */
function useFractions(matrix: MatrixView | null): Fractions {
  const datanodes = useDatanodes();
  const columns = matrix?.datanodes ?? [];
  const key = [...columns, ...datanodes.map(({ id, state, weight }) => `${id}/${state}/${weight}`)].join();
  return useMemo(() => fractionsOf(columns, datanodes), [key]);
}

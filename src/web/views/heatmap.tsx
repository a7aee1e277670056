import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Page } from '../app.tsx';
import { formatCount, shortTable } from '../format.ts';
import { useSettled, useWidth } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { MatrixView, StatusView } from '../model.ts';
import { indexes, rangeOf, useVisible } from '../virtual.ts';
import type { When } from './cells.ts';
import { WhenChoice } from './datanodes.tsx';
import { heatRows, rowMaker, toneOf } from './heat.ts';
import type { HeatRow } from './heat.ts';
import { Choice, Empty, Section } from './parts.tsx';

const ROW = 28;
const MIN_COLUMN = 52;
const MAX_COLUMN = 96;
const HEAD = 32;
const MAX_HEIGHT = 14 * ROW + HEAD;

type Order = 'skew' | 'name';

/** How many regions of each table each datanode leads, at any number of both. */
export function Heatmap({
  page,
  when,
  setWhen,
}: {
  readonly page: Page;
  readonly when: When;
  readonly setWhen: (when: When) => void;
}): JSX.Element {
  const matrix = useModel(page.store, (model) => model.matrix);
  const datanodes = useSteadyDatanodes(page);
  const [text, setText] = useState('');
  const [order, setOrder] = useState<Order>('skew');
  const filter = useSettled(text.trim().toLowerCase(), 150);
  const columns = matrix?.datanodes ?? NO_COLUMNS;
  const rowOf = useMemo(() => rowMaker(columns, datanodes, when), [columns, datanodes, when]);
  const tables = matrix?.tables;
  const rows = useMemo(
    () => (tables ? heatRows(tables, rowOf, { filter, order }) : []),
    [tables, rowOf, filter, order],
  );
  const grid = useMemo(
    () => matrix && <Grid page={page} rows={rows} matrix={matrix} datanodes={datanodes} />,
    [page.open, rows, matrix, datanodes],
  );
  const aside = (
    <div class="tools">
      <input
        type="search"
        aria-label="Filter tables by name"
        placeholder="Filter tables"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Choice
        label="Order of the tables"
        options={[
          ['skew', 'Most skewed first'],
          ['name', 'By name'],
        ]}
        value={order}
        onChange={setOrder}
      />
      <WhenChoice when={when} setWhen={setWhen} />
    </div>
  );
  return (
    <Section title="Tables" id="tables" aside={aside}>
      {matrix === null ? (
        <Empty>The cluster has not been read yet.</Empty>
      ) : rows.length === 0 ? (
        <Empty>
          {filter === '' ? 'The cluster has no tables.' : `No table has “${filter}” in its name.`}
        </Empty>
      ) : (
        grid
      )}
      <p class="dim small">
        {formatCount(rows.length)} of {formatCount(matrix?.tables.length ?? 0)} tables.{' '}
        <span class="swatch over" aria-hidden="true" /> more than its share,{' '}
        <span class="swatch under" aria-hidden="true" /> less.
      </p>
    </Section>
  );
}

/** The datanodes, another list only when a state or weight changed: their counts change with every move, and are not needed here. */
function useSteadyDatanodes(page: Page): StatusView['datanodes'] {
  const datanodes = useModel(page.store, (model) => model.status?.datanodes) ?? NONE;
  const key = datanodes.map(({ id, state, weight }) => `${id}/${state}/${weight}`).join();
  return useMemo(() => datanodes, [key]);
}

const NONE: StatusView['datanodes'] = [];
const NO_COLUMNS: MatrixView['datanodes'] = [];

interface GridProps {
  readonly page: Page;
  readonly rows: readonly HeatRow[];
  readonly matrix: MatrixView;
  readonly datanodes: StatusView['datanodes'];
}

interface Place {
  readonly row: number;
  readonly column: number;
}

/** Draws only what is in view. One stop for the keyboard: the arrows walk over the cells, Enter explains the table. */
function Grid({ page, rows, matrix, datanodes }: GridProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box);
  const scroller = useRef<HTMLDivElement>(null);
  const visible = useVisible(scroller);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const name = room < 560 ? 128 : 240;
  const columns = matrix.datanodes;
  const size = Math.min(MAX_COLUMN, Math.max(MIN_COLUMN, Math.floor((room - name - 2) / columns.length)));
  const shownRows = indexes(rangeOf(visible.top, visible.height - HEAD, ROW, rows.length));
  const shownColumns = indexes(rangeOf(visible.left, visible.width - name, size, columns.length));
  const place: Place = {
    row: Math.min(active.row, rows.length - 1),
    column: Math.min(active.column, columns.length - 1),
  };
  const states = useMemo(() => new Map(datanodes.map(({ id, state }) => [id, state])), [datanodes]);
  useEffect(() => scrollTo(scroller.current, place, name, size), [place.row, place.column]);
  const open = (row: number): void => {
    const table = rows[row];
    if (table) page.open({ kind: 'details', what: 'table', id: table.id });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = walk(event.key, place, rows.length, columns.length);
    if (event.key !== 'Enter' && !next) return;
    // Also for Enter: what would follow it is a click on what has the keyboard by then, the new dialog's first button.
    event.preventDefault();
    if (next) setActive(next);
    else open(place.row);
  };
  return (
    <div ref={box} class="heat-box">
      <div
        class="heat"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Regions of each table on each datanode"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={`heat-${place.row}-${place.column}`}
        style={{ maxHeight: `${MAX_HEIGHT}px`, height: `${rows.length * ROW + HEAD + 2}px` }}
        onKeyDown={onKeyDown}
      >
        <div
          class="heat-size"
          role="presentation"
          style={{ width: `${name + columns.length * size}px`, height: `${HEAD + rows.length * ROW}px` }}
        >
          <div class="heat-head" role="row" aria-rowindex={1}>
            <div class="heat-corner" role="columnheader" aria-colindex={1} style={{ width: `${name}px` }}>
              Table
            </div>
            {shownColumns.map((column) => {
              const id = columns[column] ?? '';
              const state = states.get(id) ?? 'target';
              return (
                <div
                  key={id}
                  class={`heat-node ${state}`}
                  role="columnheader"
                  aria-colindex={column + 2}
                  title={state === 'target' ? undefined : state}
                  style={{ left: `${name + column * size}px`, width: `${size}px` }}
                >
                  {id}
                </div>
              );
            })}
          </div>
          {shownRows.map((row) => (
            <Row
              key={rows[row]?.id}
              row={rows[row]!}
              index={row}
              columns={shownColumns}
              nameWidth={name}
              size={size}
              activeColumn={row === place.row ? place.column : -1}
              onOpen={(column) => {
                setActive({ row, column });
                open(row);
              }}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function Row({
  row,
  index,
  columns,
  nameWidth,
  size,
  activeColumn,
  onOpen,
}: {
  readonly row: HeatRow;
  readonly index: number;
  readonly columns: readonly number[];
  readonly nameWidth: number;
  readonly size: number;
  readonly activeColumn: number;
  readonly onOpen: (column: number) => void;
}): JSX.Element {
  return (
    <div class="heat-row" role="row" aria-rowindex={index + 2} style={{ top: `${HEAD + index * ROW}px` }}>
      <div
        class="heat-name"
        role="rowheader"
        aria-colindex={1}
        title={row.name}
        style={{ width: `${nameWidth}px` }}
        onClick={() => onOpen(0)}
      >
        {shortTable(row.name)}
      </div>
      {columns.map((column) => {
        const count = row.counts.get(column) ?? 0;
        const tone = toneOf(count, row.shares[column] ?? null);
        return (
          <div
            key={column}
            id={`heat-${index}-${column}`}
            class={`heat-cell ${tone.className}${column === activeColumn ? ' active' : ''}`}
            role="gridcell"
            aria-colindex={column + 2}
            style={{
              left: `${nameWidth + column * size}px`,
              width: `${size}px`,
              '--strength': `${tone.percent}%`,
            }}
            onClick={() => onOpen(column)}
          >
            {count === 0 && tone.className === 'fair' ? '' : formatCount(count)}
          </div>
        );
      })}
    </div>
  );
}

function walk(key: string, { row, column }: Place, rows: number, columns: number): Place | undefined {
  switch (key) {
    case 'ArrowDown':
      return { row: Math.min(rows - 1, row + 1), column };
    case 'ArrowUp':
      return { row: Math.max(0, row - 1), column };
    case 'ArrowRight':
      return { row, column: Math.min(columns - 1, column + 1) };
    case 'ArrowLeft':
      return { row, column: Math.max(0, column - 1) };
    case 'PageDown':
      return { row: Math.min(rows - 1, row + 12), column };
    case 'PageUp':
      return { row: Math.max(0, row - 12), column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: columns - 1 };
    default:
      return undefined;
  }
}

/** Brings the active cell into view, beside the names and below the heads that stay where they are. */
function scrollTo(element: HTMLDivElement | null, { row, column }: Place, name: number, size: number): void {
  if (element?.matches(':focus') !== true) return;
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
  const [top, left] = [row * ROW, column * size];
  if (top < scrollTop) element.scrollTop = top;
  else if (top + ROW > scrollTop + clientHeight - HEAD) element.scrollTop = top + ROW + HEAD - clientHeight;
  if (left < scrollLeft) element.scrollLeft = left;
  else if (left + size > scrollLeft + clientWidth - name)
    element.scrollLeft = left + size + name - clientWidth;
}

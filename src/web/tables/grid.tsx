import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { Tooltip } from '../controls/tooltip.tsx';
import { formatCount, plural, shortTable } from '../format.ts';
import { indexes, rangeOf, useVisible } from '../hooks/layout.ts';
import { useDatanodes, useMatrix, usePage, usePageState, useWhen } from '../page/page.ts';
import { comparedOf, countsOf, offShare, shareOf, shareText, toneOf, totalOf } from './rows.ts';
import type { Fractions, TableRow } from './rows.ts';
import { scrollTo, walk } from './keyboard.ts';
import type { Place } from './keyboard.ts';

const ROW = 28;
const HEAD = 46;
/** For so many digits of an id or a number, and for more. */
const MIN_COLUMNS = [28, 28, 28, 34] as const;
const MIN_WIDE_COLUMN = 52;
const MAX_COLUMN = 128;
const MAX_NAME = 320;
/** Half a row shows that there are more. */
const MAX_HEIGHT = 14.5 * ROW + HEAD;

interface GridProps {
  readonly rows: readonly TableRow[];
  readonly columns: MatrixView['datanodes'];
  readonly fractions: Fractions;
}

/** Where the parts are, in pixels. */
interface Layout {
  /** Width of the names. */
  readonly name: number;
  /** Width of a column. */
  readonly size: number;
  /** The columns from left to right. */
  readonly order: readonly number[];
  /** Those in view, by their place. */
  readonly shown: readonly number[];
}

/** Draws only what is in view. One stop for the keyboard: the arrows walk over the cells, Enter explains the table. */
export function TableGrid({ rows, columns, fractions }: GridProps): JSX.Element {
  const page = usePage();
  const box = useRef<HTMLDivElement>(null);
  const room = useVisible(box).width;
  const scroller = useRef<HTMLDivElement>(null);
  const visible = useVisible(scroller);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const longest = useNameWidth(rows, room);
  const digits = usePageState(({ status }) => digitsOf(status?.datanodes ?? []));
  const least = MIN_COLUMNS[digits] ?? MIN_WIDE_COLUMN;
  const isWide = columns.length * least > room - longest - 2;
  const order = useOrder(columns, isWide);
  const size = Math.min(MAX_COLUMN, Math.max(least, Math.floor((room - longest - 2) / columns.length)));
  // What the columns leave is no gap beside them.
  const name = Math.max(longest, Math.min(room - 2 - columns.length * size, MAX_NAME));
  const shownRows = indexes(rangeOf(visible.top, visible.height - HEAD, ROW, rows.length));
  const shown = indexes(rangeOf(visible.left, visible.width - name, size, columns.length));
  const layout: Layout = { name, size, order, shown };
  const place: Place = {
    row: Math.min(active.row, rows.length - 1),
    column: Math.min(active.column, columns.length - 1),
  };
  // Cells are drawn once the size is known, and only where they can be seen.
  const isShown = shownRows.includes(place.row) && shown.includes(place.column);
  useEffect(
    () => scrollTo(scroller.current, place, { name, head: HEAD, row: ROW, column: size }),
    [place.row, place.column],
  );
  const open = ({ row }: Place): void => {
    const table = rows[row];
    if (table) page.open({ kind: 'details', what: 'table', id: table.id });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = walk(event.key, place, rows.length, columns.length);
    if (event.key !== 'Enter' && !next) return;
    // Also for Enter: what would follow it is a click on what has the keyboard by then, the new dialog's first button.
    event.preventDefault();
    if (next) setActive(next);
    else open(place);
  };
  const onClick = (event: Event): void => {
    const clicked = placeOf(event);
    if (!clicked) return;
    setActive({ ...clicked, column: Math.max(0, clicked.column) });
    open(clicked);
  };
  return (
    <div ref={box}>
      <div
        class="heat"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Regions of each table on each datanode"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={isShown ? `heat-${place.row}-${place.column}` : undefined}
        style={{ maxHeight: `${MAX_HEIGHT}px`, height: `${rows.length * ROW + HEAD + 2}px` }}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        <div
          class="heat-size"
          role="presentation"
          style={{ width: `${name + columns.length * size}px`, height: `${HEAD + rows.length * ROW}px` }}
        >
          <Heads columns={columns} layout={layout} />
          {shownRows.map((row) => (
            <Row
              key={rows[row]?.id}
              table={rows[row]!}
              fractions={fractions}
              index={row}
              layout={layout}
              activeColumn={row === place.row ? place.column : -1}
            />
          ))}
        </div>
      </div>
      <Tooltip of={scroller} thingAt={(event) => keyOf(placeOf(event))}>
        {(place) => (
          <CellText place={place} order={order} rows={rows} columns={columns} fractions={fractions} />
        )}
      </Tooltip>
      {isWide && (
        <p class="dim small">
          The most uneven datanodes first; scroll sideways for all {formatCount(columns.length)}.
        </p>
      )}
    </div>
  );
}

/** Names are read whole, as long as they leave most of the room to the numbers. */
function useNameWidth(rows: readonly TableRow[], room: number): number {
  const longest = useMemo(
    () =>
      rows.reduce(
        (length, { name, regions }) => Math.max(length, `${shortTable(name)}${formatCount(regions)}`.length),
        0,
      ),
    [rows],
  );
  return Math.round(Math.min(Math.max(118, 38 + longest * 7.6), room * 0.45, MAX_NAME));
}

function digitsOf(datanodes: StatusView['datanodes']): number {
  return datanodes.reduce(
    (most, { id, regions, regionsAfter }) =>
      Math.max(most, id.length, String(Math.max(regions, regionsAfter)).length),
    0,
  );
}

/** By id, or where they do not fit the most uneven first: as they were when the plan was made, so that they do not jump with every move. */
function useOrder(columns: MatrixView['datanodes'], isWide: boolean): readonly number[] {
  const { planId } = useMatrix();
  const when = useWhen();
  const datanodes = useDatanodes();
  return useMemo(() => {
    const order = columns.map((_, column) => column);
    if (!isWide) return order;
    const count = when === 'now' ? 'regions' : 'regionsAfter';
    const offOf = new Map(
      datanodes.map(({ id, state, share, [count]: led }) => [id, offShare(state, share, led)]),
    );
    const off = (column: number): number => offOf.get(columns[column] ?? '') ?? 0;
    return order.sort((a, b) => off(b) - off(a));
  }, [planId, columns.length, isWide, when]);
}

/** Column -1 is the name. */
function placeOf({ target }: Event): Place | null {
  const { row, column } = target instanceof HTMLElement ? target.dataset : {};
  return row === undefined || column === undefined ? null : { row: Number(row), column: Number(column) };
}

function keyOf(place: Place | null): string | null {
  return place && `${place.row} ${place.column}`;
}

function CellText({
  place,
  rows,
  columns,
  order,
  fractions,
}: GridProps & Pick<Layout, 'order'> & { readonly place: string }): JSX.Element | null {
  const when = useWhen();
  const [row, at] = place.split(' ').map(Number);
  const column = order[at ?? -1];
  const id = columns[column ?? -1];
  const { state = 'target' } = useDatanodes().find((datanode) => datanode.id === id) ?? {};
  const table = rows[row ?? -1];
  if (!table) return null;
  const time = when === 'now' ? 'now' : 'after the plan';
  if (column === undefined)
    return (
      <>
        <strong>{table.name}</strong>
        <span>{plural(totalOf(countsOf(table, when)), 'region')}</span>
      </>
    );
  const counts = countsOf(table, when);
  const compared = comparedOf(counts, fractions);
  const draining = table.regions - compared;
  return (
    <>
      <strong>
        {shortTable(table.name)} on datanode {id}
      </strong>
      <span>
        {plural(counts.get(column) ?? 0, 'region')} {time}
      </span>
      <span>{shareText(state, shareOf(table, fractions[column], compared), compared)}</span>
      {draining > 0 && state === 'target' && (
        <span>{plural(draining, 'region')} still on draining datanodes</span>
      )}
    </>
  );
}

/** The datanodes with the regions of all tables. */
function Heads({
  columns,
  layout: { name, size, order, shown },
}: {
  readonly columns: MatrixView['datanodes'];
  readonly layout: Layout;
}): JSX.Element {
  const when = useWhen();
  const datanodes = useDatanodes();
  const byId = new Map(datanodes.map((datanode) => [datanode.id, datanode]));
  return (
    <div class="heat-head" role="row" aria-rowindex={1}>
      <div class="heat-name" role="columnheader" aria-colindex={1} style={{ width: `${name}px` }}>
        <span>Table</span>
        <span>regions</span>
      </div>
      {shown.map((at) => {
        const id = columns[order[at] ?? -1] ?? '';
        const { state = 'target', regions = 0, regionsAfter = 0 } = byId.get(id) ?? {};
        return (
          <div
            key={id}
            class={`heat-node ${state}`}
            role="columnheader"
            aria-colindex={at + 2}
            title={state === 'target' ? undefined : state}
            style={{ left: `${name + at * size}px`, width: `${size}px` }}
          >
            {id}
            <small>{formatCount(when === 'now' ? regions : regionsAfter)}</small>
          </div>
        );
      })}
    </div>
  );
}

function Row({
  table,
  fractions,
  index,
  layout: { name, size, order, shown },
  activeColumn,
}: Pick<GridProps, 'fractions'> & {
  readonly table: TableRow;
  readonly index: number;
  readonly layout: Layout;
  readonly activeColumn: number;
}): JSX.Element {
  const when = useWhen();
  const counts = useMemo(() => countsOf(table, when), [table, when]);
  const compared = useMemo(() => comparedOf(counts, fractions), [counts, fractions]);
  return (
    <div class="heat-row" role="row" aria-rowindex={index + 2} style={{ top: `${HEAD + index * ROW}px` }}>
      <div class="heat-name" role="rowheader" aria-colindex={1} style={{ width: `${name}px` }}>
        <span data-row={index} data-column={-1}>
          {shortTable(table.name)}
        </span>
        <small>{formatCount(totalOf(counts))}</small>
      </div>
      {shown.map((at) => {
        const column = order[at] ?? -1;
        const count = counts.get(column) ?? 0;
        const tone = toneOf(count, shareOf(table, fractions[column], compared));
        return (
          <div
            key={column}
            id={`heat-${index}-${at}`}
            class={`heat-cell ${tone.className}${at === activeColumn ? ' active' : ''}`}
            role="gridcell"
            aria-colindex={at + 2}
            data-row={index}
            data-column={at}
            style={{
              left: `${name + at * size}px`,
              width: `${size}px`,
              '--strength': `${tone.percent}%`,
            }}
          >
            {count === 0 && tone.className === 'fair' ? '' : formatCount(count)}
          </div>
        );
      })}
    </div>
  );
}

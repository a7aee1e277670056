import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { formatCount, shortTable } from '../format.ts';
import { indexes, rangeOf, useVisible } from '../hooks/layout.ts';
import { usePage } from '../page/page.ts';
import { toneOf } from './rows.ts';
import type { HeatRow } from './rows.ts';
import { scrollTo, walk } from './walk.ts';
import type { Place } from './walk.ts';

const ROW = 28;
const HEAD = 32;
const MIN_COLUMN = 52;
const MAX_COLUMN = 96;
const MAX_HEIGHT = 14 * ROW + HEAD;

interface GridProps {
  readonly rows: readonly HeatRow[];
  readonly columns: MatrixView['datanodes'];
  readonly datanodes: StatusView['datanodes'];
}

/** Draws only what is in view. One stop for the keyboard: the arrows walk over the cells, Enter explains the table. */
export function TableGrid({ rows, columns, datanodes }: GridProps): JSX.Element {
  const page = usePage();
  const box = useRef<HTMLDivElement>(null);
  const room = useVisible(box).width;
  const scroller = useRef<HTMLDivElement>(null);
  const visible = useVisible(scroller);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const name = room < 560 ? 128 : 240;
  const size = Math.min(MAX_COLUMN, Math.max(MIN_COLUMN, Math.floor((room - name - 2) / columns.length)));
  const shownRows = indexes(rangeOf(visible.top, visible.height - HEAD, ROW, rows.length));
  const shownColumns = indexes(rangeOf(visible.left, visible.width - name, size, columns.length));
  const place: Place = {
    row: Math.min(active.row, rows.length - 1),
    column: Math.min(active.column, columns.length - 1),
  };
  const states = useMemo(() => new Map(datanodes.map(({ id, state }) => [id, state])), [datanodes]);
  useEffect(
    () => scrollTo(scroller.current, place, { name, head: HEAD, row: ROW, column: size }),
    [place.row, place.column],
  );
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

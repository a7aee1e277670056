import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { MatrixView, RegionsView } from '../../server/api/answers.ts';
import { Tooltip } from '../controls/tooltip.tsx';
import { formatBytes } from '../../lib/number.ts';
import { shortTable } from '../format.ts';
import { useMatrix, usePage, usePageState, useWhen } from '../page/page.ts';
import { CHOSEN, loadColour, PALE, tableColour } from './colours.ts';
import { Legend } from './legend.tsx';
import type { LegendKey } from './legend.tsx';
import { NodeLabel } from './node-label.tsx';
import { cellsByDatanode } from './region-cells.ts';
import type { Cell, ColourBy } from './region-cells.ts';

const GAP = 2;
const BETWEEN = 16;
const MAX_COLUMN = 176;
const MAX_HEIGHT = 280;
const SMALLEST = 4;
const LARGEST = 20;

/** The regions of each datanode, one square each. The keyboard reaches them through the list behind the datanode's name. */
export function CellColumns({
  regions,
  colourBy,
  width,
}: {
  readonly regions: RegionsView;
  readonly colourBy: ColourBy;
  /** In pixels, of all columns. */
  readonly width: number;
}): JSX.Element {
  const page = usePage();
  const matrix = useMatrix();
  const when = useWhen();
  const movingId = usePageState(({ status }) => status?.currentMove?.move.regionId);
  const list = useRef<HTMLUListElement>(null);
  const columns = useMemo(
    () => cellsByDatanode(regions.regions, matrix, when, colourBy),
    [regions, matrix, when, colourBy],
  );
  const hasChanges = [...columns.values()].some((cells) => cells.some(({ role }) => role !== 'stays'));
  const most = Math.max(1, ...[...columns.values()].map(({ length }) => length));
  const room = Math.min(MAX_COLUMN, width / matrix.datanodes.length) - BETWEEN;
  const { size, perRow } = gridFor(most, room);
  const cellAt = ({ target }: Event): Cell | null => {
    const { node, index } = target instanceof HTMLElement ? target.dataset : {};
    return columns.get(node ?? '')?.[Number(index)] ?? null;
  };
  const drawn = useMemo(
    () =>
      [...columns].map(([id, cells]) => (
        <li key={id} class="node-column">
          <div class="cells" aria-hidden="true" style={{ width: `${perRow * (size + GAP)}px` }}>
            {cells.map(({ region, colour, role }, index) => (
              <i
                key={`${region.id}${role}`}
                class={`cell ${role}${region.id === movingId ? ' moving' : ''}`}
                data-node={id}
                data-index={index}
                style={{ '--colour': colour }}
              />
            ))}
          </div>
          <NodeLabel id={id} />
        </li>
      )),
    [columns, size, perRow, movingId, when],
  );
  return (
    <>
      <ul
        ref={list}
        class="nodes"
        style={{ '--size': `${size}px` }}
        onClick={(event) => {
          const cell = cellAt(event);
          if (cell) page.open({ kind: 'details', what: 'region', id: cell.region.id });
        }}
      >
        {drawn}
      </ul>
      <Tooltip of={list} thingAt={cellAt}>
        {(cell) => <CellText cell={cell} />}
      </Tooltip>
      <Legend keys={[...(hasChanges ? CHANGES : []), ...keysOf(colourBy, matrix.tables)]} />
    </>
  );
}

const CHANGES: readonly LegendKey[] = [
  { look: 'leaves', text: 'leaves' },
  { look: 'comes', text: 'comes' },
];
const STEPS = [0, 1 / 16, 1 / 4, 9 / 16, 1];
const UNITS = { writeBytesPerSecond: ['written per second:', '/s'], diskBytes: ['on disk:', ''] } as const;

function keysOf(by: ColourBy, tables: MatrixView['tables']): readonly LegendKey[] {
  switch (by.kind) {
    case 'tables':
      return tables.map(({ name }, index) => ({ colour: tableColour(index), text: shortTable(name) }));
    case 'table': {
      const name = tables.find(({ id }) => id === by.id)?.name ?? by.id;
      return [
        { colour: CHOSEN, text: shortTable(name) },
        { colour: PALE, text: 'other tables' },
      ];
    }
    case 'load': {
      const [title, per] = UNITS[by.load.of];
      const textOf = (share: number): string => `${formatBytes(by.load.most * share)}${per}`;
      return [
        { text: title },
        ...STEPS.map((share) => ({ colour: loadColour(share), text: textOf(share) })),
        { colour: PALE, text: 'not known' },
      ];
    }
  }
}

/** The largest squares with which `most` of them fit into the room. Columns are taller than wide, so that they can be compared. */
function gridFor(most: number, room: number): { readonly size: number; readonly perRow: number } {
  const wanted = Math.max(4, Math.ceil(Math.sqrt(most)));
  for (let size = LARGEST; size > SMALLEST; size -= 1) {
    const perRow = Math.min(wanted, Math.max(1, Math.floor((room + GAP) / (size + GAP))));
    if (Math.ceil(most / perRow) * (size + GAP) <= MAX_HEIGHT) return { size, perRow };
  }
  return { size: SMALLEST, perRow: Math.max(1, Math.floor((room + GAP) / (SMALLEST + GAP))) };
}

function CellText({ cell: { region, role } }: { readonly cell: Cell }): JSX.Element {
  const table = useMatrix().tables.find(({ id }) => id === region.tableId)?.name ?? region.tableId;
  const { writeBytesPerSecond: written, diskBytes, target, leader } = region;
  return (
    <>
      <strong>{shortTable(table)}</strong>
      <span>{region.id}</span>
      {role === 'leaves' && <span>moves to datanode {target}</span>}
      {role === 'comes' && <span>comes from datanode {leader}</span>}
      {written !== null && <span>{formatBytes(written)}/s written</span>}
      {diskBytes !== null && <span>{formatBytes(diskBytes)} on disk</span>}
    </>
  );
}

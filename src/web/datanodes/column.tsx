import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MatrixView } from '../../server/api/answers.ts';
import type { When } from '../controls/choice.tsx';
import { formatBytes, shortTable } from '../format.ts';
import { usePage } from '../page/page.ts';
import type { Theme } from '../page/theme.ts';
import { cellAt, drawBar, drawCells } from './draw.ts';
import type { Bar, Grid } from './draw.ts';
import type { Cell } from './region-cells.ts';

/** The regions of one datanode, one square each. The keyboard reaches them through the list behind the datanode's name. */
export function CellColumn({
  cells,
  grid,
  matrix,
}: {
  readonly cells: readonly Cell[];
  readonly grid: Grid;
  readonly matrix: MatrixView;
}): JSX.Element {
  const page = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<{
    readonly cell: Cell;
    readonly x: number;
    readonly y: number;
  } | null>(null);
  useEffect(() => {
    if (canvas.current) drawCells(canvas.current, cells, grid);
  }, [cells, grid.size, grid.perRow]);
  const find = (event: MouseEvent): Cell | undefined => cellAt(cells, grid, event.offsetX, event.offsetY);
  const point = (event: MouseEvent): void => {
    const cell = find(event);
    if (cell?.region.id === pointed?.cell.region.id) return;
    setPointed(cell ? { cell, x: event.offsetX, y: event.offsetY } : null);
  };
  return (
    <div class="cells">
      <canvas
        ref={canvas}
        aria-hidden="true"
        onMouseMove={point}
        onMouseLeave={() => setPointed(null)}
        onClick={(event) => {
          const cell = find(event);
          if (cell) page.open({ kind: 'details', what: 'region', id: cell.region.id });
        }}
      />
      {pointed && (
        <div
          class="tip"
          style={{ left: `${Math.min(pointed.x, 40)}px`, bottom: `calc(100% - ${pointed.y - 12}px)` }}
        >
          <CellText cell={pointed.cell} matrix={matrix} />
        </div>
      )}
    </div>
  );
}

function CellText({
  cell: { region, role },
  matrix,
}: {
  readonly cell: Cell;
  readonly matrix: MatrixView;
}): JSX.Element {
  const table = matrix.tables.find(({ id }) => id === region.tableId)?.name ?? region.tableId;
  const { writeBytesPerSecond: written, diskBytes, target, leader } = region;
  return (
    <>
      <strong>{shortTable(table)}</strong>
      <span>{region.id}</span>
      {role === 'leaves' && <span>goes to {target}</span>}
      {role === 'comes' && <span>comes from {leader ?? 'nowhere'}</span>}
      {written !== null && <span>{formatBytes(written)}/s written</span>}
      {diskBytes !== null && <span>{formatBytes(diskBytes)} on disk</span>}
    </>
  );
}

export function BarColumn({
  bar,
  when,
  width,
  height,
  theme,
}: {
  readonly bar: Bar;
  readonly when: When;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) drawBar(canvas.current, bar, { when, theme }, { width, height });
  }, [bar.now, bar.after, bar.most, when, width, height, theme]);
  return (
    <div class="cells">
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}

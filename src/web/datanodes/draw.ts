import type { When } from '../controls/choice.tsx';
import type { Theme } from '../page/theme.ts';
import { BAR_COLOURS } from './colours.ts';
import type { Cell } from './region-cells.ts';

export interface Grid {
  readonly size: number;
  readonly perRow: number;
}

const GAP = 2;
const LARGEST = 20;

/** The largest cells with which `most` of them fit into the column. */
export function gridFor(most: number, width: number, height: number): Grid {
  // Taller than wide, so that columns can be compared.
  const wanted = Math.max(4, Math.ceil(Math.sqrt(most)));
  for (let size = LARGEST; size > 3; size -= 1) {
    const perRow = Math.min(wanted, Math.max(1, Math.floor((width + GAP) / (size + GAP))));
    if (Math.ceil(most / perRow) * (size + GAP) <= height) return { size, perRow };
  }
  return { size: 3, perRow: Math.max(1, Math.floor((width + GAP) / (3 + GAP))) };
}

export function heightOf(count: number, { size, perRow }: Grid): number {
  return Math.max(size, Math.ceil(count / perRow) * (size + GAP) - GAP);
}

/** Draws from the bottom up, so that columns can be compared like bars. */
export function drawCells(canvas: HTMLCanvasElement, cells: readonly Cell[], grid: Grid): void {
  const height = heightOf(cells.length, grid);
  const context = prepare(canvas, grid.perRow * (grid.size + GAP) - GAP, height);
  if (!context) return;
  const ink = getComputedStyle(canvas).color;
  for (const [index, cell] of cells.entries()) {
    const [x, y] = placeOf(index, grid, height);
    drawCell(context, cell, x, y, grid.size, ink);
  }
}

function placeOf(index: number, { size, perRow }: Grid, height: number): [x: number, y: number] {
  const row = Math.floor(index / perRow);
  return [(index % perRow) * (size + GAP), height - size - row * (size + GAP)];
}

function drawCell(
  context: CanvasRenderingContext2D,
  { colour, role, isMoving }: Cell,
  x: number,
  y: number,
  size: number,
  ink: string,
): void {
  const radius = size > 6 ? 2 : 0;
  context.fillStyle = colour;
  context.strokeStyle = isMoving ? ink : colour;
  context.lineWidth = isMoving ? 2 : 1.5;
  context.globalAlpha = role === 'leaves' ? 0.38 : 1;
  const inset = context.lineWidth / 2;
  if (role !== 'comes') {
    context.beginPath();
    context.roundRect(x, y, size, size, radius);
    context.fill();
  }
  context.globalAlpha = 1;
  if (role === 'stays' && !isMoving) return;
  context.beginPath();
  context.setLineDash(role === 'comes' && size > 5 ? [2, 2] : []);
  context.roundRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset, radius);
  context.stroke();
  context.setLineDash([]);
}

/** The cell at a place of the canvas. */
export function cellAt(cells: readonly Cell[], grid: Grid, x: number, y: number): Cell | undefined {
  const column = Math.floor(x / (grid.size + GAP));
  const row = Math.floor((heightOf(cells.length, grid) - y) / (grid.size + GAP));
  return column < grid.perRow && row >= 0 ? cells[row * grid.perRow + column] : undefined;
}

export interface Bar {
  readonly now: number;
  readonly after: number;
  /** Of the fullest datanode: the height of the column. */
  readonly most: number;
}

/** One bar: for clusters with too many regions to show each. What leaves is the top of it, what comes an outline above. */
export function drawBar(
  canvas: HTMLCanvasElement,
  { now, after, most }: Bar,
  { when, theme }: { readonly when: When; readonly theme: Theme },
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const context = prepare(canvas, width, height);
  if (!context || most === 0) return;
  const colours = BAR_COLOURS[theme];
  const y = (count: number): number => height - (count / most) * (height - 2);
  const stays = when === 'now' ? Math.min(now, after) : after;
  context.fillStyle = colours.stays;
  context.fillRect(0, y(stays), width, height - y(stays));
  if (when === 'after' || now === after) return;
  if (now > after) {
    context.fillStyle = colours.leaves;
    context.fillRect(0, y(now), width, y(after) - y(now));
    return;
  }
  context.strokeStyle = getComputedStyle(canvas).color;
  context.setLineDash([3, 3]);
  context.strokeRect(0.5, y(after) + 0.5, width - 1, y(now) - y(after));
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context?.scale(ratio, ratio);
  return context;
}

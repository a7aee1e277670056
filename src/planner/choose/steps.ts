import type { Counts, Tallies } from '../counts.ts';
import { ceilShare, floorShare } from '../../domain/quotas.ts';
import { isCountedHold } from '../problem.ts';
import type { Problem } from '../problem.ts';
import type { Relocation } from './choose.ts';

/** Relocations with all that their ranks depend on, by their index: each is ranked again and again. */
export interface Steps {
  readonly relocations: readonly Relocation[];
  readonly tallies: Tallies;
  /** 0: the region has to leave, and counts for no share. */
  readonly isCounted: Uint8Array;
  readonly source: Side;
  readonly target: Side;
  /** By node. */
  readonly isDraining: Uint8Array;
  readonly nodeFloor: Int32Array;
  readonly nodeCeil: Int32Array;
}

/** One side of each relocation: a handle of how many regions of the table are there, and the table's share. */
interface Side {
  readonly cell: Int32Array;
  readonly floor: Int32Array;
  readonly ceil: Int32Array;
}

/** A datanode that is no target has no bounds to violate. */
const NO_FLOOR = -1;
const NO_CEIL = 2 ** 31 - 1;

export function createSteps(problem: Problem, relocations: readonly Relocation[], counts: Counts): Steps {
  const { nodes, columnOf, hold } = problem;
  const size = relocations.length;
  const isCounted = new Uint8Array(size);
  const [source, target] = [createSide(size), createSide(size)];
  for (let index = 0; index < size; index += 1) {
    const { region, from, to } = relocations[index]!;
    if (isCountedHold(hold[region]!)) isCounted[index] = 1;
    lookAt(problem, counts, source, index, region, from);
    lookAt(problem, counts, target, index, region, to);
  }
  const isTarget = (node: number): boolean => columnOf[node] !== -1;
  return {
    relocations,
    tallies: counts.tallies,
    isCounted,
    source,
    target,
    isDraining: Uint8Array.from(nodes, ({ state }) => Number(state === 'draining')),
    nodeFloor: Int32Array.from(nodes, (_, node) =>
      isTarget(node) ? counts.nodeShare(node).floor : NO_FLOOR,
    ),
    nodeCeil: Int32Array.from(nodes, (_, node) => (isTarget(node) ? counts.nodeShare(node).ceil : NO_CEIL)),
  };
}

function createSide(size: number): Side {
  return {
    cell: new Int32Array(size),
    floor: new Int32Array(size).fill(NO_FLOOR),
    ceil: new Int32Array(size).fill(NO_CEIL),
  };
}

function lookAt(
  { tableOf, start, columnOf, weights, totalWeight }: Problem,
  counts: Counts,
  { cell, floor, ceil }: Side,
  index: number,
  region: number,
  node: number,
): void {
  const table = tableOf[region]!;
  cell[index] = counts.cell(table, node);
  const column = columnOf[node]!;
  if (column === -1) return;
  const regions = start[table + 1]! - start[table]!;
  floor[index] = floorShare(regions, weights[column]!, totalWeight);
  ceil[index] = ceilShare(regions, weights[column]!, totalWeight);
}

/** By how much the move would lower the table-spread violation (negative: raise it). */
export function tableGain({ isCounted, tallies, source, target }: Steps, index: number): number {
  if (isCounted[index] === 0) return 0;
  const less = gainOfLess(tallies.count[source.cell[index]!]!, source.floor[index]!, source.ceil[index]!);
  return less + gainOfMore(tallies.count[target.cell[index]!]!, target.floor[index]!, target.ceil[index]!);
}

/** The same for the node-spread violation. */
function nodeGain({ tallies, nodeFloor, nodeCeil }: Steps, { from, to }: Relocation): number {
  const less = gainOfLess(tallies.totals[from]!, nodeFloor[from]!, nodeCeil[from]!);
  return less + gainOfMore(tallies.totals[to]!, nodeFloor[to]!, nodeCeil[to]!);
}

function gainOfLess(count: number, floor: number, ceil: number): number {
  if (count > ceil) return 1;
  return count <= floor ? -1 : 0;
}

function gainOfMore(count: number, floor: number, ceil: number): number {
  if (count < floor) return 1;
  return count >= ceil ? -1 : 0;
}

export const HARMFUL = 0;
export const RANKS = 1 + 2 * 3 * 5;

/** Higher is better: draining first, then table spread mended (0 to 2), then node spread mended (-2 to 2). */
export function rankOf(steps: Steps, index: number): number {
  const gain = tableGain(steps, index);
  if (gain < 0) return HARMFUL;
  const move = steps.relocations[index]!;
  const drains = steps.isDraining[move.from]!;
  const byNode = steps.isCounted[index] === 0 ? 2 : nodeGain(steps, move) + 2;
  return 1 + (drains * 3 + gain) * 5 + byNode;
}

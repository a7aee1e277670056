import { sortFew } from '../../lib/sort.ts';
import { compareMoveCost, leadingMeasure } from './load.ts';
import type { LoadMeasure } from './load.ts';
import { matchRegions } from './matching.ts';
import type { Exchange } from './matching.ts';
import type { Problem } from '../problem.ts';
import type { Rows } from '../solve/rows.ts';

/** One region's change of leader, by region and node index. */
export interface Relocation {
  readonly region: number;
  readonly from: number;
  readonly to: number;
}

export interface Choice {
  readonly relocations: Relocation[];
  /** Rows in which followers forbid every way to reach the wanted numbers; they have no relocations. */
  readonly conflicts: readonly number[];
}

/**
 * Turns the wanted numbers into regions: of each table and source the cheapest regions to move, and of the targets the one
 * that carries least takes the heaviest of them. Rows in `skip` are left out.
 */
export function chooseRegions(problem: Problem, rows: Rows, skip: ReadonlySet<number>): Choice {
  const load = createNodeLoad(problem);
  const relocations: Relocation[] = [];
  const conflicts: number[] = [];
  const giveOf = new Int32Array(problem.nodes.length);
  const assign = (region: number, column: number): void => {
    const relocation = { region, from: problem.nodeOf[region]!, to: problem.columns[column]! };
    relocations.push(relocation);
    load.shift(relocation);
  };
  for (let row = 0; row < rows.count; row += 1) {
    if (skip.has(row)) continue;
    const exchange = exchangeOf(problem, rows, row, giveOf);
    if (exchange.takers.length === 0) continue;
    const hasFollowers = exchange.sources.some(({ regions }) =>
      regions.some((region) => (problem.snapshot.regions[region]!.followers?.length ?? 0) > 0),
    );
    if (!hasFollowers) {
      spreadLoad(problem, exchange, load, assign);
      continue;
    }
    const chosen = matchRegions(exchange);
    if (chosen) chosen.forEach((column, region) => assign(region, column));
    else conflicts.push(row);
  }
  return { relocations, conflicts };
}

/** Whether a region may be led by a column: not where one of its followers is. */
export function mayLead(problem: Problem, region: number, column: number): boolean {
  const { followers } = problem.snapshot.regions[region]!;
  return !followers?.includes(problem.nodes[problem.columns[column]!]!.id);
}

function exchangeOf(problem: Problem, rows: Rows, row: number, giveOf: Int32Array): Exchange {
  const takers: { column: number; lack: number }[] = [];
  for (let slot = rows.start[row]!; slot < rows.end[row]!; slot += 1) {
    const surplus = rows.have[slot]! - rows.want[slot]!;
    giveOf[problem.columns[rows.column[slot]!]!] = Math.max(0, surplus);
    if (surplus < 0) takers.push({ column: rows.column[slot]!, lack: -surplus });
  }
  sortFew(takers, (a, b) => a.column - b.column);
  const sources = takers.length === 0 ? [] : sourcesOf(problem, rows.table[row]!, giveOf);
  return { sources, takers, mayLead: (region, column) => mayLead(problem, region, column) };
}

/** @param giveOf how many regions each target's datanode gives; a draining one gives all that can leave. */
function sourcesOf(problem: Problem, table: number, giveOf: Int32Array): Exchange['sources'] {
  const { start, regionsOfTable, nodeOf, hold, columnOf } = problem;
  const byNode = new Map<number, number[]>();
  for (let index = start[table]!; index < start[table + 1]!; index += 1) {
    const region = regionsOfTable[index]!;
    const node = nodeOf[region]!;
    if (hold[region] !== 0 || (columnOf[node] !== -1 && giveOf[node] === 0)) continue;
    const regions = byNode.get(node);
    if (regions) regions.push(region);
    else byNode.set(node, [region]);
  }
  const all = problem.snapshot.regions;
  return sortFew([...byNode], ([a], [b]) => a - b).map(([node, regions]) => {
    sortFew(regions, (a, b) => compareMoveCost(all[a]!, all[b]!));
    if (columnOf[node] !== -1) return { regions, give: giveOf[node]! };
    const movable = regions.filter((region) => hasTarget(problem, region));
    return { regions: movable, give: movable.length };
  });
}

/** Whether any target may lead the region. */
export function hasTarget(problem: Problem, region: number): boolean {
  const { followers } = problem.snapshot.regions[region]!;
  if (!followers || followers.length === 0) return problem.columns.length > 0;
  return problem.columns.some((_, column) => mayLead(problem, region, column));
}

interface NodeLoad {
  readonly measure: LoadMeasure | undefined;
  readonly byNode: Float64Array;
  of(region: number): number;
  shift(relocation: Relocation): void;
}

function createNodeLoad(problem: Problem): NodeLoad {
  const { regions } = problem.snapshot;
  const measure = leadingMeasure(regions);
  const byNode = new Float64Array(problem.nodes.length);
  const of = (region: number): number =>
    measure === undefined ? 0 : (regions[region]!.load?.[measure] ?? 0);
  if (measure !== undefined) {
    for (let region = 0; region < regions.length; region += 1) {
      if (problem.nodeOf[region] !== -1) byNode[problem.nodeOf[region]!]! += of(region);
    }
  }
  return {
    measure,
    byNode,
    of,
    shift: ({ region, from, to }) => {
      byNode[from]! -= of(region);
      byNode[to]! += of(region);
    },
  };
}

/** Without followers any leaving region may go to any taker: the heaviest goes where least is carried for the weight. */
function spreadLoad(
  problem: Problem,
  { sources, takers }: Exchange,
  load: NodeLoad,
  assign: (region: number, column: number) => void,
): void {
  const leaving = sources.flatMap(({ regions, give }) => regions.slice(0, give));
  if (load.measure !== undefined) {
    const all = problem.snapshot.regions;
    sortFew(leaving, (a, b) => load.of(b) - load.of(a) || compareMoveCost(all[a]!, all[b]!));
  }
  const lack = takers.map((taker) => taker.lack);
  let next = 0;
  for (const region of leaving) {
    const taker =
      load.measure === undefined ? nextWithLack(lack, next) : leastLoaded(problem, takers, lack, load);
    assign(region, takers[taker]!.column);
    lack[taker]! -= 1;
    next = taker + 1;
  }
}

/** Round robin, so that the regions of one source go to many targets. */
function nextWithLack(lack: readonly number[], from: number): number {
  for (let offset = 0; offset < lack.length; offset += 1) {
    const taker = (from + offset) % lack.length;
    if (lack[taker]! > 0) return taker;
  }
  throw new Error('More regions leave than are lacking');
}

function leastLoaded(
  problem: Problem,
  takers: Exchange['takers'],
  lack: readonly number[],
  load: NodeLoad,
): number {
  let best = -1;
  let bestLoad = Infinity;
  takers.forEach(({ column }, taker) => {
    const carried = load.byNode[problem.columns[column]!]! / problem.weights[column]!;
    if (lack[taker]! > 0 && carried < bestLoad) {
      best = taker;
      bestLoad = carried;
    }
  });
  if (best === -1) throw new Error('More regions leave than are lacking');
  return best;
}

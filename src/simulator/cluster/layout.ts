import { UsageError } from '../../domain/errors.ts';
import type { Prng } from '../../lib/prng.ts';
import type { SimDatanode, SimTable, Workload } from './model.ts';
import type { RegionLoad, RegionLoads } from './region-loads.ts';
import { buildTable } from './state.ts';
import type { ClusterState, RegionPlacement } from './state.ts';

/**
 * `crowded`: the last datanode is empty and the first leads about half of everything; `random`: each region anywhere;
 * `balanced`: every table, and everything together, spread evenly.
 */
export type LayoutName = 'crowded' | 'random' | 'balanced';

export interface LayoutOptions {
  /** Datanodes 0 … n-1. Default 4. */
  readonly datanodes?: number;
  /** Mito tables. Default 12. */
  readonly tables?: number;
  /** Least and greatest number of regions of a table. Default 2 to 8. */
  readonly regionsPerTable?: readonly [number, number];
  /** Default `crowded`. */
  readonly layout?: LayoutName;
  /** Followers of each region, on other datanodes. Default 0. */
  readonly followers?: number;
  /** Physical metric-engine tables, each with three logical ones. Default 1. */
  readonly metricTables?: number;
  /** External (file engine) tables with one region. Default 0. */
  readonly fileTables?: number;
  /** Views. Default 1. */
  readonly views?: number;
  /** Adds `greptime_private.slow_queries` (one region). Default false. */
  readonly privateTables?: boolean;
  /** Id of the first table; above 2 097 151 region ids exceed 2^53. Default 1024. */
  readonly firstTableId?: number;
  /** Tables are dealt over these. Default `greptime`. */
  readonly catalogs?: readonly string[];
  /** How loads differ and change, as {@link RegionLoads} reads it. Default: each region has one of its own that never changes. */
  readonly loads?: string;
}

const LIMITS = { datanodes: 5_000, tables: 200_000, regions: 5_000_000 } as const;
const LOGICAL_PER_PHYSICAL = 3;
const WORDS = 'cpu memory disk network requests latency errors orders sensors traces'.split(' ');
const HISTORY_MS = 2 * 3_600_000;

/** Fills an empty cluster. @throws UsageError when a number is out of range. */
export function layOut(
  { state, loads }: { readonly state: ClusterState; readonly loads: RegionLoads },
  options: LayoutOptions,
  prng: Prng,
  nowMs: number,
): void {
  const count = inRange('datanodes', options.datanodes ?? 4, 1, LIMITS.datanodes);
  const tables = inRange('tables', options.tables ?? 12, 0, LIMITS.tables);
  const [least, most] = options.regionsPerTable ?? [2, 8];
  inRange('least regions per table', least, 1, most);
  inRange('regions', tables * most, 0, LIMITS.regions);
  for (let id = 0; id < count; id += 1) state.addDatanode(newDatanode(String(id), nowMs, prng));
  const place = placer(options, loads, [...state.datanodes.keys()], prng);
  const add = tableAdder(state, options, nowMs - HISTORY_MS);
  const regionCount = (): number => least + prng.int(most - least + 1);
  for (let index = 0; index < tables; index += 1) add(wordFor(index), 'mito', place(regionCount()));
  for (let index = 0; index < (options.metricTables ?? 1); index += 1) {
    const physical = add(`metrics_${index}`, 'metric', place(regionCount()));
    for (let logical = 0; logical < LOGICAL_PER_PHYSICAL; logical += 1)
      add(`metric_${index}_${logical}`, 'metric', [], physical);
  }
  for (let index = 0; index < (options.fileTables ?? 0); index += 1)
    add(`external_${index}`, 'file', place(1));
  if (options.privateTables) add('slow_queries', 'mito', place(1), null, 'greptime_private');
  for (let index = 0; index < (options.views ?? 1); index += 1) add(`view_${index}`, '', []);
  settle(state, nowMs);
}

/** The copies were there long before, so that statistics report them from the start. */
function settle(state: ClusterState, nowMs: number): void {
  for (const node of state.datanodes.values()) {
    node.changedAtMs = node.startedAtMs;
    node.flushed = null;
    for (const [region, copy] of node.copies)
      node.copies.set(region, { ...copy, openedAtMs: nowMs - HISTORY_MS });
  }
}

type TableAdder = (
  name: string,
  engine: SimTable['engine'],
  placements: readonly RegionPlacement[],
  physical?: SimTable | null,
  schema?: string,
) => SimTable;

function tableAdder(state: ClusterState, options: LayoutOptions, createdAtMs: number): TableAdder {
  const { catalogs = ['greptime'], firstTableId = 1_024 } = options;
  let nth = 0;
  return (name, engine, placements, physical = null, schema = 'public') => {
    const catalog = physical?.catalog ?? catalogs[nth % catalogs.length] ?? 'greptime';
    const id = firstTableId + nth++;
    const table = buildTable({ id, catalog, schema, name, engine, createdAtMs, physical, placements });
    state.addTable(table);
    return table;
  };
}

function placer(
  options: LayoutOptions,
  loads: RegionLoads,
  nodes: readonly string[],
  prng: Prng,
): (regions: number) => RegionPlacement[] {
  const chooseLeader = leaderChooser(options.layout ?? 'crowded', nodes, prng);
  const followers = Math.min(options.followers ?? 0, nodes.length - 1);
  return (regions) => {
    const load = loads.forTable();
    return Array.from({ length: regions }, () =>
      newPlacement(chooseLeader(), nodes, followers, () => load(prng)),
    );
  };
}

/** A region that `leader` leads. */
export function newPlacement(
  leader: string,
  nodes: readonly string[],
  followers: number,
  load: () => RegionLoad,
): RegionPlacement {
  const start = nodes.indexOf(leader);
  return {
    leader,
    followers: Array.from({ length: followers }, (_, index) => nodes[(start + 1 + index) % nodes.length]!),
    ...load(),
  };
}

function leaderChooser(layout: LayoutName, nodes: readonly string[], prng: Prng): () => string {
  if (layout === 'random') return () => prng.pick(nodes);
  if (layout === 'balanced') {
    let next = 0;
    return () => nodes[next++ % nodes.length]!;
  }
  const used = nodes.slice(0, Math.max(1, nodes.length - 1));
  return () => (prng.chance(0.5) ? used[0]! : prng.pick(used));
}

/** A datanode that has been running for about two hours. */
export function newDatanode(
  id: string,
  nowMs: number,
  prng: Prng | null,
  workload: Workload = 'hybrid',
): SimDatanode {
  const number = Number(BigInt(id) % 60_000n) + 10;
  const startedAtMs = prng ? nowMs - HISTORY_MS - prng.int(3_000) : nowMs;
  return {
    id,
    addr: `10.0.${Math.floor(number / 250)}.${number % 250}:4001`,
    hostname: `datanode-${id}`,
    workload,
    startedAtMs,
    diedAtMs: null,
    copies: new Map(),
    changedAtMs: startedAtMs,
    flushed: null,
  };
}

function wordFor(index: number): string {
  const word = WORDS[index % WORDS.length]!;
  return index < WORDS.length ? word : `${word}_${Math.floor(index / WORDS.length)}`;
}

/** The value itself. @throws UsageError when it is not a whole number from `least` to `most`. */
export function inRange(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`Simulated cluster: found ${value} ${what}, wanted ${least} to ${most}`);
}

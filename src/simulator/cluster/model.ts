import type { Column, Row } from '../sql/result-set.ts';
import type { RegionLoad } from './region-loads.ts';

/** The things a simulated cluster consists of. Region ids are kept as bigint and as text, never as a number. */

export interface SimRegion extends RegionLoad {
  /** u64: `table id << 32 | region number`. */
  readonly key: bigint;
  /** Decimal text of `key`. */
  readonly id: string;
  readonly table: SimTable;
  readonly number: number;
  /** Position in the table's route. */
  readonly index: number;
}

type LeaderState = 'downgrading' | 'staging';

/** One region's entry in a table route. Immutable: a change puts a new one in its place. */
export interface RegionRoute {
  readonly region: SimRegion;
  readonly leader: string | null;
  readonly followers: readonly string[];
  readonly state: LeaderState | null;
  readonly downSinceMs: number | null;
}

type TableKind = 'physical' | 'logical' | 'view';
/** A view has none. */
type TableEngine = 'mito' | 'metric' | 'file' | '';

export interface SimTable {
  readonly id: number;
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
  readonly engine: TableEngine;
  readonly kind: TableKind;
  readonly createdAtMs: number;
  /** As `create_options` tells them; among others they tell physical from logical tables of the metric engine. */
  readonly options: Readonly<Record<string, string>>;
  readonly comment: string | null;
  /** The table in whose regions a logical table lives. */
  readonly physical: SimTable | null;
  /** The tables that live in this one's regions. */
  readonly logicalTables: SimTable[];
  readonly partitionColumns: readonly string[];
  /** Empty for logical tables and views. The list is immutable; a change replaces it. */
  routes: readonly RegionRoute[];
  /** One more with every change of the route. */
  version: number;
  /** Of a table that was created over SQL: these alone hold rows. */
  stored: StoredTable | null;
}

export interface StoredTable {
  readonly columns: readonly Column[];
  /** The region that a row belongs to; undefined when no partition takes it. */
  readonly regionOf: (row: Row) => SimRegion | undefined;
  /** They lie in storage that all datanodes share. */
  readonly rows: Map<SimRegion, Row[]>;
}

export type RegionRole = 'Leader' | 'Follower' | 'StagingLeader' | 'DowngradingLeader';

/** As datanodes report them. */
export const ROLE_NAMES: Readonly<Record<RegionRole, string>> = {
  Leader: 'Leader',
  Follower: 'Follower',
  StagingLeader: 'Leader(Staging)',
  DowngradingLeader: 'Leader(Downgrading)',
};

/** A copy of a region that is open on a datanode. Immutable. */
export interface RegionCopy {
  readonly region: SimRegion;
  readonly role: RegionRole;
  readonly openedAtMs: number;
}

/** What a datanode is for, in the order of the numbers that stand for it on the wire. */
export const WORKLOADS = ['hybrid', 'ingest', 'query'] as const;
export type Workload = (typeof WORKLOADS)[number];

export interface SimDatanode {
  readonly id: string;
  readonly addr: string;
  readonly hostname: string;
  readonly workload: Workload;
  /** Start of the present life of the process; heartbeats go out every 3 s from here. */
  startedAtMs: number;
  /** When the process died; null while it lives. */
  diedAtMs: number | null;
  readonly copies: Map<SimRegion, RegionCopy>;
  /** When `copies` last changed. */
  changedAtMs: number;
  /** What `copies` held at the last flush of statistics, kept when it changed after that. */
  flushed: { readonly flushMs: number; readonly copies: readonly RegionCopy[] } | null;
}

/** The id of a region as GreptimeDB's error texts print it: `4398046511105(1024, 1)`. */
export function displayRegion(key: bigint): string {
  return `${key}(${key >> 32n}, ${key & 0xffff_ffffn})`;
}

/** `table id << 32 | number` */
export function regionKey(tableId: number, number: number): bigint {
  return (BigInt(tableId) << 32n) | BigInt(number);
}

/** What a region's copy has written and stored; a pure function of time, so that nothing has to be counted. */
export interface CopyLoad {
  readonly rows: number;
  readonly writtenBytes: number;
  readonly memtableBytes: number;
  readonly manifestBytes: number;
  readonly sstBytes: number;
  readonly sstCount: number;
  readonly indexBytes: number;
}

const MEMTABLE_FLUSH_BYTES = 64 * 1024 * 1024;
const BYTES_PER_ROW = 128;

/** The load of a copy at `atMs` (server time). Written bytes start at zero whenever a copy is opened. */
export function loadOf(copy: RegionCopy, atMs: number): CopyLoad {
  const { region } = copy;
  const isLeader = copy.role !== 'Follower';
  const writtenBytes = isLeader
    ? Math.floor(region.writtenBetween(copy.openedAtMs, Math.max(atMs, copy.openedAtMs)))
    : 0;
  const memtableBytes = writtenBytes % MEMTABLE_FLUSH_BYTES;
  const sstBytes = region.initialSstBytes + Math.floor((writtenBytes - memtableBytes) / 4);
  return {
    rows: Math.floor((sstBytes + memtableBytes) / BYTES_PER_ROW),
    writtenBytes,
    memtableBytes,
    manifestBytes: 2_048 + (region.index % 64),
    sstBytes,
    sstCount: 1 + Math.floor(sstBytes / MEMTABLE_FLUSH_BYTES),
    indexBytes: Math.floor(sstBytes / 16),
  };
}

import { z } from 'zod';
import type { LoadMeasure, LoadMemory } from '../domain/load.ts';
import { CYCLE_OUTCOME_CODES, type MoveReason } from '../domain/codes.ts';
import type { DatanodeId, ProcedureId, RegionId, TableId } from '../domain/ids.ts';
import type { LateOutcome, MoveRecord, MoveState } from '../domain/move.ts';
import { DATANODE_ROLES } from '../domain/policy.ts';
import type { DatanodeRest, DatanodeRole, Memory, RequestKind, Rest } from '../domain/policy.ts';
import type { Table } from '../domain/snapshot.ts';

/**
 * What the daemon must remember over its own death. Every method is synchronous; one that writes returns only after the
 * change is on disk. Any may throw an OperatingError (`state-full`, `state-io`, `state-corrupt`, `state-read-only` …): the
 * change was then not made at all. All times are ms since 1970.
 */
export interface Store extends IdentityStore, MoveStore, HoldStore, CycleStore, OperatorStore, LoadStore {
  /** The database file, or `:memory:`. */
  readonly location: string;
  /**
   * Why this process may not go on with this state, or undefined: its file or its lock was deleted or replaced, or another process has taken
   * it over. No cycle begins then, and no move gets on.
   */
  problem(): string | undefined;
  /** Leaves beside the lock where this process is reached, for the message of the next one that comes. */
  announce(url: string): void;
  /** All that `work` writes, in one durable transaction, or nothing of it. */
  atomically<T>(work: () => T): T;
  /**
   * Deletes what is older than the retention by the clock and by the time that was seen to pass, a bounded number of rows per call. What is
   * kept for the second reason is told once.
   */
  prune(nowMs: number): void;
  /** Releases files and lock. Further calls of any other method throw. */
  close(): void;
}

export interface IdentityStore {
  /**
   * Compares what was just read with what the state knows of its cluster, and remembers what is new. To be asked before anything is made
   * of the reading.
   *
   * @throws OperatingError `state-of-other-cluster`
   */
  checkCluster(seen: SeenCluster): void;
}

/** What identifies a cluster, as far as it is known. */
export interface SeenCluster {
  /** `cluster.name` */
  readonly name?: string | undefined;
  readonly tables?: readonly Pick<Table, 'id' | 'catalog' | 'schema' | 'name'>[];
  /** The number of the cluster at metasrv, before GreptimeDB 0.8. */
  readonly metasrvId?: number | undefined;
}

export interface MoveStore {
  /** Begins a move's life in state `planned` and gives it its id. */
  createMove(draft: MoveDraft): MoveRecord;
  /**
   * Changes one move, with all its consequences, in one durable transaction. The executor's state table decides which changes
   * are right; the store only makes sure that the move is in `change.expected` still.
   *
   * @throws Error when it is not: somebody else wrote it, which must not happen.
   */
  writeMove(change: MoveChange): MoveRecord;
  /** Notes that the region was first seen downgraded; keeps the earliest time. */
  markDowngraded(moveId: number, atMs: number): MoveRecord;
  /** Notes what became of a move that had timed out. @throws Error when it is not an unresolved timed-out move. */
  writeLateOutcome(moveId: number, late: LateOutcome, effects: MoveEffects): MoveRecord;
  /** Notes that a move was undone by somebody else. False when that was known. */
  markUndone(moveId: number, atMs: number): boolean;
  move(moveId: number): MoveRecord | undefined;
  /** Undefined when the move never got so far. */
  intentOf(moveId: number): MoveIntent | undefined;
  /** Moves of which something may still happen (see `isUnresolved`), the oldest first. */
  unresolvedMoves(): readonly MoveRecord[];
  /** The newest first. */
  listMoves(query: MoveQuery): readonly MoveRecord[];
  /** The newest move of the region that succeeded, be it late. */
  lastSuccess(regionId: RegionId): MoveRecord | undefined;
  /** Succeeded moves that ended at or after `sinceMs`, the oldest first, at most `limit`. */
  successesSince(sinceMs: number, limit: number): readonly MoveRecord[];
  /** Whether one of our moves is known to have been this procedure. */
  knowsProcedure(procedureId: ProcedureId): boolean;
  /** How many migrations were, or may have been, submitted at or after `sinceMs`. */
  countSubmissions(sinceMs: number): number;
  /** How many of our moves were undone at or after `sinceMs`, not counting what was known when a pause was last ended. */
  countUndone(sinceMs: number): number;
  /** How long the newest succeeded migrations took from submission to proof, in ms, the newest first. */
  recentDurationsMs(limit: number): readonly number[];
  /** Failed, rolled back and timed-out moves since the last success or {@link resetFailureRun}. */
  failureRun(): number;
  resetFailureRun(): void;
}

export type MoveDraft = Pick<
  MoveRecord,
  'planId' | 'cycleId' | 'regionId' | 'tableId' | 'table' | 'from' | 'to' | 'reason' | 'createdAtMs'
>;

export interface MoveChange {
  readonly moveId: number;
  readonly expected: MoveState;
  readonly state: MoveState;
  readonly atMs: number;
  readonly procedureId?: ProcedureId;
  readonly submittedAtMs?: number;
  /** With the intent: the region's procedures that the cluster listed right before. None of them is the one that will be asked for. */
  readonly knownBefore?: readonly ProcedureId[];
  /** The three belong to final states. */
  readonly cause?: string;
  readonly detail?: string;
  readonly endedAtMs?: number;
  readonly effects?: MoveEffects;
}

/** What the end of a move brings about beside itself, in the same transaction. */
export interface MoveEffects {
  /** The region rests until then. */
  readonly cooldownUntilMs?: number;
  /** Adds a failure to the region's quarantine, or lifts it. */
  readonly quarantine?: { readonly untilMs: number; readonly detail: string } | 'lift';
  /** What the move says of its source and its target: adds a failure to each, or forgets those of both. */
  readonly datanodes?: { readonly atMs: number; readonly detail: string } | 'forget';
  readonly failureRun?: 'add' | 'reset';
}

interface MoveIntent {
  readonly atMs: number;
  /** See {@link MoveChange.knownBefore}; absent where nothing was listed. */
  readonly knownBefore?: readonly ProcedureId[];
}

/** Which moves; what is not given does not matter. */
export interface MoveQuery {
  readonly limit: number;
  /** Only moves older than this one: the next page. */
  readonly beforeId?: number | undefined;
  readonly regionId?: RegionId | undefined;
  readonly cycleId?: number | undefined;
  readonly state?: MoveState | undefined;
  readonly reason?: MoveReason | undefined;
  readonly tableId?: TableId | undefined;
  /** A part of `catalog.schema.table`. */
  readonly table?: string | undefined;
  /** As source or target. */
  readonly datanodeId?: DatanodeId | undefined;
  /** Created at or after, and created before. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface HoldStore {
  /** The rests that are not over at `nowMs`, for the planner. */
  memory(nowMs: number): Memory;
  /** The end of the region's cooldown, when it is not over at `nowMs`. */
  cooldownUntil(regionId: RegionId, nowMs: number): number | undefined;
  releaseCooldown(regionId: RegionId): boolean;
  quarantineOf(regionId: RegionId): QuarantineRecord | undefined;
  /** Regions whose quarantine is not over at `nowMs`, by region id. */
  listQuarantine(nowMs: number): readonly QuarantineRecord[];
  /** Forgets the region's failures. False when there were none. */
  releaseQuarantine(regionId: RegionId): boolean;
  /**
   * Shortens every rest, and the pause, that would last longer from `nowMs` on than it may: it was written by a clock that was ahead, or for
   * a configuration of before. @returns how many.
   */
  limitHolds(limits: HoldLimits, nowMs: number): number;
  /** Writes these rests as another replica's store had them, all or none; those of other regions stay. */
  importHolds(rests: Holds): void;
  /** What is held against a datanode; undefined when nothing failed since the last success. */
  datanodeFailures(datanode: DatanodeId, role: DatanodeRole): DatanodeFailures | undefined;
  /** Datanodes whose rest is not over at `nowMs`, by id. */
  listDatanodeRests(nowMs: number): readonly DatanodeFailures[];
  /** Puts a datanode to rest that has failures, and acquits the regions and, if wanted, takes one back from the run of all failures. */
  restDatanode(rest: DatanodeRest, acquitted: readonly RegionId[], isExplained: boolean): void;
  /** Forgets what is held against the datanode, as source and as target. False when there was nothing. */
  releaseDatanode(datanode: DatanodeId): boolean;
}

/** The longest that a region, or a datanode, rests, in ms. A pause lasts as long as it was asked for. */
interface HoldLimits {
  readonly cooldownMs: number;
  readonly quarantineMs: number;
}

/** Regions at rest, as one replica leaves them to another. */
interface Holds {
  readonly cooldowns: readonly Rest[];
  readonly quarantine: readonly QuarantineRecord[];
  readonly datanodes: readonly DatanodeFailures[];
}

export const datanodeFailures = z
  .object({
    datanode: z.string(),
    role: z.enum(DATANODE_ROLES),
    untilMs: z.number(),
    /** In a row, since the last migration that succeeded. */
    failures: z.number(),
    /** When the first of them ended. */
    sinceMs: z.number(),
    detail: z.string(),
  })
  .readonly();
export type DatanodeFailures = z.infer<typeof datanodeFailures>;

export const quarantineRecord = z
  .object({
    regionId: z.string(),
    /** Failures since the last success; kept beyond `untilMs`, so that the next delay is longer. */
    failures: z.number(),
    untilMs: z.number(),
    detail: z.string(),
  })
  .readonly();
type QuarantineRecord = z.infer<typeof quarantineRecord>;

export interface CycleStore {
  /** Begins a cycle and gives it its id. */
  beginCycle(trigger: string, startedAtMs: number): number;
  endCycle(cycleId: number, end: CycleEnd): void;
  /** The newest first. */
  listCycles(limit: number, beforeId?: number): readonly CycleRecord[];
  /** Keeps how even the cluster was, for charts. */
  saveSample(sample: BalanceSample): void;
  /** What happened at or after `sinceMs` and before `untilMs`, in steps. The oldest first; steps without anything are left out. */
  history(range: {
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly stepMs: number;
  }): readonly HistoryStep[];
}

export const cycleEnd = z.object({
  endedAtMs: z.number(),
  outcome: z.enum(CYCLE_OUTCOME_CODES),
  moved: z.number(),
  detail: z.string(),
});
export type CycleEnd = Readonly<z.infer<typeof cycleEnd>>;

/** A cycle without `end` is running, or its process died. */
export interface CycleRecord {
  readonly id: number;
  readonly trigger: string;
  readonly startedAtMs: number;
  readonly end?: CycleEnd;
}

const amount = z.number().nullable().default(null);

/** Sums of what was done, the extremes of what was seen; null where nothing was. */
export const historyStep = z
  .object({
    /** When the step begins. */
    atMs: z.number(),
    /** Cycles that ended. */
    cycles: z.number(),
    failed: z.number(),
    /** Regions moved. */
    moved: z.number(),
    /** Migrations that failed, were rolled back or ran out of time. */
    failedMoves: z.number(),
    tableSkewMax: amount,
    nodeSkew: amount,
    /** Regions of the emptiest and of the fullest target. */
    least: amount,
    most: amount,
  })
  .readonly();
export type HistoryStep = z.infer<typeof historyStep>;

/** What is seen at one moment; `moved` since the sample before. */
export interface BalanceSample extends Pick<HistoryStep, 'atMs' | 'moved' | 'least' | 'most'> {
  readonly tableSkewMax: number;
  readonly nodeSkew: number;
}

export interface OperatorStore {
  /** The pause that holds at `nowMs`, if any. */
  pause(nowMs: number): PauseRecord | undefined;
  setPause(pause: PauseRecord): void;
  /** Ends the pause and forgets the run of failures and the moves undone so far. False when there was no pause. */
  clearPause(): boolean;
  /** Drains, or cordons, that were asked for while running, by datanode id. */
  requested(kind: RequestKind): readonly DatanodeRequest[];
  addRequest(kind: RequestKind, request: DatanodeRequest): void;
  /** False when there was none. */
  removeRequest(kind: RequestKind, datanode: DatanodeId): boolean;
  addAudit(entry: AuditEntry): void;
  /** The newest first. */
  listAudit(limit: number): readonly AuditEntry[];
}

export interface LoadStore {
  /** The trigger's memory of the last cycle; undefined before the first. */
  loadMemory(): LoadMemory | undefined;
  saveLoadMemory(memory: LoadMemory): void;
  /** The means of the regions' loads as they were last saved. */
  savedLoads(): SavedLoads | undefined;
  saveLoads(loads: SavedLoads): void;
}

export interface SavedLoads {
  readonly by: LoadMeasure;
  readonly ids: BigUint64Array<ArrayBuffer>;
  /** The same number of numbers for each region. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

export const pauseRecord = z
  .object({
    reason: z.string(),
    by: z.string(),
    atMs: z.number(),
    /** Null: until somebody resumes. */
    untilMs: z.number().nullable().default(null),
  })
  .readonly();
export type PauseRecord = z.infer<typeof pauseRecord>;

export const datanodeRequest = z
  .object({ datanode: z.string(), by: z.string(), atMs: z.number() })
  .readonly();
export type DatanodeRequest = z.infer<typeof datanodeRequest>;

/** Who did what to the rebalancer, and why. */
export const auditEntry = z
  .object({ atMs: z.number(), who: z.string(), what: z.string(), why: z.string() })
  .readonly();
type AuditEntry = z.infer<typeof auditEntry>;

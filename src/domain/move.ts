import { OUTCOME_CODES, OUTCOMES } from './codes.ts';
import type { MoveReason, Outcome } from './codes.ts';
import type { DatanodeId, ProcedureId, RegionId, TableId } from './ids.ts';

/** The states of a move, in the order of a good life, and then the final ones: how it ended. */
export const MOVE_STATES = [
  'planned',
  'checking',
  'intent-recorded',
  'submitted',
  'watching',
  'verifying',
  ...OUTCOME_CODES,
] as const;
export type MoveState = (typeof MOVE_STATES)[number];

export function isFinal(state: MoveState): state is Outcome {
  return state in OUTCOMES;
}

/** One move's life as it is stored and shown. Times in ms since 1970. */
export interface MoveRecord {
  /** Unique within the state folder: rises by one with each move. */
  readonly id: number;
  readonly planId: string;
  readonly cycleId: number;
  readonly regionId: RegionId;
  readonly tableId: TableId;
  readonly table: string;
  readonly from: DatanodeId;
  readonly to: DatanodeId;
  readonly reason: MoveReason;
  readonly state: MoveState;
  readonly procedureId?: ProcedureId;
  /** What happened, for a person; set when the state is final. */
  readonly detail?: string;
  /** A word of a closed list for what was recognised (see the executor), when the state is final. */
  readonly cause?: string;
  readonly createdAtMs: number;
  readonly submittedAtMs?: number;
  /** When the route first showed the region without a writable leader on our account. */
  readonly downgradedAtMs?: number;
  readonly endedAtMs?: number;
  /** What became of a migration that had run out of time, once it was found out. The state stays `timed_out`. */
  readonly late?: LateOutcome;
  /** When somebody else was seen to have taken the region back to `from`. */
  readonly undoneAtMs?: number;
}

/** How a migration that was asked for comes to its end. */
export const LATE_OUTCOMES = ['succeeded', 'failed', 'rolled_back'] as const satisfies readonly Outcome[];

export interface LateOutcome {
  readonly outcome: (typeof LATE_OUTCOMES)[number];
  readonly cause: string;
  readonly detail: string;
  readonly atMs: number;
}

/** Whether something of this move may still happen in the cluster: it has no end yet, or only ran out of time. */
export function isUnresolved(move: Pick<MoveRecord, 'state' | 'late'>): boolean {
  return !isFinal(move.state) || (move.state === 'timed_out' && move.late === undefined);
}

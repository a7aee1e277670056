import { z } from 'zod';
import { MOVE_REASON_CODES, OUTCOME_CODES, OUTCOMES } from './codes.ts';
import type { Outcome } from './codes.ts';

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

/** How a migration that was asked for comes to its end. */
export const LATE_OUTCOMES = ['succeeded', 'failed', 'rolled_back'] as const satisfies readonly Outcome[];

const lateOutcome = z
  .object({ outcome: z.enum(LATE_OUTCOMES), cause: z.string(), detail: z.string(), atMs: z.number() })
  .readonly();
export type LateOutcome = z.infer<typeof lateOutcome>;

/** One move's life as it is stored and shown. Times in ms since 1970. */
export const moveRecord = z
  .object({
    /** Unique within the state folder: rises by one with each move. */
    id: z.number(),
    planId: z.string(),
    cycleId: z.number(),
    regionId: z.string(),
    tableId: z.string(),
    table: z.string(),
    from: z.string(),
    to: z.string(),
    reason: z.enum(MOVE_REASON_CODES),
    state: z.enum(MOVE_STATES),
    procedureId: z.string().exactOptional(),
    /** What happened, for a person; set when the state is final. */
    detail: z.string().exactOptional(),
    /** A word of a closed list for what was recognised (see the executor), when the state is final. */
    cause: z.string().exactOptional(),
    createdAtMs: z.number(),
    submittedAtMs: z.number().exactOptional(),
    /** When the route first showed the region without a writable leader on our account. */
    downgradedAtMs: z.number().exactOptional(),
    endedAtMs: z.number().exactOptional(),
    /** What became of a migration that had run out of time, once it was found out. The state stays `timed_out`. */
    late: lateOutcome.exactOptional(),
    /** When somebody else was seen to have taken the region back to `from`. */
    undoneAtMs: z.number().exactOptional(),
  })
  .readonly();
export type MoveRecord = z.infer<typeof moveRecord>;

/** Whether a request to migrate may have left: the intent is stored before that. */
export function mayHaveBeenSent({ state }: Pick<MoveRecord, 'state'>): boolean {
  return state !== 'planned' && state !== 'checking';
}

/** Whether something of this move may still happen in the cluster: it has no end yet, or only ran out of time. */
export function isUnresolved(move: Pick<MoveRecord, 'state' | 'late'>): boolean {
  return !isFinal(move.state) || (move.state === 'timed_out' && move.late === undefined);
}

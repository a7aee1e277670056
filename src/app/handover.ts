import { z } from 'zod';
import { MOVE_REASON_CODES } from '../domain/codes.ts';
import { OperatingError } from '../domain/errors.ts';
import { MOVE_STATES, type MoveRecord } from '../domain/move.ts';
import type { Store } from '../store/port.ts';

const timeMs = z.number().int().nonnegative();
const idText = z.string().regex(/^\d{1,20}$/);

const moveSchema = z.object({
  planId: z.string(),
  regionId: idText,
  tableId: idText,
  table: z.string(),
  from: idText,
  to: idText,
  reason: z.enum(MOVE_REASON_CODES),
  state: z.enum(MOVE_STATES),
  procedureId: z.string().optional(),
  cause: z.string().optional(),
  detail: z.string().optional(),
  createdAtMs: timeMs,
  submittedAtMs: timeMs.optional(),
});
const pauseSchema = z.object({
  reason: z.string(),
  by: z.string(),
  atMs: timeMs,
  untilMs: timeMs.nullable(),
});
const drainSchema = z.object({ datanode: idText, by: z.string(), atMs: timeMs });

const handoverSchema = z.object({
  formatVersion: z.literal(1),
  by: z.string(),
  moves: z.array(moveSchema),
  pause: pauseSchema.nullable(),
  drains: z.array(drainSchema),
});

/** What a leader leaves beside the lock for its successor, whose state folder knows nothing of it. */
export type Handover = z.infer<typeof handoverSchema>;
export type HandedMove = z.infer<typeof moveSchema>;

/** More are never unresolved at a time: one is under way, and each that timed out had its fifteen minutes. */
const MAX_MOVES = 100;
const MAX_DETAIL = 300;

/**
 * What has to be known of this store: migrations that were, or may have been, asked for and have no known end; the pause; the drains.
 *
 * @throws OperatingError `handover-full` when there is more of it than a note can hold: nothing may be begun then.
 */
export function describeHandover(
  store: Pick<Store, 'unresolvedMoves' | 'pause' | 'drains'>,
  by: string,
  nowMs: number,
): Handover {
  const moves = store.unresolvedMoves().filter(({ state }) => state !== 'planned' && state !== 'checking');
  if (moves.length > MAX_MOVES) {
    throw new OperatingError(
      'handover-full',
      `What became of ${moves.length} migrations is not known; at most ${MAX_MOVES} can be handed to another replica`,
    );
  }
  return {
    formatVersion: 1,
    by,
    moves: moves.map(handMove),
    pause: store.pause(nowMs) ?? null,
    drains: [...store.drains()],
  };
}

function handMove(move: MoveRecord): HandedMove {
  const { planId, regionId, tableId, table, from, to, reason, state, createdAtMs } = move;
  const { procedureId, cause, detail, submittedAtMs } = move;
  return {
    ...{ planId, regionId, tableId, table, from, to, reason, state, createdAtMs },
    ...(procedureId !== undefined && { procedureId }),
    ...(cause !== undefined && { cause }),
    ...(detail !== undefined && { detail: detail.slice(0, MAX_DETAIL) }),
    ...(submittedAtMs !== undefined && { submittedAtMs }),
  };
}

/** @throws OperatingError `handover-invalid`: acting without knowing what it says could move a region twice. */
export function parseHandover(text: string): Handover {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = handoverSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path = [], message = 'no JSON' } = parsed.error.issues[0] ?? {};
  throw new OperatingError(
    'handover-invalid',
    `The note beside the lock is not understood (${path.join('.')}: ${message}); a newer version may have written it`,
  );
}

import { z } from 'zod';
import { MOVE_REASON_CODES } from '../../domain/codes.ts';
import { OperatingError } from '../../domain/errors.ts';
import { LATE_OUTCOMES, mayHaveBeenSent, MOVE_STATES, type MoveRecord } from '../../domain/move.ts';
import { DATANODE_ROLES } from '../../domain/policy.ts';
import { parsedOrUndefined } from '../../lib/json.ts';
import type { Store } from '../../store/port.ts';

/** More are never unresolved at a time: one is under way, and each that timed out had its fifteen minutes. */
const MAX_MOVES = 100;
const MAX_DETAIL = 300;
const MAX_ENDED = 100;
const MAX_ENDED_DETAIL = 100;
/** At most some 70 kB of a note. What is more is left out: a region that is moved too soon is a nuisance, no danger. */
export const MAX_COOLDOWNS = 1_000;
export const MAX_QUARANTINE = 200;
const MAX_DATANODES = 50;
const MAX_QUARANTINE_DETAIL = 100;

const upTo = (length: number) => z.string().transform((text) => text.slice(0, length));
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
  /** 0.1.0 wrote it with a hyphen. */
  state: z.preprocess((state) => (state === 'timed-out' ? 'timed_out' : state), z.enum(MOVE_STATES)),
  procedureId: z.string().optional(),
  cause: z.string().optional(),
  detail: upTo(MAX_DETAIL).optional(),
  createdAtMs: timeMs,
  submittedAtMs: timeMs.optional(),
});
const pauseSchema = z.object({
  reason: z.string(),
  by: z.string(),
  atMs: timeMs,
  untilMs: timeMs.nullable(),
});
/** Pairs and quadruples: there may be many. */
const cooldownSchema = z.tuple([idText, timeMs]);
const quarantineSchema = z.tuple([idText, timeMs, z.number().int().positive(), z.string()]);
const datanodeSchema = z.tuple([
  idText,
  z.enum(DATANODE_ROLES),
  timeMs,
  z.number().int().positive(),
  timeMs,
  z.string(),
]);
const requestSchema = z.object({ datanode: idText, by: z.string(), atMs: timeMs });

const endedSchema = moveSchema
  .pick({ regionId: true, from: true, to: true, createdAtMs: true })
  .extend({ outcome: z.enum(LATE_OUTCOMES), cause: z.string(), detail: upTo(MAX_ENDED_DETAIL) });

const handoverSchema = z.object({
  formatVersion: z.literal(1),
  by: z.string(),
  moves: z.array(moveSchema),
  /** Moves that came to an end, the newest first: another replica may have them as open still. Older notes have none. */
  ended: z.array(endedSchema).optional(),
  pause: pauseSchema.nullable(),
  drains: z.array(requestSchema),
  /** Older notes have none. */
  cordons: z.array(requestSchema).default([]),
  /** Region and end; the longest first. Older notes have neither. */
  cooldowns: z.array(cooldownSchema).optional(),
  /** Region, end, failures, detail; the longest first. */
  quarantine: z.array(quarantineSchema).optional(),
  /** Datanode, role, end, failures, since when, detail; the longest first. */
  datanodes: z.array(datanodeSchema).optional(),
});

/** What a leader leaves beside the lock for its successor, whose state folder knows nothing of it. */
export type Handover = z.infer<typeof handoverSchema>;
export type HandedMove = z.infer<typeof moveSchema>;
export type EndedMove = z.infer<typeof endedSchema>;

/**
 * What has to be known of this store: migrations that were, or may have been, asked for and have no known end; the pause; drains and cordons; and
 * which regions rest.
 *
 * @throws OperatingError `handover-full` when there is more of it than a note can hold: nothing may be begun then.
 */
export function describeHandover(store: Store, by: string, nowMs: number): Handover {
  const moves = store.unresolvedMoves().filter(mayHaveBeenSent);
  if (moves.length > MAX_MOVES) {
    throw new OperatingError(
      'handover-full',
      `What became of ${moves.length} migrations is not known; at most ${MAX_MOVES} can be handed to another replica`,
    );
  }
  return {
    formatVersion: 1,
    by,
    // What the schema does not name is left out.
    moves: moves.map((move) => moveSchema.parse(move)),
    ended: store.listMoves({ limit: MAX_ENDED }).flatMap(handEnd),
    pause: store.pause(nowMs) ?? null,
    drains: [...store.requested('drain')],
    cordons: [...store.requested('cordon')],
    cooldowns: longest(store.memory(nowMs).cooldowns, MAX_COOLDOWNS).map(({ regionId, untilMs }) => [
      regionId,
      untilMs,
    ]),
    quarantine: longest(store.listQuarantine(nowMs), MAX_QUARANTINE).map(
      ({ regionId, untilMs, failures, detail }) => [
        regionId,
        untilMs,
        failures,
        detail.slice(0, MAX_QUARANTINE_DETAIL),
      ],
    ),
    datanodes: longest(store.listDatanodeRests(nowMs), MAX_DATANODES).map(
      ({ datanode, role, untilMs, failures, sinceMs, detail }) => [
        ...([datanode, role, untilMs, failures, sinceMs] as const),
        detail.slice(0, MAX_QUARANTINE_DETAIL),
      ],
    ),
  };
}

function longest<R extends { readonly untilMs: number }>(rests: readonly R[], most: number): readonly R[] {
  return rests.toSorted((one, other) => other.untilMs - one.untilMs).slice(0, most);
}

function handEnd({ regionId, from, to, createdAtMs, state, cause, detail, late }: MoveRecord): EndedMove[] {
  const outcome = LATE_OUTCOMES.find((known) => known === (late?.outcome ?? state));
  if (outcome === undefined) return [];
  const end = { cause: late?.cause ?? cause ?? '', detail: late?.detail ?? detail ?? '' };
  return [endedSchema.parse({ regionId, from, to, createdAtMs, outcome, ...end })];
}

/** @throws OperatingError `handover-invalid`: acting without knowing what it says could move a region twice. */
export function parseHandover(text: string): Handover {
  const parsed = handoverSchema.safeParse(parsedOrUndefined(text));
  if (parsed.success) return parsed.data;
  const { path = [], message = 'no JSON' } = parsed.error.issues[0] ?? {};
  throw new OperatingError(
    'handover-invalid',
    `The note beside the lock is not understood (${path.join('.')}: ${message}); a newer version may have written it`,
  );
}

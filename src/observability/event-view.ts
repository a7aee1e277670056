import { z } from 'zod';
import { GATE_SEVERITY, MOVE_REASON_CODES } from '../domain/codes.ts';
import { id, record, timestamp, word } from '../domain/fields.ts';
import { MOVE_STATES } from '../domain/move.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Plan } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { EventOf, EventType } from './events.ts';
import { placeOf, progressOf } from './live-state.ts';
import type { LiveState } from './live-state.ts';

/** One event as log lines and the event stream show it: ids are decimal strings, times ISO 8601, snapshots and plans counts. */
export interface EventDescription {
  /** `warn`: somebody may have to act, if it lasts. `info`: cycles' results, moves' begins and ends. `debug`: the rest. */
  readonly level: Level;
  /** Static, so that lines of one kind can be found. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Level = 'debug' | 'info' | 'warn';

/** A move in JSON. */
export const moveViewSchema = record({
  id: id('move'),
  planId: z.string(),
  cycleId: id('cycle'),
  regionId: id('region'),
  tableId: id('table'),
  table: z.string(),
  from: id('datanode'),
  to: id('datanode'),
  reason: word(MOVE_REASON_CODES),
  state: word(MOVE_STATES),
  procedureId: z.string().nullable(),
  cause: z.string().nullable().describe('A word of a closed list for what was recognised.'),
  detail: z.string().nullable(),
  createdAt: timestamp,
  submittedAt: timestamp.nullable(),
  downgradedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
  late: record({
    outcome: word(['succeeded', 'failed', 'rolled_back']),
    cause: z.string(),
    detail: z.string(),
    at: timestamp,
  })
    .nullable()
    .describe('What became of a migration that had run out of time, once it was found out.'),
  undoneAt: timestamp.nullable().describe('When somebody else was seen to have taken the region back.'),
});
export type MoveView = z.infer<typeof moveViewSchema>;

export function toMoveView(move: MoveRecord): MoveView {
  const { planId, regionId, tableId, table, from, to, reason, state, late } = move;
  return {
    id: String(move.id),
    planId,
    cycleId: String(move.cycleId),
    ...{ regionId, tableId, table, from, to, reason, state },
    procedureId: move.procedureId ?? null,
    cause: move.cause ?? null,
    detail: move.detail ?? null,
    createdAt: isoTime(move.createdAtMs),
    submittedAt: isoOrNull(move.submittedAtMs),
    downgradedAt: isoOrNull(move.downgradedAtMs),
    endedAt: isoOrNull(move.endedAtMs),
    late: late
      ? { outcome: late.outcome, cause: late.cause, detail: late.detail, at: isoTime(late.atMs) }
      : null,
    undoneAt: isoOrNull(move.undoneAtMs),
  };
}

export function isoOrNull(atMs: number | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : isoTime(atMs);
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** How an event is told. @param state the one after the event. */
export function describeEvent<Type extends EventType>(
  event: EventOf<Type>,
  state: LiveState,
): EventDescription {
  return DESCRIPTIONS[event.type](event, state);
}

const DESCRIPTIONS: {
  readonly [Type in EventType]: (event: EventOf<Type>, state: LiveState) => EventDescription;
} = {
  'cycle-started': ({ cycleId, trigger }) => debug('cycle started', { cycleId: String(cycleId), trigger }),
  'tick-missed': ({ runningCycleId }) =>
    info('cycle skipped: one is still running', { runningCycleId: String(runningCycleId) }),
  'snapshot-taken': ({ cycleId, durationMs, snapshot }) =>
    debug('snapshot taken', { cycleId: String(cycleId), durationMs, ...sizeOf(snapshot) }),
  planned: ({ cycleId, durationMs, plan }) =>
    debug('plan made', { cycleId: String(cycleId), durationMs, ...summaryOf(plan) }),
  'gate-closed': ({ code, detail }) =>
    say(GATE_SEVERITY[code] === 'needs-person' ? 'warn' : 'debug', 'gate closed', { code, detail }),
  'move-started': ({ isResumed, move }, state) =>
    info(isResumed ? 'unfinished move watched again' : 'move started', {
      ...placeOf(progressOf(state)),
      move: toMoveView(move),
    }),
  'move-state': ({ previous, move }) => debug('move changed state', { previous, move: toMoveView(move) }),
  'move-finished': ({ durationMs, move }) =>
    say(levelOfEnd(move), 'move finished', { durationMs, move: toMoveView(move) }),
  'redundant-move': ({ move }) => warn('region moved back within its cooldown', { move: toMoveView(move) }),
  quarantined: ({ regionId, untilMs, failures, detail }) =>
    warn('region quarantined', { regionId, until: isoTime(untilMs), failures, detail }),
  'datanode-quarantined': ({ datanode, role, untilMs, failures, detail }) =>
    warn('datanode quarantined', { datanode, as: role, until: isoTime(untilMs), failures, detail }),
  'foreign-moves': ({ count, undone, detail }) =>
    say(undone > 0 ? 'warn' : 'info', 'regions moved by somebody else', { count, undone, detail }),
  recovered: ({ detail, move }) => info('unfinished move resolved', { detail, move: toMoveView(move) }),
  paused: ({ untilMs, reason, by }) => warn('paused', { until: isoOrNull(untilMs), reason, by }),
  resumed: ({ by }) => info('resumed', { by }),
  'drain-requested': ({ datanodes, by }) => info('drain requested', { datanodes, by }),
  'drain-ended': ({ datanodes, by }) => info('drain ended', { datanodes, by }),
  'cordon-requested': ({ datanodes, by }) => info('cordon requested', { datanodes, by }),
  'cordon-ended': ({ datanodes, by }) => info('cordon ended', { datanodes, by }),
  'quarantine-released': ({ what, by }) => info('quarantine released', { what, by }),
  'config-reloaded': ({ changes }) => info('configuration reloaded', { changes }),
  'config-refused': ({ detail }) => warn('configuration refused', { detail }),
  'cycle-finished': ({ cycleId, outcome, durationMs, moved, detail }) =>
    say(outcome === 'failed' || outcome === 'partial' ? 'warn' : 'info', 'cycle finished', {
      cycleId: String(cycleId),
      outcome,
      durationMs,
      moved,
      detail,
    }),
};

type Say = (message: string, fields: EventDescription['fields']) => EventDescription;
const debug: Say = (message, fields) => say('debug', message, fields);
const info: Say = (message, fields) => say('info', message, fields);
const warn: Say = (message, fields) => say('warn', message, fields);

function say(level: Level, message: string, fields: EventDescription['fields']): EventDescription {
  return { level, message, fields };
}

/** A move that no longer applied was rightly left alone: that is no failure. */
function levelOfEnd({ state }: MoveRecord): Level {
  return state === 'succeeded' || state === 'abandoned' ? 'info' : 'warn';
}

function sizeOf({ takenAt, datanodes, tables, regions }: Snapshot): EventDescription['fields'] {
  return { takenAt, datanodes: datanodes.length, tables: tables.length, regions: regions.length };
}

function summaryOf(plan: Plan): EventDescription['fields'] {
  const { planId, moves, minimumMoves, optimal, blocked, before, after } = plan;
  return {
    planId,
    moves: moves.length,
    minimumMoves,
    optimal,
    blocked: blocked.length,
    tableSkewMax: [before.tableSkewMax, after.tableSkewMax],
    nodeSkew: [before.nodeSkew, after.nodeSkew],
  };
}

import { z } from 'zod';
import { GATE_SEVERITY, MOVE_REASON_CODES } from '../domain/codes.ts';
import type { CycleOutcome } from '../domain/codes.ts';
import { id, timestamp, word } from '../domain/fields.ts';
import { MOVE_STATES } from '../domain/move.ts';
import type { LateOutcome, MoveRecord } from '../domain/move.ts';
import type { StampedEvent } from './events.ts';

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
export const moveViewSchema = z
  .object({
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
    cause: z.string().nullable().meta({ description: 'A word of a closed list for what was recognised.' }),
    detail: z.string().nullable(),
    createdAt: timestamp,
    submittedAt: timestamp.nullable(),
    downgradedAt: timestamp.nullable(),
    endedAt: timestamp.nullable(),
    late: z
      .object({
        outcome: word(['succeeded', 'failed', 'rolled_back']),
        cause: z.string(),
        detail: z.string(),
        at: timestamp,
      })
      .readonly()
      .nullable()
      .meta({ description: 'What became of a migration that had run out of time, once it was found out.' }),
    undoneAt: timestamp
      .nullable()
      .meta({ description: 'When somebody else was seen to have taken the region back.' }),
  })
  .readonly();
export type MoveView = z.infer<typeof moveViewSchema>;

export function toMoveView(move: MoveRecord): MoveView {
  return {
    id: String(move.id),
    planId: move.planId,
    cycleId: String(move.cycleId),
    regionId: move.regionId,
    tableId: move.tableId,
    table: move.table,
    from: move.from,
    to: move.to,
    reason: move.reason,
    state: move.state,
    procedureId: move.procedureId ?? null,
    cause: move.cause ?? null,
    detail: move.detail ?? null,
    createdAt: isoTime(move.createdAtMs),
    submittedAt: isoOrNull(move.submittedAtMs),
    downgradedAt: isoOrNull(move.downgradedAtMs),
    endedAt: isoOrNull(move.endedAtMs),
    late: move.late ? toLateView(move.late) : null,
    undoneAt: isoOrNull(move.undoneAtMs),
  };
}

function toLateView({ outcome, cause, detail, atMs }: LateOutcome): NonNullable<MoveView['late']> {
  return { outcome, cause, detail, at: isoTime(atMs) };
}

export function isoOrNull(atMs: number | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : isoTime(atMs);
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** How an event is told. */
export function describeEvent(event: StampedEvent): EventDescription {
  switch (event.type) {
    case 'cycle-started':
      return say('debug', 'cycle started', { cycleId: String(event.cycleId), trigger: event.trigger });
    case 'tick-missed':
      return say('info', 'cycle skipped: one is still running', {
        runningCycleId: String(event.runningCycleId),
      });
    case 'snapshot-taken':
      return say('debug', 'snapshot taken', snapshotFields(event));
    case 'planned':
      return say('debug', 'plan made', planFields(event));
    case 'gate-closed':
      return say(GATE_SEVERITY[event.code] === 'needs-person' ? 'warn' : 'debug', 'gate closed', {
        code: event.code,
        detail: event.detail,
      });
    case 'move-started':
      return say('info', event.isResumed ? 'unfinished move watched again' : 'move started', {
        position: event.position,
        total: event.total,
        move: toMoveView(event.move),
      });
    case 'move-state':
      return say('debug', 'move changed state', { previous: event.previous, move: toMoveView(event.move) });
    case 'move-finished':
      return say(levelOfEnd(event.move), 'move finished', {
        durationMs: event.durationMs,
        move: toMoveView(event.move),
      });
    case 'redundant-move':
      return say('warn', 'region moved back within its cooldown', { move: toMoveView(event.move) });
    case 'quarantined':
      return say('warn', 'region quarantined', {
        regionId: event.regionId,
        until: isoTime(event.untilMs),
        failures: event.failures,
        detail: event.detail,
      });
    case 'datanode-quarantined':
      return say('warn', 'datanode quarantined', {
        datanode: event.datanode,
        as: event.role,
        until: isoTime(event.untilMs),
        failures: event.failures,
        detail: event.detail,
      });
    case 'foreign-moves':
      return say(event.undone > 0 ? 'warn' : 'info', 'regions moved by somebody else', {
        count: event.count,
        undone: event.undone,
        detail: event.detail,
      });
    case 'recovered':
      return say('info', 'unfinished move resolved', { detail: event.detail, move: toMoveView(event.move) });
    case 'paused':
      return say('warn', 'paused', {
        until: isoOrNull(event.untilMs),
        reason: event.reason,
        by: event.by,
      });
    case 'resumed':
      return say('info', 'resumed', { by: event.by });
    case 'drain-requested':
      return say('info', 'drain requested', { datanodes: event.datanodes, by: event.by });
    case 'drain-ended':
      return say('info', 'drain ended', { datanodes: event.datanodes, by: event.by });
    case 'cordon-requested':
      return say('info', 'cordon requested', { datanodes: event.datanodes, by: event.by });
    case 'cordon-ended':
      return say('info', 'cordon ended', { datanodes: event.datanodes, by: event.by });
    case 'quarantine-released':
      return say('info', 'quarantine released', { what: event.what, by: event.by });
    case 'config-reloaded':
      return say('info', 'configuration reloaded', { changes: event.changes });
    case 'config-refused':
      return say('warn', 'configuration refused', { detail: event.detail });
    case 'cycle-finished':
      return say(levelOfCycle(event.outcome), 'cycle finished', {
        cycleId: String(event.cycleId),
        outcome: event.outcome,
        durationMs: event.durationMs,
        moved: event.moved,
        detail: event.detail,
      });
  }
}

function say(level: Level, message: string, fields: EventDescription['fields']): EventDescription {
  return { level, message, fields };
}

/** A move that no longer applied was rightly left alone: that is no failure. */
function levelOfEnd({ state }: MoveRecord): Level {
  return state === 'succeeded' || state === 'abandoned' ? 'info' : 'warn';
}

function levelOfCycle(outcome: CycleOutcome): Level {
  return outcome === 'failed' || outcome === 'partial' ? 'warn' : 'info';
}

function snapshotFields(
  event: Extract<StampedEvent, { type: 'snapshot-taken' }>,
): EventDescription['fields'] {
  const { takenAt, datanodes, tables, regions } = event.snapshot;
  return {
    cycleId: String(event.cycleId),
    durationMs: event.durationMs,
    takenAt,
    datanodes: datanodes.length,
    tables: tables.length,
    regions: regions.length,
  };
}

function planFields(event: Extract<StampedEvent, { type: 'planned' }>): EventDescription['fields'] {
  const { planId, moves, minimumMoves, optimal, blocked, before, after } = event.plan;
  return {
    cycleId: String(event.cycleId),
    durationMs: event.durationMs,
    planId,
    moves: moves.length,
    minimumMoves,
    optimal,
    blocked: blocked.length,
    tableSkewMax: [before.tableSkewMax, after.tableSkewMax],
    nodeSkew: [before.nodeSkew, after.nodeSkew],
  };
}

import type { LateOutcome, MoveRecord } from '../domain/move.ts';
import type { StampedEvent } from './events.ts';

/** One event as log lines and the event stream show it: ids are decimal strings, times ISO 8601, snapshots and plans counts. */
export interface EventDescription {
  /** Static, so that lines of one kind can be found. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A move in JSON. */
export interface MoveView {
  readonly id: string;
  readonly planId: string;
  readonly cycleId: string;
  readonly regionId: string;
  readonly tableId: string;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly reason: MoveRecord['reason'];
  readonly state: MoveRecord['state'];
  readonly procedureId: string | null;
  readonly cause: string | null;
  readonly detail: string | null;
  readonly createdAt: string;
  readonly submittedAt: string | null;
  readonly downgradedAt: string | null;
  readonly endedAt: string | null;
  /** What became of a migration that had run out of time, once it was found out. */
  readonly late: LateView | null;
  /** When somebody else was seen to have taken the region back. */
  readonly undoneAt: string | null;
}

export interface LateView {
  readonly outcome: LateOutcome['outcome'];
  readonly cause: string;
  readonly detail: string;
  readonly at: string;
}

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

function toLateView({ outcome, cause, detail, atMs }: LateOutcome): LateView {
  return { outcome, cause, detail, at: isoTime(atMs) };
}

export function isoOrNull(atMs: number | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : isoTime(atMs);
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The message and the fields of an event. */
export function describeEvent(event: StampedEvent): EventDescription {
  switch (event.type) {
    case 'cycle-started':
      return say('cycle started', { cycleId: String(event.cycleId), trigger: event.trigger });
    case 'tick-missed':
      return say('tick missed: a cycle is still running', { runningCycleId: String(event.runningCycleId) });
    case 'snapshot-taken':
      return say('snapshot taken', snapshotFields(event));
    case 'planned':
      return say('plan made', planFields(event));
    case 'gate-closed':
      return say('gate closed', { code: event.code, detail: event.detail });
    case 'move-started':
      return say(event.isResumed ? 'unfinished move followed further' : 'move started', {
        position: event.position,
        total: event.total,
        move: toMoveView(event.move),
      });
    case 'move-state':
      return say('move changed state', { previous: event.previous, move: toMoveView(event.move) });
    case 'move-finished':
      return say('move finished', { durationMs: event.durationMs, move: toMoveView(event.move) });
    case 'redundant-move':
      return say('region moved back within its cooldown', { move: toMoveView(event.move) });
    case 'quarantined':
      return say('region quarantined', {
        regionId: event.regionId,
        until: isoTime(event.untilMs),
        failures: event.failures,
        detail: event.detail,
      });
    case 'foreign-moves':
      return say('regions moved by somebody else', {
        count: event.count,
        undone: event.undone,
        detail: event.detail,
      });
    case 'recovered':
      return say('unfinished move resolved', { detail: event.detail, move: toMoveView(event.move) });
    case 'paused':
      return say('paused', {
        until: isoOrNull(event.untilMs),
        reason: event.reason,
        by: event.by,
      });
    case 'resumed':
      return say('resumed', { by: event.by });
    case 'drain-requested':
      return say('drain requested', { datanodes: event.datanodes, by: event.by });
    case 'drain-ended':
      return say('drain ended', { datanodes: event.datanodes, by: event.by });
    case 'quarantine-released':
      return say('quarantine released', { regionId: event.regionId, by: event.by });
    case 'config-reloaded':
      return say('configuration reloaded', { changes: event.changes });
    case 'config-refused':
      return say('configuration refused', { detail: event.detail });
    case 'cycle-finished':
      return say('cycle finished', {
        cycleId: String(event.cycleId),
        outcome: event.outcome,
        durationMs: event.durationMs,
        moved: event.moved,
        detail: event.detail,
      });
  }
}

function say(message: string, fields: Readonly<Record<string, unknown>>): EventDescription {
  return { message, fields };
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

import type { MoveRecord } from '../../domain/move.ts';
import { isCause } from '../../domain/causes.ts';
import { writeState } from '../../executor/states.ts';
import type { RequestKind } from '../../domain/policy.ts';
import type { DatanodeRequest, Store } from '../../store/port.ts';
import { MAX_COOLDOWNS, MAX_QUARANTINE, type HandedMove, type Handover } from './handover.ts';

/** Moves of other replicas belong to no cycle of ours. */
const NO_CYCLE = 0;
const SAME_REGION_LOOKED_AT = 100;

/**
 * Takes over what the last leader left: its unfinished migrations become ours to find out about, its pause, its drains and cordons, and the rests of
 * regions hold on.
 * Doing so again changes nothing. All of it or nothing: half a move would look as if nothing had been sent.
 *
 * @returns the moves that this store did not know.
 */
export function importHandover(store: Store, handover: Handover, nowMs: number): readonly MoveRecord[] {
  return store.atomically(() => {
    importPause(store, handover, nowMs);
    importRequests(store, 'drain', handover.drains);
    importRequests(store, 'cordon', handover.cordons);
    importHolds(store, handover, nowMs);
    return handover.moves
      .filter((move) => !isKnown(store, move))
      .map((move) => importMove(store, move, nowMs));
  });
}

/** Region, direction and the millisecond in which it was made: together they name a move across replicas. */
function isKnown(store: Store, { regionId, from, to, createdAtMs }: HandedMove): boolean {
  return store
    .listMoves({ regionId, limit: SAME_REGION_LOOKED_AT })
    .some((move) => move.from === from && move.to === to && move.createdAtMs === createdAtMs);
}

/**
 * As if we had recorded the intent at this moment: by a clock of ours, so that no difference between two machines' clocks can make us
 * believe that the request had its time to arrive.
 */
function importMove(store: Store, handed: HandedMove, nowMs: number): MoveRecord {
  const { planId, regionId, tableId, table, from, to, reason, createdAtMs } = handed;
  const draft = { planId, cycleId: NO_CYCLE, regionId, tableId, table, from, to, reason, createdAtMs };
  const planned = store.createMove(draft);
  const checking = writeState(store, planned, 'checking', nowMs);
  const intended = writeState(store, checking, 'intent-recorded', nowMs);
  if (handed.state === 'timed_out') return importTimedOut(store, intended, handed, nowMs);
  if (handed.procedureId === undefined) return intended;
  return writeState(store, intended, 'submitted', nowMs, {
    procedureId: handed.procedureId,
    submittedAtMs: Math.min(nowMs, handed.submittedAtMs ?? createdAtMs),
  });
}

/** It has had its time already: it is looked at now and then, and nothing waits for it. */
function importTimedOut(store: Store, intended: MoveRecord, handed: HandedMove, nowMs: number): MoveRecord {
  const { procedureId, cause = '', detail = 'It had timed out under the leader before.' } = handed;
  const known =
    procedureId === undefined
      ? intended
      : writeState(store, intended, 'submitted', nowMs, { procedureId, submittedAtMs: nowMs });
  const end = { cause: isCause(cause) ? cause : ('outcome-unknown' as const), detail };
  return writeState(store, known, 'timed_out', nowMs, { end });
}

function importPause(store: Store, { pause }: Handover, nowMs: number): void {
  const isOver = pause === null || (pause.untilMs !== null && pause.untilMs <= nowMs);
  if (!isOver) store.setPause(pause);
  else if (store.pause(nowMs)) store.clearPause();
}

function importRequests(store: Store, kind: RequestKind, requests: readonly DatanodeRequest[]): void {
  // Since when, and by whom, is what the note says.
  for (const { datanode } of store.requested(kind)) store.removeRequest(kind, datanode);
  for (const request of requests) store.addRequest(kind, request);
}

/** Their ends are by the last leader's wall clock: where the two differ, a region rests a little longer or shorter. */
function importHolds(store: Store, { cooldowns, quarantine, datanodes = [] }: Handover, nowMs: number): void {
  if (!cooldowns || !quarantine) return;
  const cooling = new Set(cooldowns.map(([regionId]) => regionId));
  const mayRelease = cooldowns.length < MAX_COOLDOWNS && quarantine.length < MAX_QUARANTINE;
  if (mayRelease) {
    const inQuarantine = new Set(quarantine.map(([regionId]) => regionId));
    for (const { regionId } of store.memory(nowMs).cooldowns)
      if (!cooling.has(regionId)) store.releaseCooldown(regionId);
    for (const { regionId } of store.listQuarantine(nowMs))
      if (!inQuarantine.has(regionId)) store.releaseQuarantine(regionId);
    const resting = new Set(datanodes.map(([datanode]) => datanode));
    for (const { datanode } of store.listDatanodeRests(nowMs))
      if (!resting.has(datanode)) store.releaseDatanode(datanode);
  }
  store.importHolds({
    cooldowns: cooldowns.map(([regionId, untilMs]) => ({ regionId, untilMs })),
    quarantine: quarantine.map(([regionId, untilMs, failures, detail]) => ({
      ...{ regionId, untilMs, failures, detail },
    })),
    datanodes: datanodes.map(([datanode, role, untilMs, failures, sinceMs, detail]) => ({
      ...{ datanode, role, untilMs, failures, sinceMs, detail },
    })),
  });
}

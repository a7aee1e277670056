import { mayHaveBeenSent, type MoveRecord } from '../../domain/move.ts';
import { isCause } from '../../domain/causes.ts';
import type { CauseCode } from '../../domain/causes.ts';
import { pathTo, writeState } from '../../executor/states.ts';
import type { RequestKind } from '../../domain/policy.ts';
import type { DatanodeRequest, Store } from '../../store/port.ts';
import { MAX_COOLDOWNS, MAX_QUARANTINE, type EndedMove, type HandedMove, type Handover } from './handover.ts';

/** Moves of other replicas belong to no cycle of ours. */
const NO_CYCLE = 0;
const SAME_REGION_LOOKED_AT = 100;

/**
 * Takes over what the last leader left: its unfinished migrations become ours to find out about, its pause, its drains and cordons, and the rests of
 * regions hold on.
 * Of our own open moves, those that it saw come to an end have that end, and count for nothing here: it has judged them.
 * Doing so again changes nothing. All of it or nothing: half a move would look as if nothing had been sent.
 *
 * @param self our own name: of what we wrote ourselves there is nothing to learn.
 */
export function importHandover(store: Store, handover: Handover, self: string, nowMs: number): ImportedMoves {
  return store.atomically(() => {
    importPause(store, handover, nowMs);
    importRequests(store, 'drain', handover.drains);
    importRequests(store, 'cordon', handover.cordons);
    importHolds(store, handover, nowMs);
    const settled = handover.by === self ? [] : settleOwnMoves(store, handover, nowMs);
    const imported = handover.moves
      .filter((move) => !isKnown(store, move))
      .map((move) => importMove(store, move, nowMs));
    return { imported, settled };
  });
}

/** The moves that this store did not know, and those of its own whose end it did not know. */
export interface ImportedMoves {
  readonly imported: readonly MoveRecord[];
  readonly settled: readonly MoveRecord[];
}

/** Region, direction and the millisecond in which it was made: together they name a move across replicas. */
type MoveName = Pick<HandedMove, 'regionId' | 'from' | 'to' | 'createdAtMs'>;

function isSame(one: MoveName, other: MoveName): boolean {
  return (
    one.regionId === other.regionId &&
    one.from === other.from &&
    one.to === other.to &&
    one.createdAtMs === other.createdAtMs
  );
}

function isKnown(store: Store, move: HandedMove): boolean {
  return store
    .listMoves({ regionId: move.regionId, limit: SAME_REGION_LOOKED_AT })
    .some((known) => isSame(known, move));
}

function settleOwnMoves(store: Store, { moves, ended = [] }: Handover, nowMs: number): readonly MoveRecord[] {
  return store
    .unresolvedMoves()
    .filter(mayHaveBeenSent)
    .filter((move) => !moves.some((open) => isSame(open, move)))
    .flatMap((move) => {
      const end = ended.find((other) => isSame(other, move));
      if (end) return [settle(store, move, end, nowMs)];
      return move.state === 'timed_out' ? [] : [setAside(store, move, nowMs)];
    });
}

function settle(
  store: Store,
  move: MoveRecord,
  { outcome, cause, detail }: EndedMove,
  nowMs: number,
): MoveRecord {
  const end = { cause: knownCause(cause), detail };
  if (move.state === 'timed_out')
    return store.writeLateOutcome(move.id, { outcome, ...end, atMs: nowMs }, {});
  const path = pathTo(move.state, outcome);
  const before = path.slice(0, -1).reduce((current, state) => writeState(store, current, state, nowMs), move);
  return writeState(store, before, outcome, nowMs, { end });
}

/** The other leader knows nothing of it any more. What the cluster shows by now may be the work of others: it is looked up, and counts for nothing. */
function setAside(store: Store, move: MoveRecord, nowMs: number): MoveRecord {
  const detail = 'Another replica led meanwhile, and its note does not name this move any more.';
  return writeState(store, move, 'timed_out', nowMs, { end: { cause: 'outcome-unknown', detail } });
}

/**
 * As if we had recorded the intent at this moment: by a clock of ours, so that no difference between two machines' clocks can make us
 * believe that the request had its time to arrive.
 */
function importMove(store: Store, handed: HandedMove, nowMs: number): MoveRecord {
  const { planId, regionId, tableId, table, from, to, reason, createdAtMs, procedureId } = handed;
  const draft = { planId, cycleId: NO_CYCLE, regionId, tableId, table, from, to, reason, createdAtMs };
  const checking = writeState(store, store.createMove(draft), 'checking', nowMs);
  const intended = writeState(store, checking, 'intent-recorded', nowMs);
  const hasTimedOut = handed.state === 'timed_out';
  const submittedAtMs = hasTimedOut ? nowMs : Math.min(nowMs, handed.submittedAtMs ?? createdAtMs);
  const known =
    procedureId === undefined
      ? intended
      : writeState(store, intended, 'submitted', nowMs, { procedureId, submittedAtMs });
  if (!hasTimedOut) return known;
  // It has had its time already: it is looked at now and then, and nothing waits for it.
  const { cause = '', detail = 'It had timed out under the leader before.' } = handed;
  return writeState(store, known, 'timed_out', nowMs, { end: { cause: knownCause(cause), detail } });
}

/** A newer release may know causes that this one does not. */
function knownCause(cause: string): CauseCode {
  return isCause(cause) ? cause : 'outcome-unknown';
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
  if (cooldowns.length < MAX_COOLDOWNS && quarantine.length < MAX_QUARANTINE) {
    const cooling = new Set(cooldowns.map(([regionId]) => regionId));
    for (const { regionId } of store.memory(nowMs).cooldowns)
      if (!cooling.has(regionId)) store.releaseCooldown(regionId);
    const inQuarantine = new Set(quarantine.map(([regionId]) => regionId));
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

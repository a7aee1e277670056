import type { CauseCode } from '../domain/causes.ts';
import type { Outcome } from '../domain/codes.ts';
import type { ProcedureId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { ProcedureReading, RegionProcedure, RegionReading } from '../greptimedb/port.ts';
import { SERVER_TIMES } from './options.ts';
import type { MoveEnd } from './states.ts';

/** What one look at the cluster found about a migration. `unread`: asked, and no usable answer came. */
export interface Evidence {
  readonly procedure: ProcedureReading | { readonly kind: 'no-id' } | { readonly kind: 'unread' };
  /** Procedures that hold this region now; asked for only where `procedure` tells too little. */
  readonly listed: readonly RegionProcedure[] | 'unsupported' | 'unread' | 'not-asked';
  /** The procedure, running or ended, that a request without an answer must have started. */
  readonly claimable?: ProcedureId;
  /** Not asked for while the procedure runs. */
  readonly region: RegionReading | { readonly kind: 'unread' } | { readonly kind: 'not-asked' };
}

/** What all looks so far add up to. Times on the monotonic clock. */
export interface WatchMemory {
  /** When the intent was recorded; before this process's start where the move is older. */
  readonly intentMs: number;
  /** When this watch began. */
  readonly sinceMs: number;
  readonly hasRead: boolean;
  readonly ended?: { readonly status: 'done' | 'failed'; readonly error?: string };
  /** Since when the cluster has not known the procedure. */
  readonly silentSinceMs?: number;
  /** Since when it has been certain that no migration of ours works on the region any more. */
  readonly quietSinceMs?: number;
  /** Since when the region has looked the same: `held.what` is the reading in short. */
  readonly held?: { readonly what: string; readonly sinceMs: number };
}

export interface Waiting {
  readonly kind: 'wait';
  /** `running`: something works on it. `downgraded`: the region has no writable leader. `unknown`: too little was read. */
  readonly on: 'running' | 'downgraded' | 'unknown';
  /** Whether the migration may still be going on in the server. */
  readonly mayStillRun: boolean;
  readonly detail: string;
}

/** What to make of a migration. */
export type Judgement =
  | Waiting
  | { readonly kind: 'claim'; readonly procedureId: ProcedureId }
  | { readonly kind: 'end'; readonly end: MoveEnd };

/** One more look at a migration. */
export interface Sighting {
  readonly move: Pick<MoveRecord, 'from' | 'to' | 'regionId' | 'state' | 'procedureId' | 'downgradedAtMs'>;
  /** For {@link remember}: from the looks before; for {@link judge}: with this one. */
  readonly memory: WatchMemory;
  readonly evidence: Evidence;
  /** On the monotonic clock. */
  readonly nowMs: number;
  /** See `serverWorstCaseMs`. */
  readonly worstCaseMs: number;
}

type Found = Extract<RegionReading, { kind: 'found' }>;

/** Adds one look to what is known. */
export function remember(sighting: Sighting): WatchMemory {
  const { memory, evidence, nowMs } = sighting;
  const { procedure, region } = evidence;
  const ended = procedure.kind === 'active' ? undefined : (endOf(procedure) ?? memory.ended);
  const isSilent = procedure.kind === 'not-found' || procedure.kind === 'unread';
  // A look that failed says nothing: what was known before it goes on to hold.
  const isUnread = region.kind === 'unread' || evidence.listed === 'unread';
  const what = region.kind === 'unread' ? memory.held?.what : summary(region);
  const next: WatchMemory = {
    intentMs: memory.intentMs,
    sinceMs: memory.sinceMs,
    hasRead: memory.hasRead || hasAnswer(evidence),
    ...(what !== undefined && {
      held: memory.held?.what === what ? memory.held : { what, sinceMs: nowMs },
    }),
    ...(ended && { ended }),
    ...(isSilent && { silentSinceMs: memory.silentSinceMs ?? nowMs }),
  };
  const isQuiet = isUnread
    ? memory.quietSinceMs !== undefined && procedure.kind !== 'active'
    : nothingRuns({ ...sighting, memory: next });
  return isQuiet ? { ...next, quietSinceMs: memory.quietSinceMs ?? nowMs } : next;
}

/** What to make of a migration, by the newest look and all before. Pure: the whole judgement of the executor is here. */
export function judge(sighting: Sighting): Judgement {
  const { move, memory, evidence } = sighting;
  const { procedure, listed, region } = evidence;
  if (procedure.kind === 'active')
    return running(`The procedure is ${procedure.status}${tail(procedure.error)}.`);
  if (move.state === 'intent-recorded' && evidence.claimable !== undefined) {
    return { kind: 'claim', procedureId: evidence.claimable };
  }
  const holder = typeof listed === 'string' ? undefined : listed.find((procedure) => procedure.active);
  if (holder) return running(`Procedure ${holder.procedureId} (${holder.type}) holds the region.`);
  if (region.kind === 'unread' || region.kind === 'not-asked' || listed === 'unread') {
    return wait('unknown', true, 'The cluster could not be read.');
  }
  const hasMoved = region.kind === 'found' && region.leader === move.to && region.status === 'alive';
  if (hasMoved && procedure.kind !== 'unread') return judgeMoved(sighting, region);
  if (isStillSilent(sighting)) {
    return wait('unknown', true, 'The cluster does not know the procedure (yet, or any more).');
  }
  if (hasMoved) return judgeMoved(sighting, region);
  const isQuiet = memory.quietSinceMs !== undefined;
  if (region.kind === 'gone') {
    const gone = failed('region-dropped', `Region ${move.regionId} has no route any more.`);
    return isHeld(sighting) ? gone : wait('unknown', !isQuiet, 'The region has no route.');
  }
  if (region.status !== 'alive' || region.leader === null) {
    return wait('downgraded', !isQuiet, `Region ${move.regionId} has no writable leader.`);
  }
  return judgeNotMoved(sighting, region);
}

function judgeMoved(sighting: Sighting, region: Found): Judgement {
  const { move, memory } = sighting;
  const place = `Datanode ${move.to} leads region ${move.regionId}`;
  const isConfirmed = isTold(sighting, region);
  if (isConfirmed && memory.ended?.status === 'failed') {
    return end(
      'succeeded',
      'failed-but-moved',
      `${place}, though the procedure failed${tail(memory.ended.error)}.`,
    );
  }
  if (isConfirmed) return end('succeeded', 'moved', `${place}.`);
  const mayStillRun = region.writableOn === undefined && memory.quietSinceMs === undefined;
  if (!isHeld(sighting)) {
    return wait('unknown', mayStillRun, `${place} by its route; nothing confirms that yet.`);
  }
  if (region.writableOn === undefined) return end('succeeded', 'moved', `${place}.`);
  return end('succeeded', 'moved-unconfirmed', `${place}; it has not confirmed that the region is writable.`);
}

/**
 * Whether a route that names the target can be believed at once. Datanodes themselves can; a route that may be cached only together with
 * a procedure that is Done, because the target may have led the region before, and a cache may not have heard of anything since.
 */
function isTold({ move, memory }: Sighting, region: Found): boolean {
  if (region.writableOn !== undefined) return region.writableOn.includes(move.to);
  return region.staleByAtMostMs === undefined || memory.ended?.status === 'done';
}

function judgeNotMoved(sighting: Sighting, region: Found): Judgement {
  const { move, memory } = sighting;
  const leader = region.leader ?? '';
  const isProved = region.writableOn?.includes(leader) === true && !region.writableOn.includes(move.to);
  if (memory.quietSinceMs === undefined)
    return wait('unknown', true, `Datanode ${leader} leads region ${move.regionId}; nothing was seen yet.`);
  if (!isProved && !isHeldAtRest(sighting)) {
    return wait(
      'unknown',
      false,
      `Datanode ${leader} leads region ${move.regionId}; this is read again to be sure.`,
    );
  }
  if (leader !== move.from) {
    return failed('moved-elsewhere', `Datanode ${leader} leads region ${move.regionId}, not ${move.to}.`);
  }
  return notMovedEnd(sighting);
}

/** The region stands where it stood, and nothing works on it any more: by which way did it stay? */
function notMovedEnd({ move, memory, evidence }: Sighting): Judgement {
  const stays = `Datanode ${move.from} still leads region ${move.regionId}`;
  if (memory.ended?.status === 'failed') {
    return end('rolled_back', 'rolled_back', `${stays}; the procedure failed${tail(memory.ended.error)}.`);
  }
  if (move.downgradedAtMs !== undefined) {
    return end('rolled_back', 'rolled_back', `${stays}, after it had been downgraded.`);
  }
  if (memory.ended) return failed('done-not-moved', `${stays}, though the procedure ended as Done.`);
  if (move.procedureId === undefined) {
    return failed('submit-unclear-not-started', `${stays}; the request never showed any effect.`);
  }
  if (evidence.procedure.kind === 'unsupported') {
    return failed('no-effect', `${stays}; the accepted migration never showed any effect.`);
  }
  return move.state === 'submitted' || move.state === 'intent-recorded'
    ? failed('procedure-not-registered', `${stays}; procedure ${move.procedureId} never became known.`)
    : failed('procedure-lost', `${stays}; procedure ${move.procedureId} is not known any more.`);
}

/** Whether it is certain that no migration of ours works on the region any more. */
function nothingRuns(sighting: Sighting): boolean {
  const { move, memory, nowMs } = sighting;
  const { procedure, listed, region } = sighting.evidence;
  if (procedure.kind === 'active' || listed === 'unread' || region.kind === 'unread') return false;
  if (typeof listed !== 'string' && listed.some((other) => other.active)) return false;
  if (memory.ended) return true;
  if (isStillSilent(sighting)) return false;
  if (procedure.kind === 'not-found') return true;
  // Not since the intent: that was an earlier process's, by a wall clock that may have jumped since.
  const watchedMs = nowMs - memory.sinceMs;
  if (watchedMs >= sighting.worstCaseMs) return true;
  if (typeof listed !== 'string') return watchedMs >= SERVER_TIMES.submitSettleMs;
  // Only the route can tell. A healthy leader that is not the source makes the server drop our request; a healthy source that had been
  // downgraded means that the server undid it.
  if (region.kind !== 'found' || region.status !== 'alive' || region.leader === null) return false;
  return region.leader !== move.from || move.downgradedAtMs !== undefined;
}

/** Not found proves nothing: registration comes after the id, and a new metasrv leader needs a moment. */
function isStillSilent({ memory, evidence, nowMs }: Sighting): boolean {
  const { kind } = evidence.procedure;
  if (kind !== 'not-found' && kind !== 'unread') return false;
  if (memory.ended) return false;
  return nowMs - (memory.silentSinceMs ?? nowMs) < SERVER_TIMES.forgottenGraceMs;
}

/** Whether the region has looked the same for longer than what shows it may lag behind. */
function isHeld({ memory, evidence, nowMs }: Sighting): boolean {
  return memory.held !== undefined && nowMs - memory.held.sinceMs >= holdMs(evidence);
}

function holdMs({ region }: Evidence): number {
  return Math.max(SERVER_TIMES.staleReadMs, region.kind === 'found' ? (region.staleByAtMostMs ?? 0) : 0);
}

/** Held since the migration can have changed nothing any more: what was read before that is no proof. */
function isHeldAtRest(sighting: Sighting): boolean {
  const { quietSinceMs } = sighting.memory;
  if (quietSinceMs === undefined) return false;
  return isHeld(sighting) && sighting.nowMs - quietSinceMs >= holdMs(sighting.evidence);
}

function endOf(procedure: Evidence['procedure']): WatchMemory['ended'] {
  if (procedure.kind !== 'ended') return undefined;
  return { status: procedure.status, ...(procedure.error !== undefined && { error: procedure.error }) };
}

function summary(region: Evidence['region']): string {
  return region.kind === 'found' ? `${region.leader ?? 'nobody'} ${region.status}` : region.kind;
}

function hasAnswer(evidence: Evidence): boolean {
  if (evidence.procedure.kind === 'active' || evidence.procedure.kind === 'ended') return true;
  return evidence.region.kind === 'found' || evidence.region.kind === 'gone';
}

function running(detail: string): Waiting {
  return wait('running', true, detail);
}

function wait(on: Waiting['on'], mayStillRun: boolean, detail: string): Waiting {
  return { kind: 'wait', on, mayStillRun, detail };
}

function end(state: Outcome, cause: CauseCode, detail: string): Judgement {
  return { kind: 'end', end: { state, cause, detail } };
}

function failed(cause: CauseCode, detail: string): Judgement {
  return end('failed', cause, detail);
}

/** Ends without a full stop: the sentence that it ends has its own. */
function tail(error: string | undefined): string {
  return error ? `: ${error.slice(0, 500).replace(/\.$/, '')}` : '';
}

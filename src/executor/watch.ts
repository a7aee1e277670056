import type { CauseCode } from '../domain/causes.ts';
import type { MoveRecord } from '../domain/move.ts';
import { sleep } from '../lib/clock.ts';
import { look, queryFor } from './evidence.ts';
import { advance, finish } from './journal.ts';
import { judge, remember, type Evidence, type Judgement, type Waiting, type WatchMemory } from './judge.ts';
import { pollDelayMs, serverWorstCaseMs, SERVER_TIMES, type ExecutorOptions } from './options.ts';
import type { ExecutorParts, OpenMove } from './port.ts';
import type { MoveEnd } from './states.ts';

export interface WatchOptions {
  /** Give up, leaving the move as it is, when the cluster has not answered once for so long. Default: never. */
  readonly patienceMs?: number;
  /** The cause to record when nothing is ever seen of the request. */
  readonly nothingSeenCause?: CauseCode;
}

export type WatchResult =
  | { readonly kind: 'ended'; readonly move: MoveRecord }
  /** Timed out, now or before; or left as it is because the cluster does not answer. */
  | ({ readonly kind: 'open' } & OpenMove);

/** One look further: the move as it stands now, and what to make of it. */
interface Step {
  readonly move: MoveRecord;
  readonly judgement: Judgement;
  readonly memory: WatchMemory;
  /** Why something could not be read. */
  readonly problem?: string;
}

/**
 * Follows a migration that was, or may have been, submitted: looks until the end is known or the time is over. A move that has timed out is
 * looked at once, and again only while nothing but time is missing to tell whether it may still run: a process that lives for one cycle would
 * never know otherwise. Who leads no more leaves it as it is: another replica may have seen its end, and moved the region again.
 *
 * @throws the signal's reason when it aborts; the move stays as it is.
 */
export async function followMove(
  parts: ExecutorParts,
  move: MoveRecord,
  signal: AbortSignal,
  watch: WatchOptions = {},
): Promise<WatchResult> {
  const { clock, options, watchMemories } = parts;
  for (let current = move; ;) {
    signal.throwIfAborted();
    const seen = await lookOnce(parts, current, signal);
    if (!seen) return open(current, { mayStillRun: true }, 'This replica leads no more.');
    const { judgement, memory } = seen;
    current = seen.move;
    if (judgement.kind === 'end') {
      watchMemories.delete(move.id);
      return { kind: 'ended', move: finish(parts, current, named(judgement.end, watch)) };
    }
    if (judgement.kind === 'claim') {
      const submittedAtMs = findIntentTime(parts, current);
      const { procedureId } = judgement;
      current = advance(parts, current, 'submitted', { procedureId, submittedAtMs });
      continue;
    }
    const givenUp = giveUp(parts, seen, judgement, watch);
    if (givenUp) return givenUp;
    const elapsedMs = clock.monotonicMs() - memory.intentMs;
    await sleep(clock, nextDelayMs(elapsedMs, current, memory, options), signal);
  }
}

/** Undefined when this replica leads no more. */
async function lookOnce(
  parts: ExecutorParts,
  move: MoveRecord,
  signal: AbortSignal,
): Promise<Step | undefined> {
  const { store, clock, standing, options, watchMemories } = parts;
  const intentAtMs = findIntentTime(parts, move);
  const before = memoryOf(parts, move, intentAtMs);
  const { evidence, problem } = await look(parts, queryFor(store, move, intentAtMs), signal);
  if (!standing().isLeader) return undefined;
  const seen = noteDowngrade(parts, move, evidence.region);
  const current = move.state === 'timed_out' ? seen : followStates(parts, seen, evidence, intentAtMs);
  const nowMs = clock.monotonicMs();
  const worstCaseMs = serverWorstCaseMs(options.replayTimeoutMs);
  const sighting = { move: current, memory: before, evidence, nowMs, worstCaseMs };
  const memory = remember(sighting);
  watchMemories.set(move.id, memory);
  const judgement = judge({ ...sighting, memory });
  return { move: current, judgement, memory, ...(problem !== undefined && { problem }) };
}

function memoryOf(
  { clock, watchMemories }: ExecutorParts,
  move: MoveRecord,
  intentAtMs: number,
): WatchMemory {
  const nowMs = clock.monotonicMs();
  const elapsedMs = Math.max(0, clock.now() - intentAtMs);
  return watchMemories.get(move.id) ?? { intentMs: nowMs - elapsedMs, sinceMs: nowMs, hasRead: false };
}

/** How long a watch lasts at least, so that a move of an earlier process gets a fair look: never longer than one may last. */
function graceMs({ pollIntervalMs, moveTimeoutMs }: ExecutorOptions): number {
  const { staleReadMs, forgottenGraceMs } = SERVER_TIMES;
  return Math.min(staleReadMs + forgottenGraceMs + 2 * pollIntervalMs, moveTimeoutMs);
}

function isOver({ clock, options }: ExecutorParts, waiting: Waiting, memory: WatchMemory): boolean {
  const nowMs = clock.monotonicMs();
  const elapsedMs = nowMs - memory.intentMs;
  if (elapsedMs < options.moveTimeoutMs || nowMs - memory.sinceMs < graceMs(options)) return false;
  const isAboutToEnd = waiting.on === 'unknown' && !waiting.mayStillRun;
  return !isAboutToEnd || elapsedMs >= options.moveTimeoutMs + graceMs(options);
}

/** Whether time alone will soon tell more about a move that has timed out. */
function isWorthAnotherLook(
  { clock, options }: ExecutorParts,
  { on, mayStillRun }: Waiting,
  { sinceMs, quietSinceMs }: WatchMemory,
): boolean {
  const nowMs = clock.monotonicMs();
  if (on === 'running') return false;
  if (mayStillRun) return nowMs - sinceMs < serverWorstCaseMs(options.replayTimeoutMs) + graceMs(options);
  return on === 'unknown' && nowMs - (quietSinceMs ?? sinceMs) < graceMs(options);
}

/** Why a move that has no end yet is not looked at any further now, if it is not. */
function giveUp(
  parts: ExecutorParts,
  { move, memory, problem }: Step,
  waiting: Waiting,
  { patienceMs }: WatchOptions,
): WatchResult | undefined {
  const watchedMs = parts.clock.monotonicMs() - memory.sinceMs;
  if (move.state === 'timed_out') {
    const goesOn =
      problem === undefined ? isWorthAnotherLook(parts, waiting, memory) : watchedMs < (patienceMs ?? 0);
    return goesOn ? undefined : open(move, waiting, problem ?? waiting.detail);
  }
  if (memory.hasRead || patienceMs === undefined) {
    return isOver(parts, waiting, memory) ? timeOut(parts, move, waiting, problem) : undefined;
  }
  if (watchedMs < patienceMs) return undefined;
  parts.watchMemories.delete(move.id);
  return open(move, { mayStillRun: true }, `The cluster does not answer: ${problem ?? waiting.detail}`);
}

function named(end: MoveEnd, { nothingSeenCause }: WatchOptions): MoveEnd {
  if (end.cause !== 'submit-unclear-not-started') return end;
  return { ...end, cause: nothingSeenCause ?? end.cause };
}

function open(move: MoveRecord, { mayStillRun }: Pick<Waiting, 'mayStillRun'>, detail: string): WatchResult {
  return { kind: 'open', move, mayStillRun, detail };
}

/** Often while something happens; calmly while only time can tell. */
function nextDelayMs(
  elapsedMs: number,
  move: MoveRecord,
  memory: WatchMemory,
  options: ExecutorOptions,
): number {
  const isPatient = memory.ended !== undefined || !memory.hasRead || move.procedureId === undefined;
  return isPatient ? options.pollIntervalMs : pollDelayMs(elapsedMs, options.pollIntervalMs);
}

function timeOut(
  parts: ExecutorParts,
  move: MoveRecord,
  waiting: Waiting,
  problem: string | undefined,
): WatchResult {
  const detail = problem === undefined ? waiting.detail : `${waiting.detail} ${problem}`;
  const ended = finish(parts, move, { state: 'timed_out', cause: timeoutCause(waiting), detail });
  return open(ended, waiting, detail);
}

function timeoutCause(waiting: Waiting): CauseCode {
  if (waiting.on === 'running') return 'still-running';
  if (waiting.on === 'unknown') return 'outcome-unknown';
  return waiting.mayStillRun ? 'still-running' : 'stuck-downgraded';
}

/** The region without a writable leader is the time in which writes to it fail: worth keeping when it began. */
function noteDowngrade(
  { store, clock }: ExecutorParts,
  move: MoveRecord,
  region: Evidence['region'],
): MoveRecord {
  const isNew = region.kind === 'found' && region.status === 'migrating' && move.downgradedAtMs === undefined;
  return isNew ? store.markDowngraded(move.id, clock.now()) : move;
}

/** Takes the move to the state that fits what was seen; see `TRANSITIONS` for what the states mean. */
function followStates(
  parts: ExecutorParts,
  move: MoveRecord,
  { procedure, region, claimable }: Evidence,
  intentAtMs: number,
): MoveRecord {
  const isActive = procedure.kind === 'active';
  if (move.state === 'intent-recorded') {
    const showsEffect =
      region.kind === 'found' &&
      (region.status === 'migrating' || (region.leader === move.to && region.status === 'alive'));
    if (!showsEffect || claimable !== undefined) return move;
    return advance(parts, move, 'watching', { submittedAtMs: intentAtMs });
  }
  if (move.state === 'submitted') {
    const isKnown = isActive || procedure.kind === 'ended' || procedure.kind === 'unsupported';
    return isKnown ? advance(parts, move, 'watching') : move;
  }
  if (move.state === 'watching' && procedure.kind === 'ended') return advance(parts, move, 'verifying');
  if (move.state === 'verifying' && isActive) return advance(parts, move, 'watching');
  return move;
}

/** When the request may have left, in ms since 1970. */
function findIntentTime({ store }: ExecutorParts, move: MoveRecord): number {
  return store.intentOf(move.id)?.atMs ?? move.createdAtMs;
}

import type { CauseCode } from '../domain/causes.ts';
import type { MoveRecord } from '../domain/move.ts';
import { sleep } from '../lib/clock.ts';
import type { Cluster } from '../greptimedb/port.ts';
import { look, queryFor, type Look } from './evidence.ts';
import type { Journal, JournalDependencies } from './journal.ts';
import { pollDelayMs, serverWorstCaseMs, type ExecutorOptions } from './options.ts';
import type { ExecutorDependencies, WatchMemories } from './port.ts';
import type { MoveEnd } from './states.ts';
import {
  judge,
  remember,
  type JudgeOptions,
  type Judgement,
  type Waiting,
  type WatchMemory,
} from './judge.ts';

export interface WatcherDependencies extends Omit<JournalDependencies, 'events'> {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly standing: ExecutorDependencies['standing'];
  readonly watchMemories?: WatchMemories;
}

export interface WatchOptions {
  /** Give up, leaving the move as it is, when the cluster has not answered once for so long. Default: never. */
  readonly patienceMs?: number;
  /** The cause to record when nothing is ever seen of the request. */
  readonly nothingSeenCause?: CauseCode;
}

export type WatchResult =
  | { readonly kind: 'ended'; readonly move: MoveRecord }
  /** Timed out, now or before; or left as it is because the cluster does not answer. */
  | {
      readonly kind: 'open';
      readonly move: MoveRecord;
      readonly mayStillRun: boolean;
      readonly detail: string;
    };

/** Follows migrations that were, or may have been, submitted. */
export interface Watcher {
  /**
   * Looks until the end is known or the time is over. A move that has timed out is looked at once, and again only while nothing but time
   * is missing to tell whether it may still run: a process that lives for one cycle would never know otherwise. Who leads no more leaves it
   * as it is: another replica may have seen its end, and moved the region again.
   *
   * @throws the signal's reason when it aborts; the move stays as it is.
   */
  follow(move: MoveRecord, signal: AbortSignal, options?: WatchOptions): Promise<WatchResult>;
}

/** One look further: the move as it stands now, and what to make of it. */
interface Step {
  readonly move: MoveRecord;
  readonly judgement: Judgement;
  readonly memory: WatchMemory;
  /** Why something could not be read. */
  readonly problem?: string;
}

export function createWatcher(options: ExecutorOptions, dependencies: WatcherDependencies): Watcher {
  const { cluster, store, journal, clock, standing } = dependencies;
  const worstCaseMs = serverWorstCaseMs(options.replayTimeoutMs);
  const limits: JudgeOptions = { ...options, worstCaseMs };
  /** How long a watch lasts at least, so that a move of an earlier process gets a fair look: never longer than one may last. */
  const graceMs = Math.min(
    options.staleReadMs + options.forgottenGraceMs + 2 * options.pollIntervalMs,
    options.moveTimeoutMs,
  );
  /** What was seen of moves that have no end yet: a handful at most. */
  const memories = dependencies.watchMemories ?? new Map<number, WatchMemory>();

  const memoryOf = (move: MoveRecord, intentAtMs: number): WatchMemory => {
    const nowMs = clock.monotonicMs();
    const elapsedMs = Math.max(0, clock.now() - intentAtMs);
    return memories.get(move.id) ?? { intentMs: nowMs - elapsedMs, sinceMs: nowMs, hasRead: false };
  };

  const step = async (move: MoveRecord, signal: AbortSignal): Promise<Step | undefined> => {
    const intentAtMs = findIntentTime(dependencies, move);
    const query = queryFor(store, move, intentAtMs, options);
    const before = memoryOf(move, intentAtMs);
    const { evidence, problem }: Look = await look({ cluster, store }, query, signal);
    if (!standing().isLeader) return undefined;
    const nowMs = clock.monotonicMs();
    const seen = noteDowngrade(journal, move, evidence.region);
    const current = move.state === 'timed_out' ? seen : followStates(journal, seen, evidence, intentAtMs);
    const memory = remember(current, before, evidence, nowMs, limits);
    memories.set(move.id, memory);
    const judgement = judge(current, memory, evidence, nowMs, limits);
    return { move: current, judgement, memory, ...(problem !== undefined && { problem }) };
  };

  const isOver = (waiting: Waiting, memory: WatchMemory): boolean => {
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - memory.intentMs;
    if (elapsedMs < options.moveTimeoutMs || nowMs - memory.sinceMs < graceMs) return false;
    const isAboutToEnd = waiting.on === 'unknown' && !waiting.mayStillRun;
    return !isAboutToEnd || elapsedMs >= options.moveTimeoutMs + graceMs;
  };

  /** Whether time alone will soon tell more about a move that has timed out. */
  const isWorthAnotherLook = (
    { on, mayStillRun }: Waiting,
    { sinceMs, quietSinceMs }: WatchMemory,
  ): boolean => {
    const nowMs = clock.monotonicMs();
    if (on === 'running') return false;
    if (mayStillRun) return nowMs - sinceMs < worstCaseMs + graceMs;
    return on === 'unknown' && nowMs - (quietSinceMs ?? sinceMs) < graceMs;
  };

  /** Why a move that has no end yet is not looked at any further now, if it is not. */
  const giveUp = (
    { move, memory, problem }: Step,
    waiting: Waiting,
    { patienceMs }: WatchOptions,
  ): WatchResult | undefined => {
    const watchedMs = clock.monotonicMs() - memory.sinceMs;
    if (move.state === 'timed_out') {
      const goesOn =
        problem === undefined ? isWorthAnotherLook(waiting, memory) : watchedMs < (patienceMs ?? 0);
      return goesOn ? undefined : open(move, waiting, problem ?? waiting.detail);
    }
    if (memory.hasRead || patienceMs === undefined) {
      return isOver(waiting, memory) ? timeOut(journal, move, waiting, problem) : undefined;
    }
    if (watchedMs < patienceMs) return undefined;
    memories.delete(move.id);
    const detail = `The cluster does not answer: ${problem ?? waiting.detail}`;
    return open(move, { mayStillRun: true }, detail);
  };

  return {
    async follow(move, signal, watch = {}) {
      for (let current = move; ;) {
        signal.throwIfAborted();
        const seen = await step(current, signal);
        if (!seen) return open(current, { mayStillRun: true }, 'This replica leads no more.');
        const { judgement, memory } = seen;
        current = seen.move;
        if (judgement.kind === 'end') {
          memories.delete(move.id);
          return { kind: 'ended', move: journal.finish(current, named(judgement.end, watch)) };
        }
        if (judgement.kind === 'claim') {
          const submittedAtMs = findIntentTime(dependencies, current);
          const { procedureId } = judgement;
          current = journal.advance(current, 'submitted', { procedureId, submittedAtMs });
          continue;
        }
        const givenUp = giveUp(seen, judgement, watch);
        if (givenUp) return givenUp;
        const elapsedMs = clock.monotonicMs() - memory.intentMs;
        await sleep(clock, nextDelayMs(elapsedMs, current, memory, options), signal);
      }
    },
  };
}

function named(end: MoveEnd, { nothingSeenCause }: WatchOptions): MoveEnd {
  if (end.cause !== 'submit-unclear-not-started') return end;
  return { ...end, cause: nothingSeenCause ?? end.cause };
}

function open(
  move: MoveRecord,
  { mayStillRun }: Pick<Waiting, 'mayStillRun'>,
  detail: string,
): Extract<WatchResult, { kind: 'open' }> {
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
  journal: Journal,
  move: MoveRecord,
  waiting: Waiting,
  problem: string | undefined,
): WatchResult {
  const detail = problem === undefined ? waiting.detail : `${waiting.detail} ${problem}`;
  return open(
    journal.finish(move, { state: 'timed_out', cause: timeoutCause(waiting), detail }),
    waiting,
    detail,
  );
}

function timeoutCause(waiting: Waiting): CauseCode {
  if (waiting.on === 'running') return 'still-running';
  if (waiting.on === 'unknown') return 'outcome-unknown';
  return waiting.mayStillRun ? 'still-running' : 'stuck-downgraded';
}

/** The region without a writable leader is the time in which writes to it fail: worth keeping when it began. */
function noteDowngrade(journal: Journal, move: MoveRecord, region: Look['evidence']['region']): MoveRecord {
  return region.kind === 'found' && region.status === 'migrating' ? journal.downgraded(move) : move;
}

/** Takes the move to the state that fits what was seen; see `TRANSITIONS` for what the states mean. */
function followStates(
  journal: Journal,
  move: MoveRecord,
  { procedure, region, claimable }: Look['evidence'],
  intentAtMs: number,
): MoveRecord {
  const isActive = procedure.kind === 'active';
  if (move.state === 'intent-recorded') {
    const showsEffect =
      region.kind === 'found' &&
      (region.status === 'migrating' || (region.leader === move.to && region.status === 'alive'));
    if (!showsEffect || claimable !== undefined) return move;
    return journal.advance(move, 'watching', { submittedAtMs: intentAtMs });
  }
  if (move.state === 'submitted') {
    const isKnown = isActive || procedure.kind === 'ended' || procedure.kind === 'unsupported';
    return isKnown ? journal.advance(move, 'watching') : move;
  }
  if (move.state === 'watching' && procedure.kind === 'ended') return journal.advance(move, 'verifying');
  if (move.state === 'verifying' && isActive) return journal.advance(move, 'watching');
  return move;
}

/** When the request may have left, in ms since 1970. */
function findIntentTime({ store }: Pick<WatcherDependencies, 'store'>, move: MoveRecord): number {
  return store.intentOf(move.id)?.atMs ?? move.createdAtMs;
}

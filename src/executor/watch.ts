import type { CauseCode } from '../domain/causes.ts';
import type { MoveRecord } from '../domain/move.ts';
import { sleep } from '../lib/clock.ts';
import type { Cluster } from '../greptimedb/port.ts';
import { look, queryFor, type Look } from './evidence.ts';
import type { Journal, JournalDependencies } from './journal.ts';
import { pollDelayMs, serverWorstCaseMs, type ExecutorOptions } from './options.ts';
import type { WatchMemories } from './port.ts';
import {
  judge,
  remember,
  type Verdict,
  type VerdictOptions,
  type Waiting,
  type WatchMemory,
} from './judge.ts';

export interface WatcherDependencies extends Omit<JournalDependencies, 'events'> {
  readonly cluster: Cluster;
  readonly journal: Journal;
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
  /** Looks until the end is known or the time is over. @throws the signal's reason when it aborts; the move stays as it is. */
  follow(move: MoveRecord, signal: AbortSignal, options?: WatchOptions): Promise<WatchResult>;
  /**
   * Looks at a move that has timed out, and records its late outcome when that shows. Looks again only while nothing but time is missing to
   * tell whether it may still run: a process that lives for one cycle would never know otherwise.
   *
   * @throws the signal's reason when it aborts; the move stays as it is.
   */
  followLate(
    move: MoveRecord,
    signal: AbortSignal,
    options: Pick<WatchOptions, 'patienceMs'>,
  ): Promise<WatchResult>;
}

/** One look further: the move as it stands now, and what to make of it. */
interface Step {
  readonly move: MoveRecord;
  readonly verdict: Verdict;
  readonly problem?: string;
}

export function createWatcher(options: ExecutorOptions, dependencies: WatcherDependencies): Watcher {
  const { cluster, store, journal, clock } = dependencies;
  const worstCaseMs = serverWorstCaseMs(options.replayTimeoutMs);
  const limits: VerdictOptions = { ...options, worstCaseMs };
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

  const step = async (move: MoveRecord, signal: AbortSignal): Promise<Step> => {
    const intentAtMs = findIntentTime(dependencies, move);
    const query = queryFor(store, move, intentAtMs, options);
    const before = memoryOf(move, intentAtMs);
    const { evidence, problem }: Look = await look({ cluster, store }, query, signal);
    const nowMs = clock.monotonicMs();
    const seen = noteDowngrade(journal, move, evidence.region);
    const current = move.state === 'timed-out' ? seen : followStates(journal, seen, evidence, intentAtMs);
    const memory = remember(current, before, evidence, nowMs, limits);
    memories.set(move.id, memory);
    const verdict = judge(current, memory, evidence, nowMs, limits);
    return { move: current, verdict, ...(problem !== undefined && { problem }) };
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

  const follow = async (
    move: MoveRecord,
    signal: AbortSignal,
    watch: WatchOptions = {},
  ): Promise<WatchResult> => {
    let current = move;
    for (;;) {
      signal.throwIfAborted();
      const { move: seen, verdict, problem } = await step(current, signal);
      current = seen;
      const memory = memories.get(move.id)!;
      if (verdict.kind === 'end') {
        memories.delete(move.id);
        const isUnseen = verdict.end.cause === 'submit-unclear-not-started';
        const cause = isUnseen ? (watch.nothingSeenCause ?? verdict.end.cause) : verdict.end.cause;
        return { kind: 'ended', move: journal.finish(current, { ...verdict.end, cause }) };
      }
      if (verdict.kind === 'claim') {
        const submittedAtMs = findIntentTime(dependencies, current);
        current = journal.advance(current, 'submitted', { procedureId: verdict.procedureId, submittedAtMs });
        continue;
      }
      if (isOver(verdict, memory) && (memory.hasRead || watch.patienceMs === undefined)) {
        return timeOut(journal, current, verdict, problem);
      }
      const watchedMs = clock.monotonicMs() - memory.sinceMs;
      if (!memory.hasRead && watch.patienceMs !== undefined && watchedMs >= watch.patienceMs) {
        memories.delete(move.id);
        const detail = `The cluster does not answer: ${problem ?? verdict.detail}`;
        return { kind: 'open', move: current, mayStillRun: true, detail };
      }
      const elapsedMs = clock.monotonicMs() - memory.intentMs;
      await sleep(clock, nextDelayMs(elapsedMs, current, memory, options), signal);
    }
  };

  return {
    follow,
    async followLate(move, signal, { patienceMs = 0 }) {
      for (let current = move; ;) {
        signal.throwIfAborted();
        const { move: seen, verdict, problem } = await step(current, signal);
        current = seen;
        if (verdict.kind === 'end') {
          memories.delete(move.id);
          return { kind: 'ended', move: journal.finishLate(seen, verdict.end) };
        }
        if (verdict.kind === 'claim') throw new Error(`Move ${move.id} has timed out and adopts nothing`);
        const memory = memories.get(move.id)!;
        const goesOn =
          problem === undefined
            ? isWorthAnotherLook(verdict, memory)
            : clock.monotonicMs() - memory.sinceMs < patienceMs;
        if (!goesOn) {
          const detail = problem ?? verdict.detail;
          return { kind: 'open', move: seen, mayStillRun: verdict.mayStillRun, detail };
        }
        await sleep(clock, options.pollIntervalMs, signal);
      }
    },
  };
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
  const ended = journal.finish(move, { state: 'timed-out', cause: timeoutCause(waiting), detail });
  return { kind: 'open', move: ended, mayStillRun: waiting.mayStillRun, detail };
}

function timeoutCause(waiting: Waiting): CauseCode {
  if (waiting.on === 'running') return 'still-running';
  if (waiting.on === 'unknown') return 'no-verdict';
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
  const intent = store.transitionsOf(move.id).find((transition) => transition.to === 'intent-recorded');
  return intent?.atMs ?? move.createdAtMs;
}

import { describeError, OperatingError } from '../domain/errors.ts';
import { deadlineSignal, sleep, type Clock } from '../lib/clock.ts';
import type { ElectionTiming, LeaderElection, Lock, LockReading } from './port.ts';

export interface ElectionOptions extends ElectionTiming {
  /** The name of this replica, as the others see it. */
  readonly identity: string;
}

export interface ElectionDependencies {
  readonly lock: Lock;
  readonly clock: Clock;
  /** A number in [0, 1), so that replicas do not all ask at once. */
  readonly random: () => number;
  /** Told when the lock's server begins to fail, and when it answers again. */
  readonly onTrouble: (problem: string | undefined) => void;
}

/**
 * Standbys look twice as often as the lock is renewed, and a little irregularly, so that they do not all ask at once. The lease counts from
 * when its last renewal was seen: whoever looks rarely sees it late. (client-go's wait 1 to 2.2 retry periods.)
 */
const STANDBY_SHARE = 0.5;
const JITTER = 0.2;
/** After a failure the next try comes this much sooner, then twice as late, until the retry period is reached again. */
const FIRST_RETRY_SHARE = 0.25;
/** A lock that may be taken soon is looked at this share of the retry period after that moment. */
const JUST_AFTER_SHARE = 0.025;
const RELEASE_LIMIT_MS = 2_000;

/** A moment by both clocks: a machine that was suspended may have stopped its monotonic clock, and wall clocks jump. */
interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Competes for a lock and keeps it. See {@link LeaderElection}. */
export class Election implements LeaderElection {
  readonly #options: ElectionOptions;
  readonly #dependencies: ElectionDependencies;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();
  #loop: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  /** When the request left that last took or renewed the lock. */
  #renewedAt: Moment | undefined;
  #lockTerm: string | undefined;
  #term = 0;
  #toldTerm: number | undefined;
  #cancelExpiry = (): void => undefined;
  #seen: { readonly holder: string | null; readonly at: Moment } | undefined;
  #problem: string | undefined;
  /** In a row. */
  #failures = 0;
  /** When the lock may be taken, from the last look at it on. */
  #freeInMs: number | undefined;

  constructor(options: ElectionOptions, dependencies: ElectionDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  term(): number | undefined {
    return this.#isValid() ? this.#term : undefined;
  }

  holder(): string | null {
    const seen = this.#seen;
    return seen && this.#since(seen.at) < this.#options.leaseDurationMs ? seen.holder : null;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readNote(signal: AbortSignal): Promise<string | undefined> {
    return this.#dependencies.lock.readNote(signal);
  }

  async writeNote(text: string, signal: AbortSignal): Promise<boolean> {
    const lockTerm = this.#lockTerm;
    if (lockTerm === undefined) return false;
    const written = await this.#dependencies.lock.writeNote(text, lockTerm, signal);
    if (!written && this.#lockTerm === lockTerm) this.#lose();
    return written && this.#isValid();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    const { lock, clock } = this.#dependencies;
    this.#stopping.abort(new DOMException('The election ended', 'AbortError'));
    await this.#loop;
    const mayHold = this.#lockTerm !== undefined;
    this.#lose();
    const limit = deadlineSignal(clock, RELEASE_LIMIT_MS);
    try {
      if (mayHold) await lock.release(limit.signal);
    } catch {
      // The lease runs out by itself.
    } finally {
      limit.release();
      await lock.close();
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#dependencies;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#turn();
      try {
        await sleep(clock, this.#pauseMs(), signal);
      } catch {
        return;
      }
    }
  }

  #pauseMs(): number {
    const { retryPeriodMs } = this.#options;
    const jitter = 1 + JITTER * this.#dependencies.random();
    if (this.#failures > 0) return retryPeriodMs * jitter * retryShare(this.#failures);
    if (this.#isValid()) return retryPeriodMs;
    const justAfterMs = (this.#freeInMs ?? Infinity) + retryPeriodMs * JUST_AFTER_SHARE;
    return jitter * Math.min(retryPeriodMs * STANDBY_SHARE, justAfterMs);
  }

  async #turn(): Promise<void> {
    const { lock, clock } = this.#dependencies;
    const at = this.#now();
    const limit = deadlineSignal(clock, this.#patienceMs(), this.#stopping.signal);
    try {
      const reading = await lock.acquireOrRenew(limit.signal);
      this.#failures = 0;
      this.#trouble(undefined);
      if (!this.#stopping.signal.aborted) this.#note(reading, at);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (!isForeseen(error)) throw error;
      this.#failures += 1;
      this.#trouble(describeError(error));
    } finally {
      limit.release();
    }
  }

  /** A leader waits for an answer as long as it leads, but no longer. */
  #patienceMs(): number {
    const { renewDeadlineMs, retryPeriodMs } = this.#options;
    const leftMs = this.#renewedAt ? renewDeadlineMs - this.#since(this.#renewedAt) : renewDeadlineMs;
    return Math.max(retryPeriodMs, leftMs);
  }

  #note(reading: LockReading, at: Moment): void {
    this.#freeInMs = reading.kind === 'lost' ? reading.freeInMs : undefined;
    if (reading.kind === 'lost') {
      this.#seen = { holder: reading.holder, at };
      this.#lose();
      return;
    }
    this.#seen = { holder: this.#options.identity, at };
    const isSameTerm = this.#isValid() && this.#lockTerm === reading.term;
    this.#renewedAt = at;
    this.#lockTerm = reading.term;
    if (!isSameTerm) this.#term += 1;
    this.#armExpiry();
    this.#tell();
  }

  #lose(): void {
    this.#renewedAt = undefined;
    this.#lockTerm = undefined;
    this.#cancelExpiry();
    this.#tell();
  }

  #isValid(): boolean {
    return this.#renewedAt !== undefined && this.#since(this.#renewedAt) < this.#options.renewDeadlineMs;
  }

  #armExpiry(): void {
    this.#cancelExpiry();
    const { renewDeadlineMs } = this.#options;
    this.#cancelExpiry = this.#dependencies.clock.setTimer(renewDeadlineMs, () => this.#tell());
  }

  #tell(): void {
    const term = this.term();
    if (term === this.#toldTerm) return;
    this.#toldTerm = term;
    for (const listener of this.#listeners) listener();
  }

  #trouble(problem: string | undefined): void {
    if ((problem === undefined) !== (this.#problem === undefined)) this.#dependencies.onTrouble(problem);
    this.#problem = problem;
  }

  #now(): Moment {
    const { clock } = this.#dependencies;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.now() };
  }

  /** The longer of what the two clocks say: leading a little too short does no harm. */
  #since(at: Moment): number {
    const now = this.#now();
    return Math.max(now.monotonicMs - at.monotonicMs, now.wallMs - at.wallMs);
  }
}

/** Of the retry period: a quarter, a half, then all of it. */
function retryShare(failures: number): number {
  return Math.min(1, FIRST_RETRY_SHARE * 2 ** (failures - 1));
}

function isForeseen(error: unknown): boolean {
  if (error instanceof OperatingError) return true;
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
}

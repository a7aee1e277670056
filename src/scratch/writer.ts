import { CallError } from '../greptimedb/call-error.ts';
import { SqlError } from '../greptimedb/sql/result.ts';
import { OperatingError } from '../domain/errors.ts';
import { deadlineSignal, sleep } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { ScratchSql } from './sql.ts';
import type { ScratchTable } from './table.ts';

/** What clients would have noticed. */
export interface WriteFigures {
  readonly acknowledged: number;
  /** Answered with an error, or never sent: not written. */
  readonly refused: number;
  /** Sent and not answered: written or not. */
  readonly unanswered: number;
  /** The longest time without any acknowledged write, in ms. */
  readonly longestGapMs: number;
  /** The longest time in which one region took no write, from the last acknowledged one to the next, in ms. */
  readonly longestRefusalMs: number;
}

/** On average between two writes, over all regions: about eighty a second. */
const PAUSE_MS = 12;
const MAX_WAIT_MS = 5_000;
const WRITTEN_LIMIT_MS = 60_000;

/** Writes to all regions of a table at the same time, each as fast as a client that waits for its answers. */
export class Writer {
  readonly acknowledged: number[] = [];
  readonly #sql: ScratchSql;
  readonly #table: ScratchTable;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #lastMs: number[];
  readonly #isRefused: boolean[];
  #loops: Promise<unknown> | undefined;
  #next = 0;
  #refused = 0;
  #unanswered = 0;
  #lastAnyMs = 0;
  #longestGapMs = 0;
  #longestRefusalMs = 0;
  #lastError = 'no answer came';
  #onWrite: (() => void) | undefined;

  constructor(sql: ScratchSql, table: ScratchTable) {
    this.#sql = sql;
    this.#table = table;
    this.#clock = sql.clock;
    this.#lastMs = Array<number>(table.regions).fill(0);
    this.#isRefused = Array<boolean>(table.regions).fill(false);
  }

  start(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#lastAnyMs = nowMs;
    this.#lastMs.fill(nowMs);
    this.#loops = Promise.all(this.#lastMs.map((_, shard) => this.#loop(shard)));
    // Whoever stops the writer is told.
    this.#loops.catch(() => undefined);
  }

  /**
   * Resolves when `more` further writes are acknowledged.
   *
   * @throws OperatingError `trial-no-writes` when that takes longer than anybody would wait.
   */
  async written(more: number, signal: AbortSignal): Promise<void> {
    const wanted = this.acknowledged.length + more;
    const limit = deadlineSignal(this.#clock, WRITTEN_LIMIT_MS, signal);
    const wake = (): void => this.#onWrite?.();
    limit.signal.addEventListener('abort', wake, { once: true });
    while (this.acknowledged.length < wanted && !limit.signal.aborted)
      await new Promise<void>((resolve) => (this.#onWrite = resolve));
    limit.release();
    signal.throwIfAborted();
    if (this.acknowledged.length >= wanted) return;
    throw new OperatingError(
      'trial-no-writes',
      `Only ${this.acknowledged.length} writes were acknowledged: ${this.#lastError}`,
    );
  }

  /** Ends the writing: what was sent is waited for. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loops;
  }

  figures(): WriteFigures {
    return {
      acknowledged: this.acknowledged.length,
      refused: this.#refused,
      unanswered: this.#unanswered,
      longestGapMs: Math.round(this.#longestGapMs),
      longestRefusalMs: Math.round(this.#longestRefusalMs),
    };
  }

  async #loop(shard: number): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#write(shard);
      await sleep(this.#clock, PAUSE_MS * this.#table.regions, signal).catch(() => undefined);
    }
  }

  async #write(shard: number): Promise<void> {
    const n = this.#next++;
    const { endpoints } = this.#sql;
    const endpoint = endpoints[n % endpoints.length]!;
    try {
      await this.#table.insert(endpoint, shard, n, { signal: NEVER, timeoutMs: MAX_WAIT_MS });
      this.#note(shard, n);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#isRefused[shard] = true;
      this.#lastError = error.message;
      if (error instanceof SqlError || !error.sent) this.#refused += 1;
      else this.#unanswered += 1;
    }
  }

  #note(shard: number, n: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.acknowledged.push(n);
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastAnyMs);
    this.#lastAnyMs = nowMs;
    if (this.#isRefused[shard])
      this.#longestRefusalMs = Math.max(this.#longestRefusalMs, nowMs - this.#lastMs[shard]!);
    this.#isRefused[shard] = false;
    this.#lastMs[shard] = nowMs;
    this.#onWrite?.();
  }
}

/** A write that was begun is waited for, so that it is known what came of it. */
const NEVER = new AbortController().signal;

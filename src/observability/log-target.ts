import { writeSync } from 'node:fs';
import type { Clock } from '../lib/clock.ts';

/** Takes the beginning of the bytes, and says how many of them. Throws what `fs.writeSync` throws. */
export type WriteBytes = (bytes: Uint8Array) => number;

export interface LogTargetOptions {
  /** What is told once lines were lost, as a whole line. */
  readonly lossLine: (lines: number) => string;
  /** The most bytes that wait for a reader that reads nothing. Default 4 MiB. */
  readonly maxWaitingBytes?: number;
}

export interface LogTargetDependencies {
  readonly write: WriteBytes;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Holds the thread for so many ms. */
  readonly holdThread?: (durationMs: number) => void;
}

interface Waiting {
  /** What is not written yet. */
  bytes: Uint8Array;
  /** How many lines are lost with it: the line itself, and those whose loss it tells of. */
  readonly lines: number;
  /** Whether it ends a line that was cut off before it. */
  readonly mends: boolean;
  isBegun: boolean;
}

const DEFAULT_MAX_WAITING_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 100;
/** A reader gets two seconds at the exit to take what waits. */
const FLUSH_NAP_MS = 20;
const FLUSH_NAPS = 100;
/** What a pipe without a hurried reader says. */
const NOT_NOW: readonly unknown[] = ['EAGAIN', 'EBUSY', 'EINTR'];

/**
 * Where lines of the log go. Each is written before `write` returns, so that a crash loses none. Where that cannot be, the log must
 * not hold up or end the process: lines wait for a stuck reader up to a limit, and what a full disk or a closed pipe does not take is
 * dropped and counted, which the next line that gets through tells.
 */
export class LogTarget {
  readonly #options: LogTargetOptions;
  readonly #dependencies: LogTargetDependencies;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lostLines = 0;
  #isTorn = false;
  #isRetrySet = false;

  constructor(options: LogTargetOptions, dependencies: LogTargetDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** @param line with its line feed. Never throws. */
  write(line: string): void {
    const loss = this.#lostLines > 0 ? this.#options.lossLine(this.#lostLines) : '';
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${loss}${line}`);
    const { maxWaitingBytes = DEFAULT_MAX_WAITING_BYTES } = this.#options;
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes.length > maxWaitingBytes) {
      this.#lostLines += 1;
    } else {
      this.#waiting.push({ bytes, lines: this.#lostLines + 1, mends: this.#isTorn, isBegun: false });
      this.#waitingBytes += bytes.length;
      this.#lostLines = 0;
      this.#isTorn = false;
    }
    this.#writeWaiting();
  }

  /** Gives a slow reader the time to take what waits, but not for ever. For the end of the process: the thread is held. */
  flush(): void {
    const { holdThread = sleepOnThread } = this.#dependencies;
    for (let nap = 0; nap < FLUSH_NAPS && !this.#writeWaiting(); nap += 1) holdThread(FLUSH_NAP_MS);
  }

  /** @returns false when lines still wait. */
  #writeWaiting(): boolean {
    for (;;) {
      const [first] = this.#waiting;
      if (!first) return true;
      try {
        const count = this.#dependencies.write(first.bytes);
        this.#waitingBytes -= count;
        first.bytes = first.bytes.subarray(count);
        first.isBegun ||= count > 0;
      } catch (error) {
        if (isNotNow(error)) {
          this.#retryLater();
          return false;
        }
        this.#giveUp(first);
        return true;
      }
      if (first.bytes.length === 0) this.#waiting.shift();
    }
  }

  #giveUp(first: Waiting): void {
    this.#isTorn = first.isBegun || first.mends;
    this.#lostLines += this.#waiting.reduce((sum, { lines }) => sum + lines, 0);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #retryLater(): void {
    if (this.#isRetrySet) return;
    this.#isRetrySet = true;
    this.#dependencies.clock.setTimer(RETRY_MS, () => {
      this.#isRetrySet = false;
      this.#writeWaiting();
    });
  }
}

/** Standard output or error. A pipe is told not to hold the thread when its reader does not read: asking for the stream sees to that. */
export function writeTo(stream: { readonly fd: number }): WriteBytes {
  const { fd } = stream;
  return (bytes) => writeSync(fd, bytes);
}

function isNotNow(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOT_NOW.includes(error.code);
}

function sleepOnThread(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

import process from 'node:process';
import { isatty } from 'node:tty';
import { OperatingError } from '../domain/errors.ts';
import { systemClock } from '../lib/clock.ts';
import { escapeInvisible } from '../lib/invisible.ts';
import { canvasOf } from './io.ts';
import type { CliIo, Output } from './io.ts';
import { wantsColour } from './render/style.ts';

/**
 * Terminals, npm, supervisors and our own launcher may each pass the same signal on: what comes within this time of the first
 * is the same request.
 */
const SAME_SIGNAL_MS = 500;

/** The real process. Being told to stop aborts `signal`; being told again ends the process at once. */
export function createProcessIo(): CliIo {
  const controller = new AbortController();
  const hangupListeners = new Set<() => void>();
  let firstStopMs: number | undefined;
  const stop = (name: string, status: number): void => {
    const nowMs = systemClock.monotonicMs();
    firstStopMs ??= nowMs;
    controller.abort(new DOMException(`Told to stop by ${name}`, 'AbortError'));
    if (nowMs - firstStopMs > SAME_SIGNAL_MS) process.exit(status);
  };
  process.on('SIGINT', () => stop('SIGINT', 130));
  process.on('SIGTERM', () => stop('SIGTERM', 143));
  process.on('SIGHUP', () => {
    if (hangupListeners.size === 0) stop('SIGHUP', 129);
    for (const listener of hangupListeners) listener();
  });
  return {
    out: createOutput(process.stdout, 1, 'standard output'),
    err: createOutput(process.stderr, 2, 'standard error'),
    env: process.env,
    clock: systemClock,
    stdin: process.stdin,
    isInteractive: isatty(0) && isatty(2),
    signal: controller.signal,
    onHangup: (listener) => {
      hangupListeners.add(listener);
      return () => hangupListeners.delete(listener);
    },
  };
}

function createOutput(stream: NodeJS.WriteStream, fileDescriptor: number, name: string): Output {
  const reader = new AbortController();
  // Every failed write tells its own caller; without a listener Node would end the process as well.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isGone(error)) reader.abort(new DOMException(`Nobody reads ${name} any more`, 'AbortError'));
  });
  const isTerminal = isatty(fileDescriptor);
  return {
    isTerminal,
    get canvas() {
      return canvasOf(isTerminal, stream.columns, wantsColour(isTerminal, process.env));
    },
    get rows() {
      if (!isTerminal) return Infinity;
      // A terminal of unknown size says 0.
      return stream.rows > 0 ? stream.rows : DEFAULT_ROWS;
    },
    readerGone: reader.signal,
    onResize: (listener) => {
      stream.on('resize', listener);
      return () => stream.off('resize', listener);
    },
    // Texts for people are clean before they come here; JSON is made so here.
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(escapeInvisible(text), (error: NodeJS.ErrnoException | null | undefined) => {
          // When the reader went away (head, less) there is nobody to write for any more, which is no failure.
          if (!error || isGone(error)) resolve();
          else reject(new OperatingError('output', `Writing to ${name} failed`, { cause: error }));
        });
      }),
  };
}

const DEFAULT_ROWS = 24;

function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}

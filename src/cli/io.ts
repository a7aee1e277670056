import { escapeInvisible } from '../lib/invisible.ts';
import { createReadStream } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { OperatingError, UsageError } from '../domain/errors.ts';
import { readBoundedText } from '../lib/bounded-text.ts';
import type { Clock } from '../lib/clock.ts';
import { colourStyle, plainStyle } from './render/style.ts';
import type { Canvas } from './render/style.ts';
import { wrapLines } from './render/text.ts';

/** One of the two output streams. */
export interface Output {
  readonly isTerminal: boolean;
  readonly canvas: Canvas;
  /** Lines of the window; `Infinity` when the output is no terminal. */
  readonly rows: number;
  /** Aborts when whoever read the output has gone away. */
  readonly readerGone: AbortSignal;
  /** Calls back when the window was resized; the returned function ends that. */
  readonly onResize: (listener: () => void) => () => void;
  /** Resolves when more can be written: wait for it, so that a slow reader bounds our memory. */
  write(text: string): Promise<void>;
}

/** All that a command may touch of the process it runs in. */
export interface CliIo {
  /** Data. */
  readonly out: Output;
  /** Everything else: progress, warnings, errors. */
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Whether a person can be asked: standard input and standard error are a terminal. */
  readonly isInteractive: boolean;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
  /** Calls back on SIGHUP, which then no longer stops the process; the returned function ends that. */
  readonly onHangup: (listener: () => void) => () => void;
}

/** The canvas of a stream, with its present width. */
export function canvasOf(isTerminal: boolean, columns: number | undefined, colours: boolean): Canvas {
  return {
    width: isTerminal ? Math.max(MIN_COLUMNS, columns ?? DEFAULT_COLUMNS) : Infinity,
    style: colours ? colourStyle : plainStyle,
  };
}

const MIN_COLUMNS = 40;
const DEFAULT_COLUMNS = 80;

/** Writes without waiting: for lines that may be lost when nobody can read them. */
export function writeSoon(output: Output, text: string): void {
  output.write(text).catch(() => undefined);
}

/** Writes lines for a person: broken between words where the terminal is narrower. */
export function writeText(output: Output, lines: Iterable<string>): Promise<void> {
  return writeLines(output, wrapLines(lines, output.canvas.width));
}

export async function writeLines(output: Output, lines: Iterable<string>): Promise<void> {
  let pending = '';
  for (const line of lines) {
    pending += `${line}\n`;
    if (pending.length < CHUNK_CHARS) continue;
    await output.write(pending);
    pending = '';
  }
  if (pending !== '') await output.write(pending);
}

export function writeJson(output: Output, value: unknown): Promise<void> {
  return output.write(`${JSON.stringify(value, null, 2)}\n`);
}

const CHUNK_CHARS = 65_536;

/** The longest text that V8 can hold is 2^29 - 24 characters; a snapshot of a million regions has about 2^27. */
const MAX_INPUT_BYTES = 500_000_000;

/**
 * The text of a file, or of standard input for `-`.
 *
 * @throws UsageError when it cannot be read, is too large, or is not UTF-8.
 */
export async function readInput(path: string, stdin: CliIo['stdin']): Promise<string> {
  const name = inputName(path);
  const source: CliIo['stdin'] = path === '-' ? stdin : createReadStream(path);
  try {
    const tooLarge = (message: string): Error => new UsageError(message);
    return await readBoundedText(source, { maxBytes: MAX_INPUT_BYTES, fatal: true, tooLarge });
  } catch (error) {
    throw new UsageError(`Reading ${name} failed`, { cause: error });
  }
}

/** How errors call an input. */
function inputName(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** Puts the name of the file in front of what is wrong with it. */
export function parseInput<T>(path: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${inputName(path)}: ${error.message}`, { cause: error.cause, code: error.code });
  }
}

/**
 * Writes a file whole or not at all: into a new file beside it, forced to disk, then renamed over it. What is no plain file (a device,
 * a pipe, a link such as /dev/stdout) is written into: renaming would put a file in its place.
 */
export async function writeFileWhole(path: string, chunks: Iterable<string>): Promise<void> {
  try {
    const present = await lstat(path).catch(() => undefined);
    if (present?.isFile() === false) await writeChunks(await open(path, 'w'), chunks);
    else await replaceFile(path, chunks);
  } catch (error) {
    throw new OperatingError('output', `Writing ${path} failed`, { cause: error });
  }
}

async function replaceFile(path: string, chunks: Iterable<string>): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o644);
    await writeChunks(file, chunks, () => file.sync());
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** Closes the file, whatever happens. */
async function writeChunks(
  file: FileHandle,
  chunks: Iterable<string>,
  finish?: () => Promise<void>,
): Promise<void> {
  try {
    for (const chunk of chunks) await file.write(escapeInvisible(chunk));
    await finish?.();
  } finally {
    await file.close();
  }
}

/** Asks a person for yes or no. Anything but yes is no. @throws the signal's reason when it aborts. */
export async function confirm({ err, stdin, signal }: CliIo, question: string): Promise<boolean> {
  await err.write(`${question} [y/N] `);
  signal.throwIfAborted();
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return /^y(es)?$/i.test((await Promise.race([firstLine(stdin), stopped])).trim());
}

async function firstLine(stdin: CliIo['stdin']): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    if (text.includes('\n') || text.length > MAX_ANSWER) break;
  }
  return text.split('\n', 1)[0] ?? '';
}

const MAX_ANSWER = 100;

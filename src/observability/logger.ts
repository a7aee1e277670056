import process from 'node:process';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { describeError, OperatingError } from '../domain/errors.ts';
import type { GateCode } from '../domain/codes.ts';
import { describeEvent } from './event-view.ts';
import { isSuccess } from './live-state.ts';
import type { LiveSource } from './live-state.ts';
import { readableLines } from './readable-log.ts';
import { systemClock } from '../lib/clock.ts';
import { escapeInvisible } from '../lib/invisible.ts';
import type { Clock } from '../lib/clock.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** One static message, its variables as fields. An Error belongs into the field `error`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
  /** Changes the level from now on, for this logger and those made by `child` afterwards. */
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /**
   * `stdout` (the default) suits the daemon: JSON lines, and lines to read where standard output is a terminal. `person` is for a
   * command, whose standard output is data: lines to read, on standard error. Or anything with `write(line)`.
   */
  readonly destination?: 'stdout' | 'person' | DestinationStream;
}

const SECRET_NAMES = [
  'authorization',
  'Authorization',
  'cookie',
  'password',
  'passphrase',
  'secret',
  'token',
  'privateKey',
];
/** Fields that never leave, at the top and two levels below. Paths because pino compiles them: no walk at run time. */
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
/** User and password inside a URL, wherever a text carries one. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;

/** JSON lines with ISO 8601 time and secrets masked. Writes at once, so that a crash loses no line. */
export function createLogger(options: LoggerOptions, dependencies: { readonly clock?: Clock } = {}): Logger {
  const clock = dependencies.clock ?? systemClock;
  const configuration = {
    level: options.level,
    base: null,
    timestamp: (): string => `,"time":"${new Date(clock.now()).toISOString()}"`,
    messageKey: 'message',
    formatters: { level: (level: string): LogFields => ({ level }) },
    serializers: { error: serializeError },
    redact: { paths: SECRET_PATHS, censor: '[masked]' },
    hooks: { streamWrite: (line: string) => escapeInvisible(maskUrlCredentials(line)) },
  };
  return wrap(pino(configuration, destinationOf(options.destination ?? 'stdout')));
}

/** A logger that says nothing. */
export const silentLogger: Logger = createLogger({
  level: 'silent',
  destination: { write: () => undefined },
});

/**
 * Writes one line for each event. A gate that stays closed is told of once: each later cycle finds it closed again.
 *
 * @returns a function that ends it.
 */
export function logEvents(logger: Logger, live: Pick<LiveSource, 'subscribe'>): () => void {
  let [told, found] = [new Set<GateCode>(), new Set<GateCode>()];
  return live.subscribe((event, state) => {
    const { level, message, fields } = describeEvent(event, state);
    if (event.type === 'gate-closed') {
      logger[told.has(event.code) ? 'debug' : level](fields, message);
      told.add(event.code);
      found.add(event.code);
      return;
    }
    logger[level](fields, message);
    // Nothing starts unless every gate is open, and what a cycle did not find closed is open again.
    if (event.type === 'move-started' && !event.isResumed) told.clear();
    if (event.type !== 'cycle-finished') return;
    if (isSuccess(event.outcome)) told = found;
    found = new Set();
  });
}

/** The text without the user and password of any URL in it. */
export function maskUrlCredentials(text: string): string {
  return text.replace(URL_CREDENTIALS, '$1[masked]@');
}

function destinationOf(destination: NonNullable<LoggerOptions['destination']>): DestinationStream {
  if (destination === 'stdout') {
    const target = openTarget(process.stdout);
    const columns = (): number => process.stdout.columns;
    return isatty(1) ? readableLines((line) => target.write(line), { live: true, columns }) : target;
  }
  if (destination === 'person') {
    const target = openTarget(process.stderr);
    if (!isatty(2)) return readableLines((line) => target.write(line));
    const columns = (): number => process.stderr.columns;
    return readableLines((line) => target.write(CLEAR_LINE + line), { columns });
  }
  return destination;
}

/** A progress line may stand where this one begins. */
const CLEAR_LINE = '\r\u001b[2K';

/** The most bytes that wait for a reader that reads nothing, or for a full disk. Lines beyond are lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** A reader gets two seconds at the exit to take what waits. */
const FLUSH_NAP_MS = 20;
const FLUSH_NAPS = 100;

/**
 * Each line is written before the next statement, so that a crash loses none. Where that cannot be, the log must not hold up or end the
 * process: the line waits, and goes out before the next one that gets through.
 *
 * @param stream asking for it sees to it that a pipe does not hold the thread when its reader does not read.
 */
function openTarget({ fd }: { readonly fd: number }): DestinationStream {
  const options = { fd, sync: true, maxLength: MAX_WAITING_BYTES, retryEAGAIN: () => false };
  const target = pino.destination(options);
  let isStuck = false;
  target.on('error', (error: Error) => {
    // What a full disk or a closed pipe does not take will not go out in two seconds either.
    isStuck = 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
  });
  process.once('exit', () => {
    for (let nap = 0; isStuck && nap < FLUSH_NAPS; nap += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FLUSH_NAP_MS);
      isStuck = false;
      target.write('');
    }
  });
  return target;
}

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
    setLevel: (level) => {
      logger.level = level;
    },
  };
}

/** Operating errors are explained by their message; anything else is a defect, whose stack is needed. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof OperatingError) return { code: error.code, message: describeError(error) };
  return { code: error.name, message: describeError(error), stack: error.stack };
}

import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { MAX_WEIGHT } from '../domain/policy.ts';
import { compilePattern } from '../domain/selector.ts';
import { exactDuration, MAX_DURATION_MS, parseDuration } from '../lib/duration.ts';
import { isDecimalId } from '../lib/json.ts';
import { formatListenAddress } from '../lib/listen-address.ts';
import type { ListenAddress } from '../lib/listen-address.ts';

/** What the readers of files, environment and command line, and the reference in docs/configuration.md, need to know of a kind of value. */
export interface FieldFacts {
  /** For people. */
  readonly type: string;
  /** Text from the environment or the command line is taken as it is, not as YAML. */
  readonly isText?: boolean;
  /** A map whose keys are the operator's own. */
  readonly isMap?: boolean;
  /** The path of a file or folder. A relative one starts where it was written: in the file's folder, else in the working directory. */
  readonly isPath?: boolean;
  /** In milliseconds: its name in the configuration ends with `Ms`. */
  readonly isDuration?: boolean;
  /** The keys of a section, or of each entry of a list of maps. */
  readonly keys?: z.ZodRawShape;
}

/**
 * The kinds of values that the configuration knows. Each field reads one value as YAML gives it (integers are bigint, so that no id
 * is ever rounded) and either returns what the program works with, or says what was wanted; and it writes it as it would be read.
 */
export interface Field<T> extends FieldFacts {
  readonly schema: z.ZodType<T>;
}

/** What was wanted instead of the value found. */
class Refusal {
  readonly wanted: string;

  constructor(wanted: string) {
    this.wanted = wanted;
  }
}

type Reader<T> = (value: unknown) => T | Refusal;

/** One of each for all: what the schemas cost to make counts in every command that needs a configuration. */
const anything = z.unknown();
const decoded: z.ZodType<never, never> = z.custom<never>();

function leaf<T>(read: Reader<T>, write: (value: T) => unknown = (value) => value) {
  const output: z.ZodType<T, T> = decoded;
  return z.codec(anything, output, {
    decode(value, { issues }) {
      const result = read(value);
      if (!(result instanceof Refusal)) return result;
      issues.push({ code: 'custom', message: result.wanted, input: value });
      return z.NEVER;
    },
    encode: write,
  });
}

function textField<T>(type: string, read: Reader<T>, write?: (value: T) => unknown) {
  return { schema: leaf(read, write), type, isText: true };
}

function yamlField<T>(type: string, read: Reader<T>) {
  return { schema: leaf(read), type };
}

/** The number of entries that a list or map may have. */
const MAX_ENTRIES = 10_000;
const MAX_TEXT = 1_024;
const CONTROL = /\p{Cc}/u;

/** One line of text that is not empty. */
export function text(wanted: string, isGood: (value: string) => boolean = () => true) {
  return textField('text', (value) =>
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= MAX_TEXT &&
    !CONTROL.test(value) &&
    isGood(value)
      ? value
      : new Refusal(typeof value === 'bigint' || typeof value === 'number' ? `${wanted}, in quotes` : wanted),
  );
}

export const path = { ...text('the path of a file'), type: 'path of a file', isPath: true };
export const folder = { ...text('the path of a folder'), type: 'path of a folder', isPath: true };

export const boolean = yamlField('true or false', (value) =>
  typeof value === 'boolean' ? value : new Refusal('true or false'),
);

/** `from 1 to 1000`, for the reference. */
function rangeText(min: number | string, max: number | string): string {
  return `from ${min} to ${max}`;
}

/** A whole number within bounds, both included. */
export function whole(min: number, max: number) {
  return yamlField(`whole number ${rangeText(min, max)}`, (value) => {
    const number = wholeNumber(value);
    return number !== undefined && number >= min && number <= max
      ? number
      : new Refusal(`a whole number from ${min} to ${max}`);
  });
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** A part of a whole, from 0 to 1. */
export const share = yamlField('number from 0 to 1', (value) => {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 1
    ? number
    : new Refusal('a number from 0 to 1');
});

/** A part of a whole in percent, more than 0 %: `10%` is 0.1. */
export function percent(maxPercent: number) {
  const wanted = `a percentage such as 10%, from 1% to ${maxPercent}%`;
  const read = (value: unknown): number | Refusal => {
    const digits = typeof value === 'string' ? /^(\d{1,4}(?:\.\d{1,3})?)\s?%$/.exec(value)?.[1] : undefined;
    const number = Number(digits);
    return digits !== undefined && number >= 1 && number <= maxPercent ? number / 100 : new Refusal(wanted);
  };
  return textField(`percentage up to ${maxPercent}%`, read, (value) => `${Math.round(value * 1e5) / 1e3}%`);
}

const SIZE_UNITS = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;
const SIZE = /^(?<digits>\d{1,6}(?:\.\d{1,3})?)\s?(?<unit>B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)(?:\/s)?$/;

/** An amount of bytes, or of bytes a second; or a whole number of something else. */
export const amount = {
  ...yamlField('size such as `1MiB/s` or `1GiB`, or a whole number', (value) => {
    const number = wholeNumber(value);
    if (number !== undefined && number >= 0) return number;
    const groups = typeof value === 'string' ? SIZE.exec(value)?.groups : undefined;
    const unit = Object.entries(SIZE_UNITS).find(([name]) => name === groups?.['unit']);
    if (!unit) return new Refusal('a size such as 1MiB/s or 1GiB, or a whole number');
    return Math.round(Number(groups?.['digits']) * unit[1]);
  }),
};

/** One of a closed list of words. */
export function choice<const T extends string>(words: readonly T[]) {
  const type = words.map((word) => `\`${word}\``).join(', ');
  const wanted = words.map((word) => `"${word}"`).join(' or ');
  return textField(type, (value): T | Refusal => {
    const found = words.find((word) => word === value);
    return found ?? new Refusal(wanted);
  });
}

const DURATION_EXAMPLES = '500ms, 30s, 5m or 1h30m';

/** Milliseconds of a key whose name says so: see `section`. */
export type Milliseconds = number & z.$brand<'ms'>;

/** A duration. `minMs` is 1 unless told: most durations cannot be zero. */
export function duration({ minMs = 1, maxMs = MAX_DURATION_MS }: { minMs?: number; maxMs?: number } = {}) {
  const read = (value: unknown): Milliseconds | Refusal => {
    if (isBareNumber(value))
      return new Refusal(`a duration such as ${DURATION_EXAMPLES} (the unit is missing)`);
    const durationMs = typeof value === 'string' ? parseDuration(value) : undefined;
    if (durationMs === undefined) return new Refusal(`a duration such as ${DURATION_EXAMPLES}`);
    if (durationMs < minMs) return new Refusal(`a duration of at least ${exactDuration(minMs)}`);
    if (durationMs > maxMs) return new Refusal(`a duration of at most ${exactDuration(maxMs)}`);
    return milliseconds.parse(durationMs);
  };
  return { ...textField(durationType(minMs, maxMs), read, exactDuration), isDuration: true };
}

const milliseconds = z.number().brand('ms');

/** Names only the bounds that are not those of every duration. */
function durationType(minMs: number, maxMs: number): string {
  const [min, max] = [exactDuration(minMs), exactDuration(maxMs)];
  if (minMs === 1) return maxMs === MAX_DURATION_MS ? 'duration' : `duration up to ${max}`;
  return maxMs === MAX_DURATION_MS ? `duration from ${min}` : `duration ${rangeText(min, max)}`;
}

function isBareNumber(value: unknown): boolean {
  if (typeof value === 'string') return /^\d+(?:\.\d+)?$/.test(value);
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Five fields, or six with seconds first. Nicknames such as `@daily` are not taken. */
export const cron = textField('cron expression', (value) =>
  hasCronShape(value) ? value.trim() : new Refusal(CRON_WANTED),
);

export const CRON_WANTED = 'a cron expression such as "*/5 * * * *"';

export function hasCronShape(value: unknown): value is string {
  return typeof value === 'string' && /^(?:\S+\s+){4,5}\S+$/.test(value.trim());
}

export const timezone = textField('time zone', (value) =>
  typeof value === 'string' && isTimezone(value)
    ? value
    : new Refusal('an IANA time zone such as UTC or Europe/Berlin'),
);

function isTimezone(name: string): boolean {
  // The default; asking for the first zone takes milliseconds.
  if (name === 'UTC') return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The root of an http or https server, without a slash at its end. */
const endpoint = leaf((value): string | Refusal => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return new Refusal('a URL such as http://host:4000');
  if (url.username !== '' || url.password !== '')
    return new Refusal('a URL without user name and password (they go into username and passwordFile)');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return new Refusal('a URL without path, query and fragment, such as http://host:4000');
  return url.origin;
});

export const url = { schema: endpoint, type: 'URL', isText: true };

const id = leaf((value): string | Refusal => {
  const digits = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value;
  return typeof digits === 'string' && isDecimalId(digits)
    ? digits
    : new Refusal('an id: a whole number from 0 to 18446744073709551615');
});

const pattern = leaf((value): string | Refusal => {
  const words = typeof value === 'bigint' ? String(value) : value;
  return typeof words === 'string' && words.length <= MAX_TEXT && compilePattern(words)
    ? words
    : new Refusal('a table id, or a pattern such as "public.*" or "greptime.public.cpu"');
});

function listOf<T>(items: z.ZodType<T>, type: string, example: string) {
  const error = `a list of at most ${MAX_ENTRIES} entries, such as ${example}`;
  return { schema: z.array(items, { error }).max(MAX_ENTRIES, { error }).readonly(), type };
}

/** Where something is sent, path and query included; it may hold a secret, which then belongs into a file. */
export const webhook = textField('URL', (value): string | Refusal => {
  const parsed = typeof value === 'string' && value.length <= MAX_TEXT ? URL.parse(value) : null;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:')
    return new Refusal('a URL such as https://host/path');
  return parsed.username === '' && parsed.password === ''
    ? parsed.href
    : new Refusal('a URL without user name and password (see tokenFile)');
});

/** Any of a closed list of words. */
export function choices<const T extends string>(words: readonly T[]) {
  const { schema, type } = choice(words);
  return listOf(schema, `list of ${type}`, `[${words.slice(0, 2).join(', ')}]`);
}

export const endpoints = listOf(endpoint, 'list of URLs', '[http://host:4000]');
export const ids = listOf(id, 'list of ids', '[0, 1, 2]');
export const patterns = listOf(pattern, 'list of table patterns', '["public.*"]');

/** A list of maps with the given keys. */
export function maps<T>(entries: z.ZodType<T>, keys: z.ZodRawShape, example: string) {
  return { ...listOf(entries, 'list', example), keys };
}

const weight = whole(1, MAX_WEIGHT).schema;

/** Datanode id to weight. */
export const weights = {
  schema: z
    .record(z.string().refine(isDecimalId, 'a datanode id as the key'), weight, {
      error: 'a map of datanode ids to weights, such as {3: 2}',
    })
    .refine((map) => Object.keys(map).length <= MAX_ENTRIES, { error: `at most ${MAX_ENTRIES} weights` }),
  type: `map of datanode ids to whole numbers ${rangeText(1, MAX_WEIGHT)}`,
  isMap: true,
};

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63})*$/i;
const LISTEN = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d{1,5})$/;

const readListen = (value: unknown): ListenAddress | Refusal => {
  const groups = typeof value === 'string' ? LISTEN.exec(value)?.groups : undefined;
  const refusal = new Refusal('an address such as 127.0.0.1:9480 or [::1]:9480');
  if (!groups) return refusal;
  const port = Number(groups['port']);
  const host = groups['ipv6'] ?? groups['name'] ?? '';
  const isHost = groups['ipv6'] === undefined ? isIPv4(host) || isHostName(host) : isIPv6(host);
  return isHost && port <= 65_535 ? { host, port } : refusal;
};

/** `host:port`; IPv6 in brackets. */
export const listen = textField('host:port', readListen, formatListenAddress);

/** Names and addresses under which a server is asked, without ports; IPv6 without brackets. */
export const hosts = listOf(
  leaf((value): string | Refusal =>
    typeof value === 'string' && (isIPv4(value) || isIPv6(value) || isHostName(value))
      ? value
      : new Refusal('a host name or an address, without a port'),
  ),
  'list of host names',
  '[rebalancer.example]',
);

/** Four numbers that are no IPv4 address (`1.2.3.400`) are a slip, not a name. */
function isHostName(host: string): boolean {
  return HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

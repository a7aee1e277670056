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

/** What was wanted instead of the value found, where it is more special than what its kind always wants. */
class Refusal {
  readonly wanted: string;

  constructor(wanted: string) {
    this.wanted = wanted;
  }
}

type Reader<Found, T> = (value: Found) => T | Refusal | undefined;

/** One of each for all: what the schemas cost to make counts in every command that needs a configuration. */
const anything = z.unknown();
const decoded: z.ZodType<never, never> = z.custom<never>();

/** A value as `read` makes it; where that is undefined, the value is refused with what was `wanted`. */
function leaf<T>(wanted: string, read: Reader<unknown, T>, write: (value: T) => unknown = (value) => value) {
  const output: z.ZodType<T, T> = decoded;
  return z.codec(anything, output, {
    decode(value, { issues }) {
      const result = read(value);
      if (result !== undefined && !(result instanceof Refusal)) return result;
      const message = result instanceof Refusal ? result.wanted : wanted;
      issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    },
    encode: write,
  });
}

function textLeaf<T>(wanted: string, read: Reader<string, T>, write?: (value: T) => unknown) {
  return leaf(wanted, (value) => (typeof value === 'string' ? read(value) : undefined), write);
}

function textField<T>(type: string, wanted: string, read: Reader<string, T>, write?: (value: T) => unknown) {
  return { schema: textLeaf(wanted, read, write), type, isText: true };
}

/** The number of entries that a list or map may have. */
const MAX_ENTRIES = 10_000;
const MAX_TEXT = 1_024;
const CONTROL = /\p{Cc}/u;

/** One line of text that is not empty. */
export function text(wanted: string, isGood: (value: string) => boolean = () => true) {
  const read = (value: unknown): string | Refusal | undefined => {
    if (typeof value === 'bigint' || typeof value === 'number') return new Refusal(`${wanted}, in quotes`);
    if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_TEXT) return undefined;
    return CONTROL.test(value) || !isGood(value) ? undefined : value;
  };
  return { schema: leaf(wanted, read), type: 'text', isText: true };
}

export const path = { ...text('the path of a file'), type: 'path of a file', isPath: true };
export const folder = { ...text('the path of a folder'), type: 'path of a folder', isPath: true };

export const boolean = {
  schema: leaf('true or false', (value) => (typeof value === 'boolean' ? value : undefined)),
  type: 'true or false',
};

/** `from 1 to 1000`, for the reference. */
function rangeText(min: number | string, max: number | string): string {
  return `from ${min} to ${max}`;
}

/** A whole number within bounds, both included. */
export function whole(min: number, max: number) {
  const type = `whole number ${rangeText(min, max)}`;
  const schema = leaf(`a ${type}`, (value) => {
    const number = wholeNumber(value);
    return number !== undefined && number >= min && number <= max ? number : undefined;
  });
  return { schema, type };
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** A part of a whole, from 0 to 1. */
export const share = {
  schema: leaf('a number from 0 to 1', (value) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    return typeof number === 'number' && number >= 0 && number <= 1 ? number : undefined;
  }),
  type: 'number from 0 to 1',
};

/** A part of a whole in percent, more than 0 %: `10%` is 0.1. */
export function percent(maxPercent: number) {
  return textField(
    `percentage up to ${maxPercent}%`,
    `a percentage such as 10%, from 1% to ${maxPercent}%`,
    (value) => {
      const number = Number(/^(\d{1,4}(?:\.\d{1,3})?)\s?%$/.exec(value)?.[1]);
      return number >= 1 && number <= maxPercent ? number / 100 : undefined;
    },
    showPercent,
  );
}

/** `10%` of 0.1. */
export function showPercent(part: number): string {
  return `${Math.round(part * 1e5) / 1e3}%`;
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
  schema: leaf('a size such as 1MiB/s or 1GiB, or a whole number', (value) => {
    const number = wholeNumber(value);
    if (number !== undefined && number >= 0) return number;
    const groups = typeof value === 'string' ? SIZE.exec(value)?.groups : undefined;
    const unit = Object.entries(SIZE_UNITS).find(([name]) => name === groups?.['unit']);
    return unit && Math.round(Number(groups?.['digits']) * unit[1]);
  }),
  type: 'size such as `1MiB/s` or `1GiB`, or a whole number',
};

/** One of a closed list of words. */
export function choice<const T extends string>(words: readonly T[]) {
  const type = words.map((word) => `\`${word}\``).join(', ');
  const wanted = words.map((word) => `"${word}"`).join(' or ');
  return textField(type, wanted, (value) => words.find((word) => word === value));
}

const DURATION_WANTED = 'a duration such as 500ms, 30s, 5m or 1h30m';

/** Milliseconds of a key whose name says so: see `section`. */
export type Milliseconds = number & z.$brand<'ms'>;

/** A duration. `minMs` is 1 unless told: most durations cannot be zero. */
export function duration({ minMs = 1, maxMs = MAX_DURATION_MS }: { minMs?: number; maxMs?: number } = {}) {
  const read = (value: unknown): Milliseconds | Refusal | undefined => {
    if (isBareNumber(value)) return new Refusal(`${DURATION_WANTED} (the unit is missing)`);
    const durationMs = typeof value === 'string' ? parseDuration(value) : undefined;
    if (durationMs === undefined) return undefined;
    if (durationMs < minMs) return new Refusal(`a duration of at least ${exactDuration(minMs)}`);
    if (durationMs > maxMs) return new Refusal(`a duration of at most ${exactDuration(maxMs)}`);
    return milliseconds.parse(durationMs);
  };
  const schema = leaf(DURATION_WANTED, read, exactDuration);
  return { schema, type: durationType(minMs, maxMs), isText: true, isDuration: true };
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

export const CRON_WANTED = 'a cron expression such as "*/5 * * * *"';

/** Five fields, or six with seconds first. Nicknames such as `@daily` are not taken. */
export const cron = textField('cron expression', CRON_WANTED, (value) =>
  hasCronShape(value) ? value.trim() : undefined,
);

export function hasCronShape(value: unknown): value is string {
  return typeof value === 'string' && /^(?:\S+\s+){4,5}\S+$/.test(value.trim());
}

export const timezone = textField('time zone', 'an IANA time zone such as UTC or Europe/Berlin', (value) =>
  isTimezone(value) ? value : undefined,
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
const endpoint = textLeaf('a URL such as http://host:4000', (value) => {
  const url = URL.parse(value);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.username !== '' || url.password !== '')
    return new Refusal('a URL without user name and password (they go into username and passwordFile)');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return new Refusal('a URL without path, query and fragment, such as http://host:4000');
  return url.origin;
});

export const url = { schema: endpoint, type: 'URL', isText: true };

const id = leaf('an id: a whole number from 0 to 18446744073709551615', (value) => {
  const digits = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value;
  return typeof digits === 'string' && isDecimalId(digits) ? digits : undefined;
});

const pattern = leaf('a table id, or a pattern such as "public.*" or "greptime.public.cpu"', (value) => {
  const words = typeof value === 'bigint' ? String(value) : value;
  return typeof words === 'string' && words.length <= MAX_TEXT && compilePattern(words) ? words : undefined;
});

function listOf<T>(items: z.ZodType<T>, type: string, example: string) {
  const error = `a list of at most ${MAX_ENTRIES} entries, such as ${example}`;
  return { schema: z.array(items, { error }).max(MAX_ENTRIES, { error }).readonly(), type };
}

/** Where something is sent, path and query included; it may hold a secret, which then belongs into a file. */
export const webhook = textField('URL', 'a URL such as https://host/path', (value) => {
  const parsed = value.length <= MAX_TEXT ? URL.parse(value) : null;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') return undefined;
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

/** `host:port`; IPv6 in brackets. */
export const listen = textField(
  'host:port',
  'an address such as 127.0.0.1:9480 or [::1]:9480',
  (value): ListenAddress | undefined => {
    const { ipv6, name = '', port } = LISTEN.exec(value)?.groups ?? {};
    const isHost = ipv6 === undefined ? isIPv4(name) || isHostName(name) : isIPv6(ipv6);
    return isHost && Number(port) <= 65_535 ? { host: ipv6 ?? name, port: Number(port) } : undefined;
  },
  formatListenAddress,
);

/** Names and addresses under which a server is asked, without ports; IPv6 without brackets. */
export const hosts = listOf(
  textLeaf('a host name or an address, without a port', (value) =>
    isIPv4(value) || isIPv6(value) || isHostName(value) ? value : undefined,
  ),
  'list of host names',
  '[rebalancer.example]',
);

/** Four numbers that are no IPv4 address (`1.2.3.400`) are a slip, not a name. */
function isHostName(host: string): boolean {
  return HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

import process from 'node:process';
import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';
import type { z } from 'zod';
import { isObject } from '../domain/json-file.ts';
import { formatDuration } from '../lib/duration.ts';
import { INVISIBLE } from '../lib/invisible.ts';
import { parsedOrUndefined } from '../lib/json.ts';
import { formatNumber } from '../lib/number.ts';
import { hang } from '../lib/wrap.ts';
import { moveViewSchema } from './event-view.ts';

const LEVEL_WORDS: Readonly<Record<string, string>> = { warn: 'warning' };
const LEVEL_COLOURS = { info: 'green', warn: 'yellow', error: 'red' } as const;
/** Fields that the line itself tells. */
const LEFT_OUT = ['level', 'time', 'message'];

interface ReadableOptions {
  /** The width of the terminal, asked for each line. Default: no line is broken. */
  readonly columns?: (() => number | undefined) | undefined;
  /** Tell the time of day (UTC), and colour the level where standard output takes colours. Default false. */
  readonly live?: boolean;
}

/**
 * A destination for {@link createLogger} that turns its JSON lines into lines for a person: `warning: The message: key=value, key=value`.
 *
 * @param write takes whole lines.
 */
export function readableLines(
  write: (line: string) => void,
  { live = false, columns }: ReadableOptions = {},
): DestinationStream {
  return {
    write: (json) => {
      const width = columns?.() ?? 0;
      const lines = readableLine(json, live, width > 0 ? width : Infinity);
      write(lines.map((line) => `${line}\n`).join(''));
    },
  };
}

function readableLine(json: string, live: boolean, width: number): string[] {
  const line = parsedOrUndefined(json);
  if (!isObject(line)) return [json.trimEnd()];
  const level = typeof line['level'] === 'string' ? line['level'] : 'log';
  const word = LEVEL_WORDS[level] ?? level;
  const fields = Object.entries(withPlace(line))
    // What has no value is nothing to read.
    .filter(([name, value]) => !LEFT_OUT.includes(name) && value !== null)
    .map(([name, value]) => fieldText(name, value));
  const told = fields
    .map((field, at) => (at < fields.length - 1 ? field.replace(/\.$/, '') : field))
    .join(', ');
  const text = oneLine([String(line['message']), told].filter((part) => part !== '').join(': '));
  if (!live) return hang('', `${oneLine(word)}: ${text}`, width, HANGING);
  return hang(`${timeOfDay(line['time'])} `, `${coloured(level, word)}: ${text}`, width);
}

const HANGING = 2;

/** `7 of 58` in place of two fields. */
function withPlace(line: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { position, total, ...rest } = line;
  return typeof position === 'number' && typeof total === 'number'
    ? { '': `${formatNumber(position)} of ${formatNumber(total)}`, ...rest }
    : line;
}

function timeOfDay(time: unknown): string {
  return /T(\d\d:\d\d:\d\d)/.exec(String(time))?.[1] ?? '--:--:--';
}

/** Node looks whether standard output is a terminal, at NO_COLOR and at FORCE_COLOR. */
function coloured(level: string, word: string): string {
  const colour = Object.entries(LEVEL_COLOURS).find(([name]) => name === level)?.[1];
  return colour === undefined ? oneLine(word) : styleText(colour, word, { stream: process.stdout });
}

/** `duration=2.6 s` for `"durationMs":2600`. */
function fieldText(name: string, value: unknown): string {
  if (name.endsWith('Ms') && typeof value === 'number')
    return `${name.slice(0, -'Ms'.length)}=${formatDuration(value)}`;
  const move = moveSchema.safeParse(value);
  if (move.success) return moveText(move.data);
  return name === '' ? valueText(value) : `${name}=${valueText(value)}`;
}

/** Errors say the most in their message. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(valueText).join('; ');
  if (typeof value === 'object' && value !== null) {
    if ('message' in value && typeof value.message === 'string') return value.message;
  }
  return JSON.stringify(value);
}

const moveSchema = moveViewSchema
  .unwrap()
  .pick({ regionId: true, table: true, from: true, to: true, state: true, cause: true, detail: true });

function moveText({ regionId, table, from, to, state, cause, detail }: z.infer<typeof moveSchema>): string {
  const text = `region ${regionId} of ${table} from ${from} to ${to}`;
  if (cause === null) return text;
  return state === 'succeeded' || detail === null ? `${text}, ${state}` : `${text}, ${state}: ${detail}`;
}

/** Texts of servers are in it: nothing in them may reach a terminal as more than text. */
function oneLine(text: string): string {
  return text.replace(INVISIBLE, ' ');
}

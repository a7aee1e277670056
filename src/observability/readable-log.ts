import { INVISIBLE } from '../lib/invisible.ts';
import type { DestinationStream } from 'pino';

const LEVEL_WORDS: Readonly<Record<string, string>> = { warn: 'warning' };
/** What a person is told by the line itself, or does not ask for. */
const LEFT_OUT = ['level', 'time', 'message'];

/**
 * A destination for {@link createLogger} that turns its JSON lines into lines for a person: `warning: The message: key=value, key=value`.
 *
 * @param write takes whole lines.
 */
export function readableLines(write: (line: string) => void): DestinationStream {
  return { write: (json) => write(`${readableLine(json)}\n`) };
}

function readableLine(json: string): string {
  const line = parseLine(json);
  if (!line) return json.trimEnd();
  const { level, message } = line;
  const word = typeof level === 'string' ? (LEVEL_WORDS[level] ?? level) : 'log';
  const fields = Object.entries(line)
    .filter(([name]) => !LEFT_OUT.includes(name))
    .map(([name, value]) => `${name}=${valueText(value)}`);
  return oneLine([`${word}: ${String(message)}`, fields.join(', ')].filter((part) => part !== '').join(': '));
}

function parseLine(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Errors and moves say the most in one of their fields. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    if ('message' in value && typeof value.message === 'string') return value.message;
    if ('regionId' in value && typeof value.regionId === 'string') return `region ${value.regionId}`;
  }
  return JSON.stringify(value);
}

/** Texts of servers are in it: nothing in them may reach a terminal as more than text. */
function oneLine(text: string): string {
  return text.replace(INVISIBLE, ' ');
}

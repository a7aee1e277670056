import { z } from 'zod';
import { parsedOrUndefined, parseJsonExact } from '../../lib/json.ts';

/**
 * The rows of a large answer, still as text. Parsed piece by piece they need neither the event loop for long nor memory for more than a
 * piece, and a million of them take half the time: nothing outlives its piece but what the reader keeps.
 */
export interface RowsText {
  readonly body: string;
  /** Where the first row begins. */
  readonly from: number;
  /** Where the last one ends. */
  readonly to: number;
  /** The answer with {@link STAND_IN} for all its rows. */
  readonly envelope: unknown;
}

/** Shorter answers are parsed in one go, in a millisecond or two. */
const MIN_LARGE = 256 * 1024;
/** Characters that are parsed at a time: below a millisecond's work. */
const PIECE = 32 * 1024;
/** A row that is longer than all that is parsed in one go is none of GreptimeDB's. */
export const MAX_AT_ONCE = 1024 * 1024;
const OPENING = '"rows":[[';
const CLOSING = ']]';
const STAND_IN = 'rows';
const withStandIn = z.object({ rows: z.tuple([z.literal(STAND_IN)]) });
const envelopeForm = z.object({ output: z.tuple([z.object({ records: withStandIn })]).rest(z.unknown()) });

/**
 * Finds the rows of an answer without parsing it. Quotes within a string are escaped, so that the opening can only be what it looks like;
 * whether it is the right one shows when the rest is parsed.
 *
 * @returns undefined when the answer is short, or its form is not the usual one.
 */
export function findRowsText(body: string): RowsText | undefined {
  if (body.length < MIN_LARGE) return undefined;
  const opening = body.indexOf(OPENING);
  const to = body.lastIndexOf(CLOSING) + 1;
  const from = opening + OPENING.length - 1;
  if (opening === -1 || to <= from || from + body.length - to > MAX_AT_ONCE) return undefined;
  const envelope = parsedOrUndefined(`${body.slice(0, from)}"${STAND_IN}"${body.slice(to)}`);
  return envelopeForm.safeParse(envelope).success ? { body, from, to, envelope } : undefined;
}

/**
 * Parses the rows, a piece at a time. A cut at the wrong place does not parse: within a string it leaves a quote open, within a nested
 * value a bracket. Then a longer piece is tried, up to {@link MAX_AT_ONCE}.
 *
 * @yields some rows, whatever they are; undefined at the end when the rest is no list of rows, or of too long ones.
 */
export function* piecesOf({ body, from, to }: RowsText): Generator<readonly unknown[] | undefined> {
  let parse: (text: string) => unknown = JSON.parse;
  for (let at = from; at < to;) {
    let piece = pieceAt(body, at, to, parse);
    if (piece?.rows.some(hasRounded)) {
      // The next ones will hold such integers too.
      parse = parseJsonExact;
      piece = pieceAt(body, at, to, parse);
    }
    if (!piece) {
      yield undefined;
      return;
    }
    yield piece.rows;
    at = piece.end + 1;
  }
}

function pieceAt(
  body: string,
  from: number,
  to: number,
  parse: (text: string) => unknown,
): { readonly rows: readonly unknown[]; readonly end: number } | undefined {
  for (let length = PIECE; ; length *= 2) {
    const cut = from + length < to ? body.indexOf('],[', from + length) : -1;
    const end = cut === -1 || cut >= to ? to : cut + 1;
    if (end - from > 2 * MAX_AT_ONCE) return undefined;
    const rows = parsedOrUndefined(`[${body.slice(from, end)}]`, parse);
    if (Array.isArray(rows)) return { rows, end };
    if (end === to || end - from > MAX_AT_ONCE) return undefined;
  }
}

/** Whether a row holds an integer that plain parsing may have rounded. */
function hasRounded(row: unknown): boolean {
  if (!Array.isArray(row)) return false;
  for (const cell of row) {
    if (typeof cell === 'number' && (cell > Number.MAX_SAFE_INTEGER || cell < Number.MIN_SAFE_INTEGER))
      return true;
  }
  return false;
}

import { z } from 'zod';
import { MOVE_REASON_CODES, OUTCOME_CODES } from '../../domain/codes.ts';
import { EXPLAIN_KINDS } from '../../domain/explanation.ts';
import { id, timestamp } from '../../domain/fields.ts';
import { parseDuration } from '../../lib/duration.ts';

/** What the API takes. Every field is bounded, and one that is not known is refused. */

const MAX_TEXT = 500;
const MAX_NAME = 100;
const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

// Control characters have no place in what ends up in logs and on terminals.
const line = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'text without control characters');

const duration = z
  .string()
  .max(40)
  .transform((text, context) => {
    const durationMs = parseDuration(text);
    if (durationMs !== undefined && durationMs > 0) return durationMs;
    context.addIssue({ code: 'custom', message: 'a duration above zero such as 30s, 5m or 1h30m' });
    return z.NEVER;
  })
  .describe('A duration such as 30s, 5m or 1h30m.');

const by = line(MAX_NAME).optional().describe('Who asks, for the history.');

export const pauseBody = z.strictObject({
  for: duration.optional().describe('How long; else until resumed.'),
  reason: line(MAX_TEXT).default(''),
  by,
});
export const plainBody = z.strictObject({ by });
export const datanodesBody = z.strictObject({ datanodes: z.array(id('datanode')).min(1).max(1_000), by });
export const drainBody = datanodesBody.extend({
  dryRun: z.boolean().default(false).describe('Only tell what would be moved.'),
});
export const releaseBody = z.union(
  [z.strictObject({ regionId: id('region'), by }), z.strictObject({ datanodeId: id('datanode'), by })],
  'either the regionId or the datanodeId, a decimal string',
);

const whole = (least: number, most: number, fallback: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(least).max(most).default(fallback);

const timeMs = timestamp.transform((text) => Date.parse(text));

export const historyInput = z.strictObject({
  limit: whole(1, MAX_PAGE, DEFAULT_PAGE),
  before: z
    .string()
    .regex(/^\d{1,15}$/, 'the `next` of an earlier page')
    .transform(Number)
    .optional(),
  outcome: z.enum(OUTCOME_CODES).optional(),
  reason: z.enum(MOVE_REASON_CODES).optional(),
  region: id('region').optional(),
  table: z.string().min(1).max(MAX_TEXT).optional().describe('A table id, or a part of a full name.'),
  datanode: id('datanode').optional().describe('As source or target.'),
  since: timeMs.optional().describe('Created at or after.'),
  until: timeMs.optional().describe('Created before.'),
});

export type HistoryQuery = z.infer<typeof historyInput>;

export const regionsInput = z.strictObject({
  limit: whole(1, 5_000, 1_000),
  datanode: id('datanode').optional().describe('Led by it, or to be moved to it.'),
  table: id('table').optional(),
});
export type RegionsQuery = z.infer<typeof regionsInput>;

export const queueInput = z.strictObject({
  limit: whole(1, MAX_PAGE, DEFAULT_PAGE),
  text: z.string().max(MAX_TEXT).optional().describe('A part of a table name or of a region id.'),
});
export type QueueQuery = z.infer<typeof queueInput>;

const DAY_MS = 86_400_000;

export const seriesInput = z.strictObject({
  range: z
    .string()
    .max(40)
    .default('24h')
    .transform((text, context) => {
      const rangeMs = parseDuration(text);
      if (rangeMs !== undefined && rangeMs >= 60_000 && rangeMs <= 366 * DAY_MS) return rangeMs;
      context.addIssue({ code: 'custom', message: 'a duration from 1m to 366d' });
      return z.NEVER;
    })
    .describe('How far back: a duration such as 6h or 7d.'),
  points: whole(1, 1_000, 200).describe('At most so many steps.'),
});
export type SeriesQuery = z.infer<typeof seriesInput>;
export const auditInput = z.strictObject({ limit: whole(1, MAX_PAGE, DEFAULT_PAGE) });

export const explainInput = z.strictObject({
  kind: z.enum(EXPLAIN_KINDS),
  id: line(MAX_TEXT)
    .min(1)
    .describe(
      'A decimal id; for a table also its name as schema.table or catalog.schema.table, or alone where only one has it.',
    ),
});

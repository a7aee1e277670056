import { z } from 'zod';
import { parseDuration } from '../../lib/duration.ts';
import { decimalId } from '../../lib/json.ts';
import { HttpError } from '../http/errors.ts';
import { createJsonCache } from '../http/large-json.ts';
import type { OverviewViews } from './overview-ports.ts';
import { auditSchema, matrixSchema, queueSchema, regionsSchema, seriesSchema } from './overview-schemas.ts';
import { jsonAnswer, route } from '../http/route.ts';
import type { Route } from '../http/route.ts';

const MAX_REGIONS = 5_000;
const MAX_QUEUE = 1_000;
const MAX_POINTS = 1_000;
const MAX_AUDIT = 1_000;
const MAX_TEXT = 500;
const DAY_MS = 86_400_000;

const whole = (least: number, most: number, fallback: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(least).max(most).default(fallback);
const id = z.string().refine((text) => decimalId(text) === text, 'wanted: an unsigned decimal id');
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

const regionsInput = z.strictObject({
  limit: whole(1, MAX_REGIONS, 1_000),
  datanode: id.optional().meta({ description: 'Led by it, or to be moved to it.' }),
  table: id.optional(),
  region: id.optional(),
  moving: flag.meta({ description: 'Only those that the plan moves.' }),
});
const queueInput = z.strictObject({
  limit: whole(1, MAX_QUEUE, 100),
  offset: whole(0, 10_000_000, 0),
  datanode: id.optional().meta({ description: 'As source or target.' }),
  text: z
    .string()
    .max(MAX_TEXT)
    .optional()
    .meta({ description: 'A part of a table name or of a region id.' }),
});
const seriesInput = z.strictObject({
  range: z
    .string()
    .max(40)
    .default('24h')
    .transform((text, context) => {
      const rangeMs = parseDuration(text);
      if (rangeMs !== undefined && rangeMs >= 60_000 && rangeMs <= 366 * DAY_MS) return rangeMs;
      context.addIssue({ code: 'custom', message: 'wanted: a duration from 1m to 366d' });
      return z.NEVER;
    })
    .meta({ description: 'How far back: a duration such as 6h or 7d.' }),
  points: whole(1, MAX_POINTS, 200),
});
const auditInput = z.strictObject({ limit: whole(1, MAX_AUDIT, 100) });

/** Compact views for the page and for scripts, whatever the size of the cluster. */
export function overviewRoutes(views: OverviewViews): Route[] {
  return [matrixRoute(views), regionsRoute(views), queueRoute(views), seriesRoute(views), auditRoute(views)];
}

function matrixRoute(views: OverviewViews): Route {
  const write = createJsonCache();
  return route({
    method: 'GET',
    path: '/api/v1/matrix',
    access: 'read',
    summary: 'How many regions of each table each datanode leads now, and will lead after the plan.',
    answers: { 200: jsonAnswer('The counts.', matrixSchema), 503: jsonAnswer('No snapshot yet.') },
    handle: async () => ({ kind: 'json-body', body: await write((await views.matrix()) ?? noSnapshot()) }),
  });
}

function regionsRoute(views: OverviewViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/regions',
    access: 'read',
    summary: 'Regions with their leader, load and where the plan moves them.',
    query: regionsInput,
    answers: { 200: jsonAnswer('The regions.', regionsSchema), 503: jsonAnswer('No snapshot yet.') },
    handle: async ({ query }) => {
      const { limit, datanode, table, region, moving } = query;
      const view = await views.regions({
        limit,
        datanodeId: datanode,
        tableId: table,
        regionId: region,
        moving,
      });
      return { kind: 'json-body', body: await createJsonCache()(view ?? noSnapshot()) };
    },
  });
}

function queueRoute(views: OverviewViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/queue',
    access: 'read',
    summary: 'Moves of the latest plan that have not begun, in their order.',
    query: queueInput,
    answers: { 200: jsonAnswer('The moves.', queueSchema) },
    handle: ({ query: { limit, offset, datanode, text } }) => ({
      kind: 'json',
      value: views.queue({ limit, offset, datanodeId: datanode, text: text === '' ? undefined : text }),
    }),
  });
}

function seriesRoute(views: OverviewViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/series',
    access: 'read',
    summary: 'Skew and moves over time, from the stored history.',
    query: seriesInput,
    answers: { 200: jsonAnswer('The steps.', seriesSchema) },
    handle: async ({ query: { range, points } }) => ({
      kind: 'json',
      value: await views.series({ rangeMs: range, points }),
    }),
  });
}

function auditRoute(views: OverviewViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/audit',
    access: 'read',
    summary: 'Who paused, drained or otherwise changed the rebalancer, when and why; the newest first.',
    query: auditInput,
    answers: { 200: jsonAnswer('The entries.', auditSchema) },
    handle: ({ query: { limit } }) => ({ kind: 'json', value: views.audit(limit) }),
  });
}

function noSnapshot(): never {
  throw new HttpError(503, 'no-snapshot', 'No snapshot has been taken yet.', { 'retry-after': '5' });
}

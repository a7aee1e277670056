import type { z } from 'zod';
import { explanationSchema } from '../../domain/explanation.ts';
import { planSchema } from '../../domain/plan.ts';
import { snapshotSchema } from '../../domain/snapshot.ts';
import { toMoveView } from '../../observability/event-view.ts';
import { HttpError } from '../http/errors.ts';
import { auditInput, explainInput, historyInput, queueInput, regionsInput, seriesInput } from './inputs.ts';
import { createJsonCache } from '../http/large-json.ts';
import type { MaybePromise, ServerViews } from './ports.ts';
import { jsonAnswer, route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import {
  auditSchema,
  healthSchema,
  historySchema,
  matrixSchema,
  quarantineSchema,
  readinessSchema,
  queueSchema,
  regionsSchema,
  seriesSchema,
  statusSchema,
} from './answers.ts';

export interface MetricsText {
  render(): Promise<string>;
  readonly contentType: string;
}

/** For probes and Prometheus. */
export function probeRoutes(views: ServerViews, metrics: MetricsText): Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      access: 'open',
      summary: 'Whether the process lives.',
      answers: { 200: jsonAnswer('It does.', healthSchema) },
      handle: () => ({ kind: 'json', value: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      access: 'open',
      summary: 'Whether it can work: there is a leader, a fresh snapshot and a usable state folder.',
      answers: {
        200: jsonAnswer('Ready.', readinessSchema),
        503: jsonAnswer('Not ready; `missing` tells what is missing.', readinessSchema),
      },
      handle: () => {
        const readiness = views.readiness();
        return { kind: 'json', status: readiness.ready ? 200 : 503, value: readiness };
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      access: 'read',
      summary: 'Metrics in the Prometheus text format.',
      answers: { 200: { description: 'See docs/metrics.md.', type: 'text/plain' } },
      handle: async () => ({ kind: 'content', body: await metrics.render(), type: metrics.contentType }),
    }),
  ];
}

/** What the rebalancer sees, plans and did. */
export function viewRoutes(views: ServerViews): Route[] {
  return [
    read('status', statusSchema, {
      summary: 'The status now: verdict, running move, what is next, and what blocks moves.',
      answer: () => views.status(),
    }),
    readLarge('snapshot', snapshotSchema, NO_SNAPSHOT, {
      summary: 'The latest snapshot, in the format of snapshot files.',
      answer: () => views.snapshot(),
    }),
    readLarge('plan', planSchema, NO_PLAN, {
      summary: 'The latest plan, in the format of plan files.',
      answer: () => views.plan(),
    }),
    read('history', historySchema, {
      summary: 'Moves, the newest first.',
      query: historyInput,
      answer: async (query) => {
        const moves = await views.history(query);
        const last = moves.length < query.limit ? undefined : moves.at(-1);
        return { moves: moves.map(toMoveView), next: last === undefined ? null : String(last.id) };
      },
    }),
    explainRoute(views),
    read('quarantine', quarantineSchema, {
      summary: 'Regions that rest after failed migrations.',
      answer: async () => views.quarantine(),
    }),
    readLarge('matrix', matrixSchema, NO_PLAN, {
      summary: 'How many regions of each table each datanode leads now, and will lead after the plan.',
      answer: () => views.matrix(),
    }),
    readLarge('regions', regionsSchema, NO_SNAPSHOT, {
      summary: 'Regions with their leader, load and where the plan moves them.',
      query: regionsInput,
      answer: (query) => views.regions(query),
    }),
    read('queue', queueSchema, {
      summary: 'Moves of the latest plan that have not begun, in their order.',
      query: queueInput,
      answer: (query) => views.queue(query),
    }),
    read('series', seriesSchema, {
      summary: 'Skew and moves over time, from the stored history.',
      query: seriesInput,
      answer: (query) => views.series(query),
    }),
    read('audit', auditSchema, {
      summary: 'Who paused, drained or otherwise changed the rebalancer, when and why; the newest first.',
      query: auditInput,
      answer: ({ limit }) => ({ entries: views.audit(limit) }),
    }),
  ];
}

interface Read<Answer, Query> {
  readonly summary: string;
  readonly query?: z.ZodType<Query>;
  readonly answer: (query: Query) => MaybePromise<Answer>;
}

function read<S extends z.ZodType, Query = object>(
  name: string,
  schema: S,
  { summary, query, answer }: Read<z.output<S>, Query>,
): Route {
  return route({
    method: 'GET',
    path: `/api/v1/${name}`,
    access: 'read',
    summary,
    input: query && { from: 'query', schema: query },
    answers: { 200: jsonAnswer('The answer.', schema) },
    handle: async (given) => ({ kind: 'json', value: await answer(given) }),
  });
}

const NO_SNAPSHOT = new HttpError(503, 'no-snapshot', 'No snapshot has been taken yet.', {
  'retry-after': '5',
});
const NO_PLAN = new HttpError(503, 'no-plan', 'No plan has been made yet.', { 'retry-after': '5' });

/** The same for what may be large, and is not there before the first cycle. */
function readLarge<S extends z.ZodType<object>, Query = object>(
  name: string,
  schema: S,
  absent: HttpError,
  { summary, query, answer }: Read<z.output<S> | undefined, Query>,
): Route {
  const write = createJsonCache();
  return route({
    method: 'GET',
    path: `/api/v1/${name}`,
    access: 'read',
    summary,
    input: query && { from: 'query', schema: query },
    answers: { 200: jsonAnswer('The answer.', schema), 503: jsonAnswer(absent.message) },
    handle: async (given) => {
      const value = await answer(given);
      if (value === undefined) throw absent;
      return write(value);
    },
  });
}

function explainRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/explain/{kind}/{id}',
    access: 'read',
    summary: 'Why a region, a table or a datanode moves or stays.',
    input: { from: 'path', schema: explainInput },
    answers: {
      200: jsonAnswer('The explanation.', explanationSchema),
      404: jsonAnswer('There is none of that id.'),
      503: jsonAnswer(NO_SNAPSHOT.message),
    },
    handle: async ({ kind, id }) => {
      const value = await views.explain(kind, id);
      if (value === undefined && views.snapshot() === undefined) throw NO_SNAPSHOT;
      if (value === undefined)
        throw new HttpError(404, 'not-found', `There is no ${kind} ${JSON.stringify(id)}.`);
      return { kind: 'json', value };
    },
  });
}

export function eventsRoute(): Route {
  return route({
    method: 'GET',
    path: '/api/v1/events',
    access: 'read',
    summary:
      'Every change as server-sent events. Resumes after the header Last-Event-ID; an event `reset` means that events were lost and everything has to be read afresh.',
    answers: {
      200: { description: 'Events named by their type, data in JSON.', type: 'text/event-stream' },
      503: jsonAnswer('Too many clients.'),
    },
    handle: (_input, { headers }) => {
      const lastEventId = headers['last-event-id'];
      return { kind: 'event-stream', lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined };
    },
  });
}

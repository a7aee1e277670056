import { explanationSchema } from '../../domain/explanation.ts';
import { planSchema } from '../../domain/plan.ts';
import { snapshotSchema } from '../../domain/snapshot.ts';
import { isoTime, toMoveView } from '../../observability/event-view.ts';
import { HttpError } from '../http/errors.ts';
import { auditInput, explainInput, historyInput, queueInput, regionsInput, seriesInput } from './inputs.ts';
import { createJsonCache } from '../http/large-json.ts';
import type { ServerViews } from './ports.ts';
import { jsonAnswer, route } from '../http/route.ts';
import type { RawRequest, Route } from '../http/route.ts';
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
    statusRoute(views),
    snapshotRoute(views),
    planRoute(views),
    historyRoute(views),
    explainRoute(views),
    quarantineRoute(views),
    matrixRoute(views),
    regionsRoute(views),
    queueRoute(views),
    seriesRoute(views),
    auditRoute(views),
  ];
}

function statusRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/status',
    access: 'read',
    summary: 'How things stand now: the verdict, the move under way, what is next and what is in the way.',
    answers: { 200: jsonAnswer('The status.', statusSchema) },
    handle: () => ({ kind: 'json', value: views.status() }),
  });
}

function snapshotRoute(views: ServerViews): Route {
  const write = createJsonCache();
  return route({
    method: 'GET',
    path: '/api/v1/snapshot',
    access: 'read',
    summary: 'The latest snapshot, in the format of snapshot files.',
    answers: {
      200: jsonAnswer('The snapshot.', snapshotSchema),
      503: jsonAnswer('None has been taken yet.'),
    },
    handle: async () => {
      const body = await write(views.snapshot() ?? noSnapshot());
      return { kind: 'json-body', body };
    },
  });
}

function planRoute(views: ServerViews): Route {
  const write = createJsonCache();
  return route({
    method: 'GET',
    path: '/api/v1/plan',
    access: 'read',
    summary: 'The latest plan, in the format of plan files.',
    answers: { 200: jsonAnswer('The plan.', planSchema), 503: jsonAnswer('None has been made yet.') },
    handle: async () => {
      const body = await write(views.plan() ?? noPlan());
      return { kind: 'json-body', body };
    },
  });
}

function noSnapshot(): never {
  notYet('no-snapshot', 'No snapshot has been taken yet.');
}

function noPlan(): never {
  notYet('no-plan', 'No plan has been made yet.');
}

function notYet(code: string, message: string): never {
  throw new HttpError(503, code, message, { 'retry-after': '5' });
}

function historyRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/history',
    access: 'read',
    summary: 'Moves, the newest first.',
    query: historyInput,
    answers: { 200: jsonAnswer('One page.', historySchema) },
    handle: async ({ query }) => {
      const moves = await views.history(query);
      const last = moves.length < query.limit ? undefined : moves.at(-1);
      const next = last === undefined ? null : String(last.id);
      return { kind: 'json', value: { moves: moves.map(toMoveView), next } };
    },
  });
}

function explainRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/explain/{kind}/{id}',
    access: 'read',
    summary: 'Why a region, a table or a datanode moves or stays.',
    params: explainInput,
    answers: {
      200: jsonAnswer('The explanation.', explanationSchema),
      404: jsonAnswer('There is none of that id.'),
    },
    handle: async ({ params: { kind, id } }) => {
      const value = await views.explain(kind, id);
      if (value === undefined)
        throw new HttpError(404, 'not-found', `There is no ${kind} ${JSON.stringify(id)}.`);
      return { kind: 'json', value };
    },
  });
}

function quarantineRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/quarantine',
    access: 'read',
    summary: 'Regions that rest after failed migrations.',
    answers: { 200: jsonAnswer('The regions.', quarantineSchema) },
    handle: async () => {
      const quarantined = (await views.quarantine()).map(({ untilMs, move, ...region }) => ({
        ...region,
        until: isoTime(untilMs),
        move: move ? toMoveView(move) : null,
      }));
      return { kind: 'json', value: { quarantined } };
    },
  });
}

function matrixRoute(views: ServerViews): Route {
  const write = createJsonCache();
  return route({
    method: 'GET',
    path: '/api/v1/matrix',
    access: 'read',
    summary: 'How many regions of each table each datanode leads now, and will lead after the plan.',
    answers: { 200: jsonAnswer('The counts.', matrixSchema), 503: jsonAnswer('No plan yet.') },
    handle: async () => ({ kind: 'json-body', body: await write((await views.matrix()) ?? noPlan()) }),
  });
}

function regionsRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/regions',
    access: 'read',
    summary: 'Regions with their leader, load and where the plan moves them.',
    query: regionsInput,
    answers: { 200: jsonAnswer('The regions.', regionsSchema), 503: jsonAnswer('No snapshot yet.') },
    handle: async ({ query }) => {
      const view = (await views.regions(query)) ?? noSnapshot();
      return { kind: 'json-body', body: await createJsonCache()(view) };
    },
  });
}

function queueRoute(views: ServerViews): Route {
  return route({
    method: 'GET',
    path: '/api/v1/queue',
    access: 'read',
    summary: 'Moves of the latest plan that have not begun, in their order.',
    query: queueInput,
    answers: { 200: jsonAnswer('The moves.', queueSchema) },
    handle: ({ query }) => ({ kind: 'json', value: views.queue(query) }),
  });
}

function seriesRoute(views: ServerViews): Route {
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

function auditRoute(views: ServerViews): Route {
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

export function eventsRoute(): Route {
  return route({
    method: 'GET',
    path: '/api/v1/events',
    access: 'read',
    summary:
      'Every change as server-sent events. Resumes after the header Last-Event-ID (or the query lastEventId); an event `reset` means that events were lost and everything has to be read afresh.',
    answers: {
      200: { description: 'Events named by their type, data in JSON.', type: 'text/event-stream' },
      503: jsonAnswer('Too many clients.'),
    },
    handle: ({ request }) => ({ kind: 'event-stream', lastEventId: lastEventIdOf(request) }),
  });
}

function lastEventIdOf({ headers, query }: RawRequest): string | undefined {
  const header = headers['last-event-id'];
  if (typeof header === 'string') return header;
  const given =
    typeof query === 'object' && query !== null && 'lastEventId' in query ? query.lastEventId : undefined;
  return typeof given === 'string' ? given : undefined;
}

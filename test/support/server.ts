import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { VirtualClock } from '../../src/lib/clock.ts';
import type { EventBus } from '../../src/observability/events.ts';
import { trackLiveState } from '../../src/observability/live-state.ts';
import { createServer } from '../../src/server/server.ts';
import type { RunningServer, ServerDependencies, ServerOptions } from '../../src/server/server.ts';
import type { HistoryQuery } from '../../src/server/api/inputs.ts';
import { createMatrixReader } from '../../src/server/api/matrix.ts';
import type { ServerActions, ServerViews } from '../../src/server/api/ports.ts';
import { buildQueue } from '../../src/server/api/queue.ts';
import { buildRegions } from '../../src/server/api/regions.ts';
import { buildSeries } from '../../src/server/api/series.ts';
import { buildStatus } from '../../src/server/api/status.ts';
import type { StatusFacts } from '../../src/server/api/status.ts';
import { eventBus, sampleMove, samplePlan, sampleSnapshot, START_MS } from './observability.ts';
import { withCounts } from './plans.ts';

export interface TestServer {
  readonly server: RunningServer;
  readonly bus: EventBus;
  readonly clock: VirtualClock;
  /** Calls of the actions, in order. */
  readonly calls: [name: string, request: unknown][];
  readonly queries: HistoryQuery[];
  readonly defects: unknown[];
}

const PAGE: ServerDependencies['web'] = new Map([
  ['/index.html', { body: Buffer.from('<!doctype html>'), type: 'text/html', etag: '"a"' }],
]);

export interface TestServerOverrides {
  readonly options?: Partial<ServerOptions>;
  readonly views?: Partial<ServerViews>;
  readonly actions?: Partial<ServerActions>;
  readonly web?: ServerDependencies['web'];
}

/** Facts of a daemon that is fine and has nothing to tell. */
export function statusFacts(overrides: Partial<StatusFacts> & Pick<StatusFacts, 'live'>): StatusFacts {
  return {
    nowMs: START_MS + 10_000,
    startedAtMs: START_MS,
    version: '1.2.3',
    cluster: { name: 'prod', api: 'sql', version: '1.3.0', features: ['followers'] },
    dryRun: false,
    paused: undefined,
    leader: { leads: true, holder: null },
    nextTickAtMs: START_MS + 60_000,
    maxSnapshotAgeMs: 60_000,
    timeLeftMs: undefined,
    quarantined: 0,
    cooling: 0,
    ...overrides,
  };
}

/** A real server on a free port before fakes that remember what they were asked. */
export async function startTestServer(overrides: TestServerOverrides = {}): Promise<TestServer> {
  const { bus, clock } = eventBus();
  const live = trackLiveState(bus);
  const calls: TestServer['calls'] = [];
  const queries: HistoryQuery[] = [];
  const defects: unknown[] = [];
  const readMatrix = createMatrixReader();
  const views: ServerViews = {
    status: () => buildStatus(statusFacts({ live: live.state(), nowMs: clock.now() })),
    snapshot: () => live.state().snapshot ?? undefined,
    plan: () => live.state().plan ?? undefined,
    history(query) {
      queries.push(query);
      return [sampleMove({ id: 9, state: 'succeeded' }), sampleMove({ id: 8, state: 'failed' })].slice(
        0,
        query.limit,
      );
    },
    explain: (kind, id) =>
      id === '404' ? undefined : { kind, id, answer: 'It is well placed.', reasons: [], facts: {} },
    readiness: () => ({ ready: true, missing: [] }),
    quarantine: () => [
      {
        regionId: '4398046511104',
        failures: 2,
        untilMs: START_MS,
        detail: 'rolled_back: no',
        move: sampleMove({ state: 'rolled_back', cause: 'rolled_back' }),
      },
    ],
    matrix: () => readMatrix(live.state()),
    regions: (query) => buildRegions(live.state(), query),
    queue: (query) => buildQueue(live.state(), query),
    series: ({ rangeMs }) => {
      const untilMs = clock.now();
      return Promise.resolve(buildSeries({ sinceMs: untilMs - rangeMs, untilMs, stepMs: 1_000 }, []));
    },
    audit: () => ({
      entries: [{ at: '2026-11-22T13:00:00.000Z', who: 'anna (127.0.0.1)', what: 'pause', why: 'deploy' }],
    }),
    ...overrides.views,
  };
  const remember =
    <Result>(name: string, result: Result) =>
    (request: unknown): Result => {
      calls.push([name, request]);
      return result;
    };
  const actions: ServerActions = {
    pause: remember('pause', { untilMs: START_MS, reason: 'deploy', by: 'me' }),
    resume: remember('resume', undefined),
    trigger: remember('trigger', { kind: 'started' as const, cycleId: 12 }),
    drain: remember('drain', { draining: ['3'], plan: samplePlan() }),
    undrain: remember('undrain', { draining: [] }),
    releaseQuarantine: remember('release-quarantine', { released: true }),
    ...overrides.actions,
  };
  const server = await createServer(
    {
      listen: { host: '127.0.0.1', port: 0 },
      protectReads: false,
      allowedHosts: [],
      version: '1.2.3',
      ...overrides.options,
    },
    {
      views,
      actions,
      events: bus,
      clock,
      metrics: { render: () => Promise.resolve('up 1\n'), contentType: 'text/plain; version=0.0.4' },
      web: 'web' in overrides ? overrides.web : PAGE,
      onDefect: (error) => defects.push(error),
    },
  );
  return { server, bus, clock, calls, queries, defects };
}

/** Makes snapshot and plan known. */
export function emitPlan(bus: EventBus): void {
  bus.emit({ type: 'cycle-started', cycleId: 1, trigger: 'schedule' });
  bus.emit({ type: 'snapshot-taken', cycleId: 1, snapshot: sampleSnapshot(), durationMs: 5 });
  bus.emit({ type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 5 });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The code of an error in our form. */
  readonly code: string | undefined;
}

/** A request with any header, `Host` included, which fetch does not allow. */
export function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, code: codeOf(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function codeOf(text: string): string | undefined {
  return /^\{"error":\{"code":"([a-z-]+)","message":".+"\}\}$/s.exec(text)?.[1];
}

export function postJson(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
}

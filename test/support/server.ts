import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openDaemon } from '../../src/app/daemon/open-daemon.ts';
import type { DaemonParts, RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { planNow } from '../../src/app/planning/planner.ts';
import type { Config } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/load.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import type { EventBus } from '../../src/observability/events.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { MoveChange, MoveDraft, Store } from '../../src/store/port.ts';
import { events, sampleMove, START_MS } from './observability.ts';
import { tempFolder } from './temp-folder.ts';

export interface TestServer {
  readonly server: RunningDaemon['server'];
  readonly url: string;
  readonly daemon: RunningDaemon['daemon'];
  readonly bus: EventBus;
  readonly store: Store;
  readonly clock: VirtualClock;
  /** What was asked of the daemon, the newest first: who, what and why. */
  readonly asked: () => string[][];
  /** What the log says of errors. */
  readonly errors: string[];
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** In place of what the configuration would say. */
  readonly server?: Partial<Config['server']>;
  readonly token?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** `datanodes.drain=[1]` and the like. */
  readonly set?: readonly string[];
  readonly web?: DaemonParts['web'];
}

const PAGE: DaemonParts['web'] = new Map([
  ['/index.html', { body: Buffer.from('<!doctype html>'), type: 'text/html', etag: '"a"' }],
]);

/** The real daemon on a free port, at rest, with its state in memory. Its cluster does not answer: what is seen of one, tests emit. Until the test ends. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const clock = new VirtualClock(START_MS);
  const errors: string[] = [];
  const logger = createLogger(
    { level: 'error', destination: { write: (line) => errors.push(line) } },
    { clock },
  );
  const parts: DaemonParts = {
    ...{ version: '1.2.3', clock, logger, web: options.web ?? PAGE },
    planner: (input, planning) => Promise.resolve(planNow(input, planning, clock)),
    openCluster: (_options, _dependencies, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  };
  const { daemon, server, session, close } = await openDaemon(configFor(options), parts);
  onTestFinished(close);
  return {
    ...{ daemon, server, url: server.url, bus: session.events, store: session.store, clock, errors },
    asked: () => session.store.listAudit(1_000).map(({ who, what, why }) => [who, what, why]),
    close,
  };
}

function configFor({ server, token, tls, set = [] }: TestServerOptions): Config {
  const folder = tempFolder();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = readConfig({
    env: {},
    cwd: folder,
    set: [
      'cluster.name=prod',
      'cluster.sql.endpoints=["http://127.0.0.1:1"]',
      'execution.dryRun=false',
      ...set,
    ],
  });
  return {
    ...config,
    state: { ...config.state, path: ':memory:' },
    server: {
      ...config.server,
      listen: { host: '127.0.0.1', port: 0 },
      ...(token !== undefined && { tokenFile: file('token', token) }),
      ...(tls && { tls: { certFile: file('cert.pem', tls.cert), keyFile: file('key.pem', tls.key) } }),
      ...server,
    },
  };
}

/** A move in the store, in a state of its own. */
export function storeMove(
  store: Store,
  draft: Partial<MoveDraft>,
  change: Omit<MoveChange, 'moveId' | 'expected' | 'atMs'>,
): void {
  const { planId, cycleId, regionId, tableId, table, from, to, reason, createdAtMs } = sampleMove();
  const move = store.createMove({
    ...{ planId, cycleId, regionId, tableId, table, from, to, reason, createdAtMs },
    ...draft,
  });
  store.writeMove({ moveId: move.id, expected: move.state, atMs: START_MS, ...change });
}

/** Makes snapshot and plan known. */
export function emitPlan(bus: EventBus): void {
  for (const event of [events.cycle, events.taken, events.planned()]) bus.emit(event);
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

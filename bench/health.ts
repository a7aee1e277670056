import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { createPlanner } from '../src/app/planning/planner.ts';
import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import { systemClock } from '../src/lib/clock.ts';
import { makeSnapshot } from './clusters.ts';
import { ms, p99, times } from './row.ts';
import type { Row } from './row.ts';
import { DEFAULT_POLICY } from '../test/support/plans.ts';

/** Asks a URL again and again, one request after the other, until told to stop; answers with all latencies in ms. */
const ASKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { request, Agent } = require('node:http');
const agent = new Agent({ keepAlive: true });
let running = true;
const latencies = [];
parentPort.on('message', () => { running = false; });
const ask = () => {
  const start = performance.now();
  request(workerData, { agent }, (response) => {
    response.resume();
    response.on('end', () => {
      latencies.push(performance.now() - start);
      if (running) setTimeout(ask, 2); else parentPort.postMessage(latencies);
    });
  }).end();
};
ask();
`;

/** How quickly the process answers while a million regions are planned, against the same while it is idle. */
export async function* healthSuite(): AsyncGenerator<Row> {
  const snapshot = makeSnapshot({
    tables: 10_000,
    regionsPerTable: 100,
    datanodes: 1_000,
    used: 1_000,
    layout: 'random',
  });
  const server = createServer((_, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/healthz`;
  const planner = createPlanner(systemClock);
  const idle = await during(url, () => new Promise((resolve) => setTimeout(resolve, 2_000)));
  const busy = await during(url, async () => {
    const input = { snapshot, policy: DEFAULT_POLICY, memory: EMPTY_MEMORY, nowMs: 0 };
    await planner(input, { timeBudgetMs: 60_000 }, new AbortController().signal);
  });
  server.close();
  server.closeAllConnections();
  const [busyMs, idleMs] = [p99(busy), p99(idle)];
  yield {
    name: 'Requests while a million regions are planned, p99',
    figure: `${ms(busyMs)} (${busy.length} requests, slowest ${ms(Math.max(...busy))})`,
    reference: `idle: ${ms(idleMs)}`,
    target: 'under 50 ms',
    ratio: times(busyMs / idleMs),
    met: busyMs < 50,
  };
}

/** The latencies of requests, one after the other, while the work is done. */
export async function during(url: string, work: () => Promise<unknown>): Promise<number[]> {
  const asker = new Worker(ASKER, { eval: true, workerData: url });
  const answer = new Promise<number[]>((resolve) => asker.once('message', resolve));
  await work();
  asker.postMessage('stop');
  const latencies = await answer;
  await asker.terminate();
  return latencies;
}

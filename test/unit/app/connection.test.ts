import { expect, it } from 'vitest';
import { Connection } from '../../../src/app/daemon/connection.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

const asked = (outcome: 'ok' | 'error' | 'timeout' | 'refused', durationMs = 0, isAnswered = true) =>
  ({ endpoint: 'probe', outcome, isAnswered, durationMs }) as const;

function stage() {
  const clock = new VirtualClock(0);
  const cluster = new FakeCluster({ regions: {} }, clock);
  return { clock, cluster, connection: new Connection(async () => cluster, clock) };
}

it('silence lasts from the first request that nobody answered to the next answer', async () => {
  const { clock, connection } = stage();
  expect(connection.silentMs()).toBe(0);
  connection.noteRequest(asked('error'));
  expect(connection.silentMs(), 'an error is an answer').toBe(0);
  connection.noteRequest(asked('timeout', 10_000, false));
  await clock.advance(30_000);
  connection.noteRequest(asked('refused', 0, false));
  connection.noteRequest(asked('error'));
  expect(connection.silentMs()).toBe(40_000);
  connection.noteRequest(asked('ok'));
  expect(connection.silentMs()).toBe(0);
});

it('a small request goes out every 10 s while no cycle runs and the cluster is open', async () => {
  const { clock, cluster, connection } = stage();
  let requests = 0;
  cluster.onRequest = () => void (requests += 1);
  let isIdle = true;
  const stop = connection.startProbes(() => isIdle);
  await clock.advance(10_000);
  expect(requests, 'nothing was opened yet').toBe(0);
  await connection.get(new AbortController().signal);
  await clock.advance(10_000);
  expect(requests).toBe(2);
  isIdle = false;
  await clock.advance(20_000);
  expect(requests).toBe(2);
  isIdle = true;
  stop();
  await clock.advance(60_000);
  expect(requests).toBe(2);
});

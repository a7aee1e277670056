import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OperatingError } from '../../../src/domain/errors.ts';
import { EtcdClient } from '../../../src/ha/etcd-client.ts';
import { withPatience, type JsonHttp, type JsonRequest } from '../../../src/ha/http.ts';
import { sleep } from '../../../src/lib/clock.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';

const { signal } = new AbortController();

/** A server that takes so long for its answers, or never gives one. */
function createRig() {
  const clock = new VirtualClock();
  const given: number[] = [];
  const rig = { answerMs: 10 };
  const server: JsonHttp = {
    async send({ timeoutMs }: JsonRequest) {
      given.push(timeoutMs);
      await sleep(clock, Math.min(timeoutMs, rig.answerMs));
      if (rig.answerMs > timeoutMs) throw new OperatingError('lock-unreachable', 'No answer');
      return { status: 200, text: '{}' };
    },
    close: () => Promise.resolve(),
  };
  const http = withPatience(server, { firstMs: 1_000 }, { clock });
  const send = async (url = 'http://a:1/x'): Promise<boolean> => {
    const answer = http.send({ method: 'GET', url, timeoutMs: 2_500, signal }).then(
      () => true,
      () => false,
    );
    await clock.advance(3_000);
    return answer;
  };
  return { rig, given, send };
}

describe('requests with patience', () => {
  test('wait a short time first, twice as long after each silence, and never longer than the request allows', async () => {
    const { rig, given, send } = createRig();
    expect(await send()).toBe(true);
    rig.answerMs = Infinity;
    for (let count = 0; count < 4; count += 1) expect(await send()).toBe(false);
    expect(given).toEqual([1_000, 1_000, 2_000, 2_500, 2_500]);
  });

  test('hear a server that is slow, as long as it is', async () => {
    const { rig, given, send } = createRig();
    rig.answerMs = 1_500;
    expect([await send(), await send(), await send()]).toEqual([false, true, true]);
    rig.answerMs = 10;
    expect([await send(), await send()]).toEqual([true, true]);
    expect(given).toEqual([1_000, 2_000, 2_500, 2_500, 1_000]);
  });

  test('think of each endpoint by itself', async () => {
    const { rig, given, send } = createRig();
    rig.answerMs = Infinity;
    expect(await send('http://a:1/x')).toBe(false);
    rig.answerMs = 10;
    expect(await send('http://b:1/x')).toBe(true);
    expect(await send('http://a:1/y')).toBe(true);
    expect(given).toEqual([1_000, 1_000, 2_000]);
  });
});

test('an endpoint of etcd that swallows what it is sent costs a moment, once', async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const server: JsonHttp = {
    async send({ url, timeoutMs }) {
      const { host } = new URL(url);
      asked.push(host);
      await sleep(clock, host === 'gone:2379' ? timeoutMs : 5);
      if (host === 'gone:2379') throw new OperatingError('lock-unreachable', 'No answer');
      return { status: 200, text: '{}' };
    },
    close: () => Promise.resolve(),
  };
  const http = withPatience(server, { firstMs: 1_000 }, { clock });
  const endpoints = ['http://gone:2379', 'http://there:2379'];
  const client = new EtcdClient({ endpoints, requestTimeoutMs: 2_500 }, http);
  const tookMs = async (): Promise<number> => {
    const startedMs = clock.monotonicMs();
    const answer = client
      .call('/v3/kv/range', {}, z.object({}), signal)
      .then(() => clock.monotonicMs() - startedMs);
    await clock.advance(5_000);
    return answer;
  };
  expect([await tookMs(), await tookMs()]).toEqual([1_005, 5]);
  expect(asked).toEqual(['gone:2379', 'there:2379', 'there:2379']);
});

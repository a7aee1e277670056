import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/lib/prng.ts';
import type { CallError } from '../../../src/greptimedb/call-error.ts';
import { Caller } from '../../../src/greptimedb/caller.ts';
import { parseEndpoint } from '../../../src/greptimedb/endpoint.ts';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { RequestSample } from '../../../src/greptimedb/options.ts';
import type { Transport, TransportResponse } from '../../../src/greptimedb/http.ts';
import { SqlClient } from '../../../src/greptimedb/sql/client.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { NEVER, refusal, rows, sqlError } from '../../support/greptimedb.ts';

const TIMEOUT_MS = 1_000;

type Fate = Partial<TransportResponse> | Error | 'hang';
const GOOD: Fate = { body: rows(['x'], [[1]]) };
const RESET = new TransportError('read ECONNRESET', { sent: true, code: 'ECONNRESET' });
const html = (status: number): Fate => ({ status, body: '<html><h1>Bad Gateway</h1></html>' });

/** One statement of frontends that answer in turn as `fates` says; the last one stays. */
async function ask(fates: readonly Fate[], hosts = ['f0'], isFinal?: (error: CallError) => boolean) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const samples: RequestSample[] = [];
  const retries: string[] = [];
  const transport: Transport = {
    request: ({ origin, signal }) => {
      const fate = fates[Math.min(asked.length, fates.length - 1)]!;
      asked.push(`${origin.slice('http://'.length)}@${Math.round(clock.monotonicMs())}`);
      if (fate instanceof Error) return Promise.reject(fate);
      if (fate !== 'hang') return Promise.resolve({ status: 200, headers: {}, body: '', ...fate });
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
      );
    },
    close: () => Promise.resolve(),
  };
  const caller = new Caller(
    { requestTimeoutMs: TIMEOUT_MS, maxResponseBytes: 1_000_000 },
    {
      clock,
      prng: createPrng('retry'),
      transport,
      onRequest: (sample) => samples.push(sample),
      onRetry: (error) => retries.push(error.message),
    },
  );
  const client = new SqlClient({ endpoints: hosts.map((host) => parseEndpoint(`http://${host}`)) }, caller);
  const startedMs = clock.monotonicMs();
  const query = { operation: 'probe', statement: 'SELECT 1', signal: NEVER } as const;
  const outcome = await clock.settled(
    client.select({ ...query, ...(isFinal && { isFinal }) }).then(
      () => 'answer',
      (error: unknown) => error as CallError,
    ),
  );
  const who = asked.map((line) => line.split('@')[0]);
  return { outcome, who, samples, retries, tookMs: clock.monotonicMs() - startedMs };
}

describe('a read that fails', () => {
  it.each<[string, Fate]>([
    ['refused', refusal()],
    ['broken', RESET],
    ['429', html(429)],
    ['429 of GreptimeDB', sqlError(6001, 'rate limit', 429)],
    ['internal error', sqlError(1003, 'Internal error: 1003', 500)],
    ['unexpected', sqlError(1002, 'Failed to do it', 500)],
    ['502', html(502)],
    ['503', { status: 503, body: '' }],
    ['504', html(504)],
    ['HTML with 200', html(200)],
    ['cut off', { body: rows(['x'], [[1]]).slice(0, 40) }],
    ['empty', { body: '' }],
  ])('%s: is tried up to three times, with growing waits', async (_, fate) => {
    const once = await ask([fate, GOOD]);
    expect(once).toMatchObject({ outcome: 'answer', who: ['f0', 'f0'] });
    expect(once.tookMs).toBeGreaterThanOrEqual(100);
    expect(once.tookMs).toBeLessThanOrEqual(200);
    const twice = await ask([fate, fate, GOOD]);
    expect(twice).toMatchObject({ outcome: 'answer', who: ['f0', 'f0', 'f0'] });
    expect(twice.tookMs).toBeGreaterThanOrEqual(300);
    const always = await ask([fate]);
    expect(always.outcome).not.toBe('answer');
    expect(always.who).toHaveLength(3);
    expect(always.samples).toHaveLength(3);
    expect(always.retries).toHaveLength(2);
  });

  it.each<[string, Fate]>([
    ['an error of ours', sqlError(2000, 'Invalid SQL')],
    ['access denied', sqlError(7002, 'User not found', 401)],
    ['a page that forbids', html(403)],
    ['a redirect', { status: 302, headers: { location: 'http://x/' } }],
    ['rows that are none', { body: '{"output":[{"affectedrows":0}]}' }],
  ])('%s: is not tried again', async (_, fate) => {
    expect((await ask([fate, GOOD])).who).toEqual(['f0']);
  });

  it.each<[string, Fate, boolean]>([
    ['good', GOOD, true],
    ['refused', refusal(), false],
    ['broken', RESET, false],
    ['silent', 'hang', false],
    ['a proxy that says 502', html(502), false],
    ['a proxy that says 504', { status: 504, body: '' }, false],
    ['an error of GreptimeDB', sqlError(1003, 'Internal error: 1003', 500), true],
    ['GreptimeDB that is busy', sqlError(4009, 'Region is busy', 503), true],
  ])('%s: has answered or not, which tells lost contact from trouble', async (_, fate, isAnswered) => {
    const { samples } = await ask([fate]);
    expect(new Set(samples.map((sample) => sample.isAnswered))).toEqual(new Set([isAnswered]));
  });

  it('goes to the next endpoint at once, and comes back with a wait', async () => {
    expect(await ask([RESET, GOOD], ['f0', 'f1'])).toMatchObject({ who: ['f0', 'f1'], tookMs: 0 });
    const back = await ask([RESET, RESET, GOOD], ['f0', 'f1']);
    expect(back.who).toEqual(['f0', 'f1', 'f0']);
    expect(back.tookMs).toBeGreaterThanOrEqual(100);
  });

  it('asks each of many endpoints once', async () => {
    const all = await ask([RESET], ['f0', 'f1', 'f2', 'f3', 'f4']);
    expect(all.who).toEqual(['f0', 'f1', 'f2', 'f3', 'f4']);
  });

  it('stops at what is the answer', async () => {
    const failed = sqlError(1003, 'Internal error: 1003', 500);
    expect((await ask([failed, GOOD], ['f0'], () => true)).who).toEqual(['f0']);
  });
});

describe('the time of a read', () => {
  it('is left for one more attempt after a timeout, not for two', async () => {
    expect(await ask(['hang', GOOD])).toMatchObject({ outcome: 'answer', who: ['f0', 'f0'] });
    const hung = await ask(['hang']);
    expect(hung.who).toEqual(['f0', 'f0']);
    expect(hung.outcome).toMatchObject({ code: 'cluster-timeout' });
  });

  it.each<[string, number]>([
    ['1', 1_000],
    ['0', 0],
    [new Date(new VirtualClock().now() + 1_500).toUTCString(), 500],
  ])('Retry-After: %s is waited for', async (value, atLeastMs) => {
    const busy = { status: 503, headers: { 'retry-after': value }, body: '' };
    const { outcome, who, tookMs } = await ask([busy, GOOD]);
    expect(outcome).toBe('answer');
    expect(who).toHaveLength(2);
    expect(tookMs).toBeGreaterThanOrEqual(atLeastMs);
    expect(tookMs).toBeLessThanOrEqual(1_500);
  });

  it('a Retry-After beyond that time ends it, and another endpoint is not kept waiting', async () => {
    const busy = { status: 429, headers: { 'retry-after': '60' }, body: '' };
    expect(await ask([busy, GOOD])).toMatchObject({ who: ['f0'], tookMs: 0 });
    expect(await ask([busy, GOOD], ['f0', 'f1'])).toMatchObject({ who: ['f0', 'f1'], tookMs: 0 });
  });
});

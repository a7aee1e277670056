import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createJsonHttp } from '../../src/ha/http.ts';
import { ServiceAccountClient } from '../../src/ha/kubernetes-client.ts';
import { KubernetesLock } from '../../src/ha/kubernetes.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { listenAsApiServer, type ApiServer } from '../harness/ha/api-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

const { signal } = new AbortController();

const startApiServer = (): Promise<ApiServer> => listenAsApiServer(tempFolder());

function lockOf(instance: string, { endpoint, serviceAccount }: ApiServer, clock = new VirtualClock()) {
  const client = new ServiceAccountClient(
    { endpoint, serviceAccount, requestTimeoutMs: 5_000 },
    { createHttp: (tls) => createJsonHttp(tls, { clock: systemClock }) },
  );
  onTestFinished(() => client.close());
  const lock = new KubernetesLock({ lease: 'rebalancer', instance, leaseDurationMs: 15_000 }, client, {
    clock,
  });
  return { lock, clock };
}

async function termOf({ lock }: ReturnType<typeof lockOf>): Promise<string> {
  const reading = await lock.acquireOrRenew(signal);
  if (reading.kind !== 'held') throw new Error(`Held by ${reading.holder ?? 'nobody'}`);
  return reading.term;
}

describe('the lock in a Lease of an API server that checks resource versions', () => {
  test('is created by the first, renewed in the same term, and refused to others', async () => {
    const server = await startApiServer();
    const [a, b] = [lockOf('a', server), lockOf('b', server)];
    const term = await termOf(a);
    expect(await b.lock.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'a', freeInMs: 15_000 });
    expect(await termOf(a)).toBe(term);
    expect(server.double.leases.get('rebalancer')?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
  });

  test('is taken over after one lease without a change, by the clock of the one who waits', async () => {
    const server = await startApiServer();
    const [a, b] = [lockOf('a', server), lockOf('b', server)];
    const term = await termOf(a);
    expect((await b.lock.acquireOrRenew(signal)).kind).toBe('lost');
    await b.clock.advance(14_000);
    await a.clock.advance(14_000);
    await termOf(a);
    await b.clock.advance(2_000);
    // The lease was renewed meanwhile: its time begins anew.
    expect((await b.lock.acquireOrRenew(signal)).kind).toBe('lost');
    await a.clock.advance(1_000);
    await termOf(a);
    expect((await b.lock.acquireOrRenew(signal)).kind).toBe('lost');
    await b.clock.advance(14_999);
    expect(await b.lock.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'a', freeInMs: 1 });
    await b.clock.advance(1);
    expect(await termOf(b)).not.toBe(term);
    expect(server.double.leases.get('rebalancer')?.spec.leaseTransitions).toBe(1);
    expect(await a.lock.acquireOrRenew(signal)).toMatchObject({ kind: 'lost', holder: 'b' });
  });

  test('of many that find it free at a time exactly one gets it', async () => {
    const server = await startApiServer();
    const locks = Array.from({ length: 6 }, (_, index) => lockOf(`r${index}`, server));
    for (const round of [1, 2]) {
      const readings = await Promise.all(locks.map(({ lock }) => lock.acquireOrRenew(signal)));
      expect(
        readings.filter(({ kind }) => kind === 'held'),
        `round ${round}`,
      ).toHaveLength(1);
      await Promise.all(locks.map(({ lock }) => lock.release(signal)));
    }
    expect(server.double.writes).toContain(409);
  });

  test('keeps the note and what others wrote into the object; a successor reads it, a former holder cannot write it', async () => {
    const server = await startApiServer();
    const [a, b] = [lockOf('a', server), lockOf('b', server)];
    const term = await termOf(a);
    expect(await a.lock.writeNote('{"one":1}', term, signal)).toBe(true);
    expect(await termOf(a)).toBe(term);
    await a.lock.release(signal);
    const next = await termOf(b);
    expect(await b.lock.readNote(signal)).toBe('{"one":1}');
    expect(await a.lock.writeNote('late', term, signal)).toBe(false);
    expect(await b.lock.writeNote('two', next, signal)).toBe(true);
    expect(await a.lock.readNote(signal)).toBe('two');
  });

  test('renewals and notes at the same time do not cost the lead', async () => {
    const server = await startApiServer();
    const a = lockOf('a', server);
    const term = await termOf(a);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? a.lock.acquireOrRenew(signal) : a.lock.writeNote(String(index), term, signal),
      ),
    );
    for (const result of results)
      expect(typeof result === 'boolean' ? result : result.kind === 'held').toBe(true);
  });

  test('a token that was renewed in its file is taken', async () => {
    const server = await startApiServer();
    const a = lockOf('a', server);
    await termOf(a);
    Object.assign(server.double, { token: 'canary-token-2' });
    const refusal: unknown = await a.lock.acquireOrRenew(signal).catch((error: unknown) => error);
    expect(String(refusal)).toMatch(/HTTP 401/);
    expect(String(refusal)).not.toContain('canary');
    writeFileSync(join(server.serviceAccount, 'token'), 'canary-token-2');
    expect(await termOf(a)).toBeDefined();
  });

  test.each([
    ['namespace', 'elsewhere', /HTTP 403 Forbidden/],
    ['token', '', /should hold one line/],
    ['ca.crt', 'no certificate', /lock-unreachable|PEM|certificate/i],
  ])('a service account whose %s is %j is an error that says so', async (file, text, said) => {
    const server = await startApiServer();
    writeFileSync(join(server.serviceAccount, file), text);
    await expect(lockOf('a', server).lock.acquireOrRenew(signal)).rejects.toThrow(said);
  });
});

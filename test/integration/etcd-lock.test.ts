import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { EtcdClient } from '../../src/ha/etcd-client.ts';
import { EtcdLock } from '../../src/ha/etcd.ts';
import { createJsonHttp } from '../../src/ha/http.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Login } from '../../src/lib/secret.ts';
import type { TlsOptions } from '../../src/lib/tls.ts';
import { startEtcd, type EtcdServer } from '../harness/ha/etcd-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { selfSigned } from '../support/tls.ts';
import { describeWith } from '../support/tools.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { signal } = new AbortController();
/** Outlives a test on a busy machine, but where the end of a lease is waited for. */
const LEASE_MS = 60_000;
const SHORT_LEASE_MS = 2_000;

interface Setup {
  readonly tls?: TlsOptions;
  readonly login?: Login;
  readonly prefix?: string;
  readonly leaseDurationMs?: number;
}

let tests = 0;

function clientOf(endpoints: readonly string[], { tls = {}, login }: Setup = {}): EtcdClient {
  const http = createJsonHttp(tls, { clock: systemClock });
  onTestFinished(() => http.close());
  return new EtcdClient({ endpoints, requestTimeoutMs: 3_000, ...(login && { login }) }, http);
}

function lockOf(instance: string, endpoints: readonly string[], setup: Setup = {}): EtcdLock {
  const { prefix = `/t/${tests}`, leaseDurationMs = LEASE_MS } = setup;
  const options = { prefix, instance, leaseDurationMs };
  return new EtcdLock(options, clientOf(endpoints, setup));
}

/** Waits until the lock of this test is nobody's. */
async function untilFree(endpoints: readonly string[]): Promise<void> {
  const key = Buffer.from(`/t/${tests}/leader`).toString('base64');
  const rangeAnswer = z.object({ kvs: z.array(z.unknown()).default([]) });
  const client = clientOf(endpoints);
  while ((await client.call('/v3/kv/range', { key }, rangeAnswer, signal)).kvs.length > 0);
}

async function heldTerm(lock: EtcdLock): Promise<string> {
  const reading = await lock.acquireOrRenew(signal);
  if (reading.kind !== 'held') throw new Error(`Held by ${reading.holder ?? 'nobody'}`);
  return reading.term;
}

describeWith('etcd', 'the lock in a real etcd', ([command = '']) => {
  let server: EtcdServer;
  let endpoints: string[];
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-etcd-'));

  beforeAll(async () => {
    server = await startEtcd({ command, folder });
    endpoints = [server.endpoint];
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    tests += 1;
  });

  test('belongs to the first that takes it, in the same term with each renewal', async () => {
    const [a, b] = [lockOf('a', endpoints), lockOf('b', endpoints)];
    const term = await heldTerm(a);
    expect(await b.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'a' });
    expect(await heldTerm(a)).toBe(term);
  });

  test('is taken by exactly one of many at a time', async () => {
    const locks = Array.from({ length: 8 }, (_, index) => lockOf(`r${index}`, endpoints));
    const readings = await Promise.all(locks.map((lock) => lock.acquireOrRenew(signal)));
    expect(readings.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });

  test('can be taken as soon as it is given back', async () => {
    const [a, b] = [lockOf('a', endpoints), lockOf('b', endpoints)];
    const term = await heldTerm(a);
    await a.release(signal);
    expect(await heldTerm(b)).not.toBe(term);
    await a.release(signal);
    expect(await heldTerm(b)).toBeDefined();
  });

  test('can be taken when nobody has renewed it for a lease, and not before', async () => {
    const a = lockOf('a', endpoints, { leaseDurationMs: SHORT_LEASE_MS });
    const b = lockOf('b', endpoints);
    const startedMs = systemClock.monotonicMs();
    const term = await heldTerm(a);
    let reading = await b.acquireOrRenew(signal);
    while (reading.kind === 'lost') reading = await b.acquireOrRenew(signal);
    expect(systemClock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(SHORT_LEASE_MS);
    expect(reading.term).not.toBe(term);
    expect(await a.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'b' });
  });

  test('is taken with a new lease when the one that was meant for it is over', async () => {
    const lock = lockOf('a', endpoints, { leaseDurationMs: SHORT_LEASE_MS });
    const term = await heldTerm(lock);
    await untilFree(endpoints);
    expect(await heldTerm(lock)).not.toBe(term);
  });

  test('a transaction with a lease that is over takes nothing', async () => {
    const client = clientOf(endpoints);
    const key = Buffer.from(`/t/${tests}/leader`).toString('base64');
    const success = [{ request_put: { key, value: '', lease: '4711' } }];
    await expect(client.call('/v3/kv/txn', { success }, z.unknown(), signal)).rejects.toThrow(
      /requested lease not found/,
    );
  });

  test('is lost when somebody deletes its key, though the lease lives', async () => {
    const prefix = `/deleted/${tests}`;
    const [a, b] = [lockOf('a', endpoints, { prefix }), lockOf('b', endpoints, { prefix })];
    const term = await heldTerm(a);
    const key = Buffer.from(`${prefix}/leader`).toString('base64');
    await postTo(`${server.endpoint}/v3/kv/deleterange`, { key });
    await heldTerm(b);
    expect(await a.writeNote('stale', term, signal)).toBe(false);
    expect(await a.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'b' });
  });

  test('has a note that only its holder changes, and its successor reads', async () => {
    const [a, b] = [lockOf('a', endpoints), lockOf('b', endpoints)];
    const term = await heldTerm(a);
    expect(await b.readNote(signal)).toBeUndefined();
    expect(await a.writeNote('one', term, signal)).toBe(true);
    expect(await a.writeNote('zwölf', term, signal)).toBe(true);
    expect(await b.writeNote('mine', term.replace(/.$/, '~'), signal).catch(() => false)).toBe(false);
    await a.release(signal);
    const next = await heldTerm(b);
    expect(await b.readNote(signal)).toBe('zwölf');
    expect(await a.writeNote('late', term, signal)).toBe(false);
    expect(await b.writeNote('two', next, signal)).toBe(true);
    expect(await a.readNote(signal)).toBe('two');
  });

  test('of an etcd that lost its data: who held it before cannot change the note of who holds it now', async () => {
    const fresh = await Promise.all([1, 2].map(() => startEtcd({ command, folder: tempFolder() })));
    for (const etcd of fresh) onTestFinished(() => etcd.stop());
    const [before = '', after = ''] = fresh.map(({ endpoint }) => endpoint);
    const http = createJsonHttp({}, { clock: systemClock });
    onTestFinished(() => http.close());
    let endpoint = before;
    const client = new EtcdClient(
      { endpoints: [before], requestTimeoutMs: 3_000 },
      { ...http, send: (request) => http.send({ ...request, url: request.url.replace(before, endpoint) }) },
    );
    const options = { prefix: '/lost', leaseDurationMs: LEASE_MS };
    const [old, next] = [
      new EtcdLock({ ...options, instance: 'old' }, client),
      lockOf('next', [after], { prefix: '/lost' }),
    ];
    const [oldTerm, nextTerm] = [await heldTerm(old), await heldTerm(next)];
    expect(await old.writeNote('of the old one', oldTerm, signal)).toBe(true);
    expect(await next.writeNote('of the next one', nextTerm, signal)).toBe(true);
    endpoint = after;
    expect(await old.writeNote('late', oldTerm, signal)).toBe(false);
    expect(await next.readNote(signal)).toBe('of the next one');
    // Its lease is unknown there.
    await old.release(signal).catch(() => undefined);
    expect(await next.acquireOrRenew(signal)).toEqual({ kind: 'held', term: nextTerm });
    expect(await old.acquireOrRenew(signal)).toEqual({ kind: 'lost', holder: 'next' });
  });

  test('is found at another endpoint when the first does not answer', async () => {
    const lock = lockOf('a', ['http://127.0.0.1:9', ...endpoints]);
    expect(await heldTerm(lock)).toBeDefined();
  });

  test('an etcd that is not there is an error that names it', async () => {
    const lock = lockOf('a', ['http://127.0.0.1:9']);
    await expect(lock.acquireOrRenew(signal)).rejects.toMatchObject({
      code: 'lock-unreachable',
      message: expect.stringContaining('http://127.0.0.1:9/v3/'),
    });
  });
});

describeWith('etcd', 'an etcd that demands more', ([command = '']) => {
  test('a user and a password; a token that is no longer known is asked for anew', async () => {
    const server = await startEtcd({ command, folder: tempFolder() });
    onTestFinished(() => server.stop());
    const endpoints = [server.endpoint];
    const root = { username: 'root', password: new Secret('canary-etcd-password') };
    for (const [path, body] of [
      ['/v3/auth/user/add', { name: root.username, password: root.password.reveal() }],
      ['/v3/auth/role/add', { name: 'root' }],
      ['/v3/auth/user/grant', { user: 'root', role: 'root' }],
      ['/v3/auth/enable', {}],
    ] as const)
      await postTo(`${server.endpoint}${path}`, body);
    await expect(lockOf('a', endpoints).acquireOrRenew(signal)).rejects.toThrow(/user name is empty/);
    const wrong = lockOf('a', endpoints, { login: { ...root, password: new Secret('canary-wrong') } });
    const refusal: unknown = await wrong.acquireOrRenew(signal).catch((error: unknown) => error);
    expect(String(refusal)).toMatch(/authentication failed/);
    expect(String(refusal)).not.toContain('canary');
    const lock = lockOf('a', endpoints, { login: root });
    const term = await heldTerm(lock);
    // Any change of accounts makes the tokens of before invalid.
    const client = clientOf(endpoints, { login: root });
    await client.call('/v3/auth/role/add', { name: 'other' }, z.unknown(), signal);
    expect(await heldTerm(lock)).toBe(term);
  });

  test('TLS: only with an authority that is known', async () => {
    const tls = selfSigned();
    const server = await startEtcd({ command, folder: tempFolder(), tls });
    onTestFinished(() => server.stop());
    expect(await heldTerm(lockOf('a', [server.endpoint], { tls: { ca: tls.cert } }))).toBeDefined();
    await expect(lockOf('b', [server.endpoint]).acquireOrRenew(signal)).rejects.toMatchObject({
      code: 'lock-unreachable',
    });
  });
});

describe('an etcd that answers nonsense', () => {
  test.each([
    [200, 'no JSON'],
    [200, '{"kvs": 7}'],
    [500, '{"error":"etcdserver: no leader","code":14}'],
    [503, ''],
  ])('HTTP %s %s is an error of the lock', async (status, text) => {
    const http = { send: () => Promise.resolve({ status, text }), close: () => Promise.resolve() };
    const client = new EtcdClient({ endpoints: ['http://e:2379'], requestTimeoutMs: 1 }, http);
    const lock = new EtcdLock({ prefix: '/p', instance: 'a', leaseDurationMs: 1 }, client);
    await expect(lock.acquireOrRenew(signal)).rejects.toMatchObject({ name: 'OperatingError' });
  });
});

async function postTo(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
}

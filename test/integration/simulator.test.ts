import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createPrng } from '../../src/lib/prng.ts';
import { SimulatedCluster, serveSimulatedCluster } from '../../src/simulator/index.ts';
import type { ServedCluster, ServeOptions, SimulatedClusterOptions } from '../../src/simulator/index.ts';

interface Stage {
  readonly cluster: SimulatedCluster;
  readonly served: ServedCluster;
}

async function serve(options: SimulatedClusterOptions = {}, serveOptions: ServeOptions = {}): Promise<Stage> {
  const cluster = new SimulatedCluster(
    { layout: { datanodes: 3, tables: 2 }, migrationMs: 40, ...options },
    { clock: systemClock, prng: createPrng('served') },
  );
  const served = await serveSimulatedCluster(cluster, serveOptions, { clock: systemClock });
  onTestFinished(async () => {
    cluster.close();
    await served.close();
  });
  return { cluster, served };
}

const sql = (url: string, text: string): Promise<Response> =>
  fetch(`${url}/v1/sql`, { method: 'POST', body: new URLSearchParams({ sql: text }) });

describe('a served cluster', () => {
  it('listens on loopback for every metasrv, both ports, and every frontend', async () => {
    const { served } = await serve({ metasrvs: 2, frontends: 2 });
    expect([served.metasrv, served.metasrvHttp, served.frontend].map((urls) => urls.length)).toEqual([
      2, 2, 2,
    ]);
    for (const url of [...served.metasrv, ...served.metasrvHttp])
      expect(await (await fetch(`${url}/admin/health`)).text()).toBe('OK\n');
    for (const url of served.frontend) expect((await sql(url, 'SELECT version()')).status).toBe(200);
  });

  it('tells a leader address that works', async () => {
    const { served } = await serve({ profile: '0.6', metasrvs: 2 });
    const leader = await (await fetch(`${served.metasrv[1]}/admin/leader`)).text();
    expect(`http://${leader}`).toBe(served.metasrv[0]);
    expect(served.metasrvHttp).toEqual([]);
  });

  it('breaks waiting and idle connections when it is closed', async () => {
    const { served } = await serve({ faults: 'hang,slow-body' });
    const hanging = sql(served.frontend[0]!, 'SELECT version()');
    const refused = expect(hanging).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    await served.close();
    await refused;
    await expect(fetch(served.frontend[0]!)).rejects.toThrow();
  });

  it('survives clients that go away in the middle of a request', async () => {
    const { served } = await serve();
    for (const url of [served.frontend[0]!, served.control!]) {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write('POST /v1/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsql=');
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    expect((await sql(served.frontend[0]!, 'SELECT version()')).status).toBe(200);
  });

  it('takes the ports it is given, and fails when one is taken', async () => {
    // Below those that the system gives to everybody who wants any port.
    const port = 20_000 + (process.pid % 10_000);
    const { served } = await serve({}, { ports: { 'frontend-0': port } });
    await expect(serve({}, { ports: { 'frontend-0': port } })).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringMatching(/^Cannot listen on 127\.0\.0\.1:\d+: another process listens there; /),
    });
    await served.close();
    const again = await serve({}, { ports: { 'frontend-0': port }, controlPort: null });
    expect(again.served.frontend).toEqual([`http://127.0.0.1:${port}`]);
    expect(again.served.control).toBeNull();
  });
});

describe('the control endpoint', () => {
  const post = async (
    served: ServedCluster,
    action: string,
    fields: unknown = {},
  ): Promise<[number, unknown]> => {
    const body = typeof fields === 'string' ? fields : JSON.stringify(fields);
    const response = await fetch(`${served.control}/control/${action}`, { method: 'POST', body });
    return [response.status, await response.json()];
  };

  it('does what it is told', async () => {
    const { cluster, served } = await serve({ metasrvs: 2 });
    expect(await post(served, 'add-datanode')).toEqual([200, { id: '3' }]);
    expect(await post(served, 'kill-datanode', { id: 1 })).toEqual([200, {}]);
    expect(await post(served, 'revive-datanode', { id: '1' })).toEqual([200, {}]);
    expect(await post(served, 'create-table', { name: 'fresh', regions: 3 })).toEqual([200, { id: '1031' }]);
    expect(await post(served, 'drop-table', { name: 'public.fresh' })).toEqual([200, { gone: true }]);
    expect(await post(served, 'faults', { faults: 'latency=0.1' })).toEqual([200, {}]);
    expect(cluster.faults.has('latency')).toBe(true);
    expect(await post(served, 'maintenance', { enabled: true })).toEqual([200, {}]);
    expect(await post(served, 'leader-change')).toEqual([200, {}]);
    const state = (await (await fetch(`${served.control}/control/state`)).json()) as Record<string, unknown>;
    expect(state).toMatchObject({ version: '1.3.0', metasrvLeader: null, migrations: [] });
    expect(state['datanodes']).toContainEqual({
      id: '3',
      addr: '10.0.0.13:4001',
      status: 'alive',
      regions: 0,
    });
  });

  it.each([
    ['nonsense', {}, 404, 'not-found'],
    ['kill-datanode', {}, 400, 'bad-request'],
    ['kill-datanode', { id: '9' }, 400, 'simulator-refused'],
    ['kill-datanode', 'not json', 400, 'bad-request'],
    ['kill-datanode', [1], 400, 'bad-request'],
    ['create-table', { name: 'x', regions: 'many' }, 400, 'bad-request'],
    ['maintenance', { enabled: 'yes' }, 400, 'bad-request'],
    ['faults', { faults: 'meteor' }, 400, 'usage'],
    ['move-region', { region: 'x', to: '1' }, 400, 'simulator-refused'],
  ])('%s %j: %i %s', async (action, fields, status, code) => {
    const { served } = await serve();
    expect(await post(served, action, fields)).toEqual([
      status,
      { error: { code, message: expect.any(String) } },
    ]);
  });

  it('wants the right method', async () => {
    const { served } = await serve();
    expect((await fetch(`${served.control}/control/add-datanode`)).status).toBe(405);
    expect((await fetch(`${served.control}/control/state`, { method: 'POST' })).status).toBe(405);
  });
});

import { afterEach, expect, it } from 'vitest';
import { nextEvent, samplesOf, startTestDaemon } from '../support/running-daemon.ts';
import { readConfig } from '../../src/config/load.ts';
import { WireDouble } from '../support/wire-double.ts';
import type { DoubleVersion } from '../support/wire-double.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const makeFolder = useTempFolders();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

const TABLES = [
  { id: 1024n, name: 'cpu', leaders: [0, 0, 0, 0] },
  { id: 1025n, name: 'memory', leaders: [0, 0, 0] },
];

async function post(url: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

it.each<DoubleVersion>(['0.6', '1.3'])(
  'a daemon in dry run on GreptimeDB %s plans cycle after cycle and sends no request that could change anything',
  async (version) => {
    const double = await WireDouble.start({ version, datanodes: [0, 1, 2], tables: TABLES });
    open.push(double);
    const endpoints =
      version === '0.6'
        ? `cluster.metasrv.endpoints=[${double.metasrvUrl}]`
        : `cluster.sql.endpoints=[${double.frontendUrl}]`;
    const folder = makeFolder();
    const set = [endpoints, 'schedule.cron=* * * * * *', 'server.listen=127.0.0.1:0', `state.path=${folder}`];
    const running = await startTestDaemon(readConfig({ env: {}, cwd: folder, set }));
    open.push(running);
    const { events } = running.session;
    const planned = (): Promise<unknown> =>
      nextEvent(events, (event) => event.type === 'cycle-finished' && event.outcome === 'planned');
    await planned();
    expect(await post(`${running.server.url}/api/v1/drain`, { datanodes: ['0'] })).toBe(200);
    await planned();
    expect(await post(`${running.server.url}/api/v1/resume`, {})).toBe(200);
    await planned();
    const samples = samplesOf(await (await fetch(`${running.server.url}/metrics`)).text());
    expect(samples.get('dry_run')).toBe(1);
    expect(samples.get('plan_moves')).toBe(7);
    expect(samples.get('migrations_total{outcome="succeeded",reason="drain"}')).toBe(0);
    expect(double.seen.length).toBeGreaterThan(10);
    expect(double.mutations()).toEqual([]);
    expect(double.counts()).toEqual({ 0: 7, 1: 0, 2: 0 });
  },
  20_000,
);

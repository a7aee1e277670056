import { expect, it, onTestFinished } from 'vitest';
import { metricsOf, nextEvent, postTo, startTestDaemon } from '../support/running-daemon.ts';
import { readConfig } from '../../src/config/load.ts';
import { WireDouble } from '../support/wire-double.ts';
import type { DoubleVersion } from '../support/wire-double.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const makeFolder = useTempFolders();

const TABLES = [
  { id: 1024n, name: 'cpu', leaders: [0, 0, 0, 0] },
  { id: 1025n, name: 'memory', leaders: [0, 0, 0] },
];

it.each<DoubleVersion>(['0.6', '1.3'])(
  'a daemon in dry run on GreptimeDB %s plans cycle after cycle and sends no request that could change anything',
  async (version) => {
    const double = await WireDouble.start({ version, datanodes: [0, 1, 2], tables: TABLES });
    onTestFinished(() => double.close());
    const endpoints =
      version === '0.6'
        ? `cluster.metasrv.endpoints=[${double.metasrvUrl}]`
        : `cluster.sql.endpoints=[${double.frontendUrl}]`;
    const folder = makeFolder();
    const set = [endpoints, 'schedule.cron=* * * * * *', 'server.listen=127.0.0.1:0', `state.path=${folder}`];
    const running = await startTestDaemon(readConfig({ env: {}, cwd: folder, set }));
    onTestFinished(() => running.close());
    const { events } = running.session;
    const planned = (): Promise<unknown> =>
      nextEvent(events, (event) => event.type === 'cycle-finished' && event.outcome === 'planned');
    await planned();
    expect((await postTo(running.server.url, 'drain', { datanodes: ['0'] })).status).toBe(200);
    await planned();
    expect((await postTo(running.server.url, 'resume')).status).toBe(200);
    await planned();
    const samples = await metricsOf(running.server.url);
    expect(samples.get('dry_run')).toBe(1);
    expect(samples.get('plan_moves')).toBe(7);
    expect(samples.get('migrations_total{outcome="succeeded",reason="drain"}')).toBe(0);
    expect(double.seen.length).toBeGreaterThan(10);
    expect(double.mutations()).toEqual([]);
    expect(double.counts()).toEqual({ 0: 7, 1: 0, 2: 0 });
  },
  20_000,
);

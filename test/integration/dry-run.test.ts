import { expect, it, onTestFinished } from 'vitest';
import { metricsOf, nextEvent, postTo, startTestDaemon } from '../support/running-daemon.ts';
import { readConfig } from '../../src/config/load.ts';
import { ServedSimulator } from '../support/served-simulator.ts';
import { tempFolder } from '../support/temp-folder.ts';

const TABLES = [
  { id: 1024, name: 'cpu', leaders: [0, 0, 0, 0] },
  { id: 1025, name: 'memory', leaders: [0, 0, 0] },
];

it.each(['0.6', '1.3'] as const)(
  'a daemon in dry run on GreptimeDB %s plans cycle after cycle and sends no request that could change anything',
  async (profile) => {
    const cluster = await ServedSimulator.start({ profile, tables: TABLES }, { onTestFinished });
    const folder = tempFolder();
    const file = { name: 'rebalancer.yaml', folder, text: cluster.configuration() };
    const set = ['schedule.cron=* * * * * *', 'server.listen=127.0.0.1:0', `state.path=${folder}`];
    const running = await startTestDaemon(readConfig({ file, env: {}, cwd: folder, set }));
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
    expect(cluster.seen.length).toBeGreaterThan(10);
    expect(cluster.mutations()).toEqual([]);
    expect(cluster.counts()).toEqual({ 0: 7, 1: 0, 2: 0 });
  },
  20_000,
);

import { expect, it } from 'vitest';
import type { z } from 'zod';
import { snapshotSchema } from '../../src/domain/snapshot.ts';
import { statusSchema } from '../../src/server/api/answers.ts';
import { startSimulatedDaemon } from '../support/simulated-daemon.ts';
import type { SimulatedDaemon, SimulatedDaemonOptions } from '../support/simulated-daemon.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const tempFolder = useTempFolders();

function start(options: Omit<SimulatedDaemonOptions, 'folder'> = {}): Promise<SimulatedDaemon> {
  return startSimulatedDaemon({ folder: tempFolder(), ...options });
}

async function post({ url }: SimulatedDaemon, path: string, body: object): Promise<Response> {
  return fetch(`${url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'anna', ...body }),
  });
}

async function get<T>({ url }: SimulatedDaemon, path: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(await (await fetch(`${url}/api/v1/${path}`)).json());
}

function regionsOn({ listening }: SimulatedDaemon, datanode: string): number {
  return listening.cluster.regionsPerDatanode().get(datanode) ?? 0;
}

it('a drain does not wait for the cooldown of regions that were moved a moment ago', async ({
  onTestFinished,
}) => {
  const daemon = await start({ set: ['execution.regionCooldown=1h'] });
  onTestFinished(() => daemon.close());
  await daemon.until((event) => event.type === 'cycle-finished' && event.outcome === 'balanced');
  const { store, clock } = daemon.running.session;
  const cooling = store.memory(clock.now()).cooldowns.map(({ regionId }) => regionId);
  const received = store.listMoves({ limit: 1_000 }).filter(({ to }) => to === '1');
  expect(received.length).toBeGreaterThan(0);
  expect(cooling).toEqual(expect.arrayContaining(received.map(({ regionId }) => regionId)));

  const ended = daemon.until((event) => event.type === 'cycle-finished' && event.moved > 0);
  expect((await post(daemon, 'drain', { datanodes: ['1'] })).status).toBe(200);
  await ended;

  expect(regionsOn(daemon, '1')).toBe(0);
});

it('a drain asked for during a cycle shows at once, and the cycle ends after the migration under way', async ({
  onTestFinished,
}) => {
  const cluster = { migrationTimeMs: 600 };
  const daemon = await start({ cluster, set: ['schedule.cron=0 0 1 1 *'] });
  onTestFinished(() => daemon.close());
  await daemon.until((event) => event.type === 'move-state' && event.move.state === 'watching');
  const planned = daemon.running.work.state().plan?.moves.length ?? 0;
  const cycles: [trigger: string, moved: number, closed: string[]][] = [];
  let closed: string[] = [];
  daemon.running.session.events.subscribe((event) => {
    if (event.type === 'gate-closed') closed.push(event.code);
    if (event.type !== 'cycle-finished') return;
    cycles.push([daemon.running.session.store.listCycles(1)[0]?.trigger ?? '', event.moved, closed]);
    closed = [];
  });
  const second = daemon.until(({ type }) => type === 'planned');
  const balanced = daemon.until((event) => event.type === 'cycle-finished' && cycles.length === 2);
  expect((await post(daemon, 'drain', { datanodes: ['0'] })).status).toBe(200);

  const status = await get(daemon, 'status', statusSchema);
  expect(status.datanodes.find(({ id }) => id === '0')).toMatchObject({ state: 'draining' });
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
  expect(metrics).toContain('greptime_rebalancer_datanodes{state="draining"} 1');
  expect(daemon.listening.cluster.migrationsUnderWay).toHaveLength(1);

  await second;
  const [first] = cycles;
  expect(first).toEqual(['start', expect.any(Number), ['replan-pending']]);
  expect(first?.[1]).toBeLessThan(planned);
  await balanced;
  expect(cycles[1]?.[0]).toBe('drain');
  expect(regionsOn(daemon, '0')).toBe(0);
});

it('a cordoned datanode keeps what it leads and receives nothing, until uncordoned', async ({
  onTestFinished,
}) => {
  const daemon = await start({ cluster: { emptyDatanodes: 1 } });
  onTestFinished(() => daemon.close());
  const { store } = daemon.running.session;
  const targets = (): Set<string> => new Set(store.listMoves({ limit: 1_000 }).map(({ to }) => to));
  await daemon.until((event) => event.type === 'move-started');
  await post(daemon, 'pause', { reason: 'a test' });
  await daemon.until((event) => event.type === 'cycle-finished');
  const before = targets();
  const empty = ['1', '2', '3', '4'].find((id) => !before.has(id) && regionsOn(daemon, id) === 0) ?? '';
  expect(await (await post(daemon, 'cordon', { datanodes: [empty] })).json()).toEqual({ cordoned: [empty] });
  const settled = daemon.until((event) => event.type === 'cycle-finished' && event.outcome === 'balanced');
  await post(daemon, 'resume', {});
  await settled;
  expect(regionsOn(daemon, empty)).toBe(0);
  const status = await get(daemon, 'status', statusSchema);
  expect(status.datanodes.find(({ id }) => id === empty)).toMatchObject({ state: 'cordoned' });

  const moved = daemon.until((event) => event.type === 'cycle-finished' && event.moved > 0);
  expect(await (await post(daemon, 'uncordon', { datanodes: [empty] })).json()).toEqual({ cordoned: [] });
  await moved;
  expect(regionsOn(daemon, empty)).toBeGreaterThan(0);
  expect(store.listAudit(2).map(({ who, what, why }) => `${who} ${what} ${why}`)).toEqual([
    `anna (127.0.0.1) uncordon datanodes ${empty}`,
    'anna (127.0.0.1) resume ',
  ]);
});

it.each([
  ['SQL alone', ['cluster.metasrv.endpoints=[]']],
  ['SQL and metasrv', []],
])('a datanode that takes no writes is shown and receives nothing: %s', async (_, set) => {
  const daemon = await start({ cluster: { profile: '1.3' }, set: ['schedule.cron=0 0 1 1 *', ...set] });
  try {
    const { cluster } = daemon.listening;
    await daemon.until((event) => event.type === 'cycle-finished');
    const reader = cluster.addDatanode(undefined, 'query');
    const added = cluster.addDatanode();
    const ended = daemon.until((event) => event.type === 'cycle-finished' && event.moved > 0);
    await post(daemon, 'drain', { datanodes: ['0'] });
    await ended;
    expect(regionsOn(daemon, '0')).toBe(0);
    expect(regionsOn(daemon, reader)).toBe(0);
    expect(regionsOn(daemon, added)).toBeGreaterThan(0);
    const status = await get(daemon, 'status', statusSchema);
    expect(status.datanodes.find(({ id }) => id === reader)).toMatchObject({
      state: 'query-only',
      share: null,
    });
    const snapshot = await get(daemon, 'snapshot', snapshotSchema);
    expect(snapshot.datanodes.find(({ id }) => id === reader)).toMatchObject({ workloads: ['query'] });
    expect(snapshot.datanodes.find(({ id }) => id === added)).not.toHaveProperty('workloads');
  } finally {
    await daemon.close();
  }
});

it('a dry run tells every gate that is closed beside it, and names that match nothing', async ({
  onTestFinished,
}) => {
  const set = ['execution.dryRun=true', 'tables.include=["public.*","publik.*"]', 'schedule.cron=0 0 1 1 *'];
  const daemon = await start({ set });
  onTestFinished(() => daemon.close());
  await daemon.until((event) => event.type === 'cycle-finished');
  daemon.listening.cluster.setMaintenance(true);
  await post(daemon, 'pause', { reason: 'new disks' });
  const ended = daemon.until((event) => event.type === 'cycle-finished');
  await post(daemon, 'trigger', {});
  await ended;
  const { gates, lastCycle, verdict } = await get(daemon, 'status', statusSchema);
  expect(gates.map(({ code }) => code).toSorted()).toEqual(['dry-run', 'maintenance', 'paused']);
  expect(lastCycle?.detail).toContain('Without it none could start either: Paused by anna');
  expect(lastCycle?.detail).toContain('maintenance mode');
  expect(lastCycle?.detail).toContain('tables.include: "publik.*" matches no table.');
  expect(verdict.sentence).toContain('tables.include: "publik.*" matches no table.');
});

it('a datanode that was drained, went and came back is still drained, since then and by whom', async ({
  onTestFinished,
}) => {
  const daemon = await start();
  onTestFinished(() => daemon.close());
  const { cluster } = daemon.listening;
  await daemon.until((event) => event.type === 'cycle-finished');
  const before = new Date().toISOString();
  const emptied = daemon.until((event) => event.type === 'cycle-finished' && regionsOn(daemon, '1') === 0);
  await post(daemon, 'drain', { datanodes: ['1'] });
  await emptied;
  cluster.killDatanode('1');
  await daemon.until(({ type }) => type === 'planned');
  cluster.reviveDatanode('1');
  await daemon.until(({ type }) => type === 'planned');
  const { datanodes } = await get(daemon, 'status', statusSchema);
  const { drain } = datanodes.find(({ id }) => id === '1') ?? {};
  expect(drain).toMatchObject({ by: 'anna (127.0.0.1)' });
  expect(drain?.since && drain.since >= before).toBe(true);
});

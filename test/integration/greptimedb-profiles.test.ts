import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { sleep } from '../../src/lib/clock.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import type { ClusterOptions } from '../../src/greptimedb/index.ts';
import type { Cluster } from '../../src/greptimedb/port.ts';
import { findProfile, profileNames } from '../../src/simulator/index.ts';
import type { SimulatedCluster, SimulatedClusterOptions } from '../../src/simulator/index.ts';
import { everything, inVirtualTime, simulated, transportInto } from '../support/greptimedb.ts';

const NEVER = new AbortController().signal;

interface Stage {
  readonly clock: VirtualClock;
  readonly sim: SimulatedCluster;
  readonly warnings: string[];
  open(options?: Partial<ClusterOptions>): Promise<Cluster>;
  run<T>(work: Promise<T>): Promise<T>;
}

const opened: SimulatedCluster[] = [];
afterEach(() => {
  for (const sim of opened.splice(0)) sim.close();
});

function stage(options: SimulatedClusterOptions): Stage {
  const clock = new VirtualClock();
  const sim = simulated(options, clock);
  opened.push(sim);
  const warnings: string[] = [];
  const run = <T>(work: Promise<T>): Promise<T> => inVirtualTime(clock, work);
  const isSql = !isLegacy(options.profile ?? '');
  const open = (more: Partial<ClusterOptions> = {}): Promise<Cluster> =>
    run(
      openCluster(
        {
          name: 'sim',
          api: 'auto',
          requestTimeoutMs: 10_000,
          ...(isSql ? { sql: { endpoints: ['http://frontend-0'] } } : {}),
          ...(needsMetasrv(options.profile ?? '')
            ? { metasrv: { endpoints: ['http://metasrv-0'], clusterId: 0 } }
            : {}),
          ...more,
        },
        { clock, transport: transportInto(sim), onWarning: (message) => warnings.push(message) },
        { signal: NEVER },
      ),
    );
  return { clock, sim, warnings, open, run };
}

function isLegacy(profile: string): boolean {
  return /^0\.[56]/.test(findProfile(profile).version);
}

/** 0.7 lists its datanodes over metasrv alone. */
function needsMetasrv(profile: string): boolean {
  return /^0\.[567]/.test(findProfile(profile).version);
}

function leadersIn(snapshot: Snapshot): Map<string, string | null> {
  return new Map(snapshot.regions.map((region) => [region.id, region.leader]));
}

const PROFILES = [...new Map(profileNames().map((name) => [findProfile(name).version, name])).values()];

describe.each(PROFILES)('GreptimeDB %s', (profile) => {
  it('is read as it is: every region once, logical tables under their physical one, empty datanodes too', async () => {
    const { sim, open, run } = stage({
      profile,
      // 0.8 cannot tell which of several physical tables of one schema a logical table belongs to.
      layout: {
        datanodes: 4,
        tables: 5,
        metricTables: findProfile(profile).version.startsWith('0.8') ? 1 : 2,
        fileTables: 1,
        privateTables: true,
      },
    });
    const cluster = await open();
    const snapshot = await run(cluster.readSnapshot({ selector: everything, signal: NEVER }));
    const wanted = new Map(
      sim.truth
        .sortedTables()
        .filter((table) => table.schema !== 'greptime_private')
        .flatMap((table) => table.routes.map(({ region, leader }) => [region.id, leader] as const)),
    );
    expect(new Map([...leadersIn(snapshot)].sort())).toEqual(new Map([...wanted].sort()));
    expect(snapshot.datanodes.map(({ id, status }) => `${id} ${status}`)).toEqual(
      [...sim.truth.datanodes.keys()].sort((a, b) => Number(a) - Number(b)).map((id) => `${id} alive`),
    );
    const physical = snapshot.tables.filter((table) => table.engine === 'metric');
    expect(physical.length).toBeGreaterThan(0);
    for (const table of physical) expect(table.logicalTables).toHaveLength(3);
    expect(snapshot.regions.every(({ status }) => status === 'alive')).toBe(true);
  });

  it('moves a region and says so', async () => {
    const { sim, open, run, clock } = stage({ profile, layout: { datanodes: 3, tables: 3 } });
    const cluster = await open();
    const [regionId, from] = [...sim.leaders()].find(([, leader]) => leader !== null)!;
    const to = ['0', '1', '2'].find((id) => id !== from)!;
    const request = { regionId, from: from!, to, replayTimeoutMs: 300_000 };
    const result = await run(cluster.submitMigration(request, { signal: NEVER }));
    expect(result).toMatchObject({ kind: 'accepted' });
    await run(
      (async () => {
        for (;;) {
          const region = await cluster.readRegion(regionId, { signal: NEVER });
          if (region.kind === 'found' && region.leader === to && region.status === 'alive') return;
          await sleep(clock, 1_000);
        }
      })(),
    );
    expect(sim.leaderOf(regionId)).toBe(to);
    if (result.kind !== 'accepted') return;
    const procedure = await run(cluster.readProcedure(result.procedureId, { signal: NEVER }));
    expect(procedure).toEqual(
      cluster.profile.hasProcedureState ? { kind: 'ended', status: 'done' } : { kind: 'unsupported' },
    );
    // Asking again finds it there, or is told that it is no longer where the request says.
    const again = await run(cluster.submitMigration(request, { signal: NEVER }));
    expect(again).toEqual({ kind: 'already-there' });
  });

  it('names the reasons of a refusal', async () => {
    const { sim, open, run, clock } = stage({
      profile,
      layout: { datanodes: 4, tables: 3, metricTables: 1 },
    });
    const cluster = await open();
    const [regionId, leader] = [...sim.leaders()].find(([, id]) => id !== null)!;
    const other = ['0', '1', '2', '3'].filter((id) => id !== leader);
    const submit = (from: string, to: string, id = regionId): Promise<unknown> =>
      run(cluster.submitMigration({ regionId: id, from, to, replayTimeoutMs: 10_000 }, { signal: NEVER }));
    expect(await submit(other[0]!, other[1]!)).toMatchObject({ kind: 'refused', code: 'leader-changed' });
    expect(await submit(leader!, leader!)).toMatchObject({ kind: 'refused', code: 'invalid' });
    expect(await submit(leader!, other[0]!, '77309411328')).toMatchObject({
      kind: 'refused',
      code: 'region-gone',
    });
    sim.killDatanode(other[2]!);
    await run(sleep(clock, 15_000));
    expect(await submit(leader!, other[2]!)).toMatchObject({ kind: 'refused', code: 'peer-unavailable' });
  });

  it('says within a lease that a datanode died, and that a new one joined', async () => {
    const { sim, open, run, clock } = stage({ profile, layout: { datanodes: 3, tables: 2 } });
    const cluster = await open();
    await run(cluster.readSnapshot({ selector: everything, signal: NEVER }));
    sim.killDatanode('1');
    const added = sim.addDatanode();
    await run(sleep(clock, 15_000));
    const datanodes = await run(cluster.readDatanodes({ signal: NEVER }));
    const status = Object.fromEntries(datanodes.map((datanode) => [datanode.id, datanode.status]));
    expect(status).toEqual({ 0: 'alive', 1: 'dead', 2: 'alive', [added]: 'alive' });
  });

  it('takes a region that vanished for gone', async () => {
    const { open, run } = stage({ profile, layout: { tables: 1 } });
    const cluster = await open();
    expect(await run(cluster.readRegion('77309411328', { signal: NEVER }))).toEqual({ kind: 'gone' });
    const id = '538b7476-9f79-4e50-aa9c-b1de90710839';
    const reading = await run(cluster.readProcedure(id, { signal: NEVER }));
    expect(reading.kind).toBe(cluster.profile.hasProcedureState ? 'not-found' : 'unsupported');
  });

  it('keeps ids above 2^53 exact', async () => {
    const { sim, open, run } = stage({ profile, layout: { tables: 3, firstTableId: 2_200_001 } });
    const cluster = await open();
    const snapshot = await run(cluster.readSnapshot({ selector: everything, signal: NEVER }));
    expect([...leadersIn(snapshot).keys()].sort()).toEqual([...sim.leaders().keys()].sort());
  });

  it('sends nothing that changes anything when it only reads', async () => {
    const { sim, clock, run } = stage({ profile, layout: { tables: 2 } });
    const requests: string[] = [];
    const inner = transportInto(sim);
    const isSql = !isLegacy(profile);
    const reader = await run(
      openCluster(
        {
          name: 'sim',
          api: 'auto',
          requestTimeoutMs: 10_000,
          ...(isSql ? { sql: { endpoints: ['http://frontend-0'] } } : {}),
          metasrv: { endpoints: ['http://metasrv-0'], clusterId: 0 },
        },
        {
          clock,
          transport: {
            request: (request) => {
              requests.push(`${request.path} ${decodeURIComponent(request.body ?? '')}`);
              return inner.request(request);
            },
            close: () => Promise.resolve(),
          },
        },
        { signal: NEVER },
      ),
    );
    await run(reader.readSnapshot({ selector: everything, signal: NEVER }));
    await run(reader.readSafety({ signal: NEVER }));
    await run(reader.listProcedures({ signal: NEVER }));
    expect(requests.filter((request) => /migrat|enable|disable|pause|resume|\/set/i.test(request))).toEqual(
      [],
    );
  });
});

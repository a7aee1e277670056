import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/lib/clock.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import type { ClusterOptions } from '../../src/greptimedb/options.ts';
import type { Transport } from '../../src/greptimedb/http.ts';
import { findProfile, profileNames } from '../../src/simulator/index.ts';
import type { SimulatedClusterOptions } from '../../src/simulator/index.ts';
import { NEVER, otherThan, simulatedStage, transportInto } from '../support/greptimedb.ts';

/** A cluster of a version, with the endpoints that reading it needs. */
function stage(profile: string, layout: SimulatedClusterOptions['layout']) {
  const { open, ...rest } = simulatedStage({ profile, ...(layout && { layout }) });
  const needed: Partial<ClusterOptions> = {
    ...(isLegacy(profile) ? {} : { sql: { endpoints: ['http://frontend-0'] } }),
    ...(needsMetasrv(profile) ? METASRV : {}),
  };
  return {
    ...rest,
    open: (more: Partial<ClusterOptions> = {}, transport?: Transport) =>
      open({ ...needed, ...more }, transport),
  };
}

const METASRV = { metasrv: { endpoints: ['http://metasrv-0'], clusterId: 0 } };

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
    const { sim, open, read } = stage(profile, {
      datanodes: 4,
      tables: 5,
      // 0.8 cannot tell which of several physical tables of one schema a logical table belongs to.
      metricTables: findProfile(profile).version.startsWith('0.8') ? 1 : 2,
      fileTables: 1,
      privateTables: true,
    });
    const snapshot = await read(await open());
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
    const { sim, open, run, clock, submit } = stage(profile, { datanodes: 3, tables: 3 });
    const cluster = await open();
    const [regionId, from] = [...sim.leaders()].find(([, leader]) => leader !== null)!;
    const to = otherThan(from!);
    const result = await submit(cluster, regionId);
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
      cluster.profile.api === 'sql' ? { kind: 'ended', status: 'done' } : { kind: 'unsupported' },
    );
    // Asking again finds it there, or is told that it is no longer where the request says.
    expect(await submit(cluster, regionId, from!, to)).toEqual({ kind: 'already-there' });
  });

  it('names the reasons of a refusal', async () => {
    const { sim, open, run, clock, submit } = stage(profile, { datanodes: 4, tables: 3, metricTables: 1 });
    const cluster = await open();
    const [regionId, leader] = [...sim.leaders()].find(([, id]) => id !== null)!;
    const [one, two, three] = ['0', '1', '2', '3'].filter((id) => id !== leader);
    const refusal = async (from: string, to: string, id = regionId): Promise<unknown> => {
      const result = await submit(cluster, id, from, to);
      return result.kind === 'refused' ? result.code : result.kind;
    };
    expect(await refusal(one!, two!)).toBe('leader-changed');
    expect(await refusal(leader!, leader!)).toBe('invalid');
    expect(await refusal(leader!, one!, '77309411328')).toBe('region-gone');
    sim.killDatanode(three!);
    await run(sleep(clock, 15_000));
    expect(await refusal(leader!, three!)).toBe('peer-unavailable');
  });

  it('says within a lease that a datanode died, and that a new one joined', async () => {
    const { sim, open, run, read, clock } = stage(profile, { datanodes: 3, tables: 2 });
    const cluster = await open();
    await read(cluster);
    sim.killDatanode('1');
    const added = sim.addDatanode();
    await run(sleep(clock, 15_000));
    const datanodes = await run(cluster.readDatanodes({ signal: NEVER }));
    const status = Object.fromEntries(datanodes.map((datanode) => [datanode.id, datanode.status]));
    expect(status).toEqual({ 0: 'alive', 1: 'dead', 2: 'alive', [added]: 'alive' });
  });

  it('takes a region that vanished for gone', async () => {
    const { open, run } = stage(profile, { tables: 1 });
    const cluster = await open();
    expect(await run(cluster.readRegion('77309411328', { signal: NEVER }))).toEqual({ kind: 'gone' });
    const id = '538b7476-9f79-4e50-aa9c-b1de90710839';
    const reading = await run(cluster.readProcedure(id, { signal: NEVER }));
    expect(reading.kind).toBe(cluster.profile.api === 'sql' ? 'not-found' : 'unsupported');
  });

  it('keeps ids above 2^53 exact', async () => {
    const { sim, open, read } = stage(profile, { tables: 3, firstTableId: 2_200_001 });
    const snapshot = await read(await open());
    expect([...leadersIn(snapshot).keys()].sort()).toEqual([...sim.leaders().keys()].sort());
  });

  it('sends nothing that changes anything when it only reads', async () => {
    const { sim, open, run, read } = stage(profile, { tables: 2 });
    const requests: string[] = [];
    const inner = transportInto(sim);
    const transport: Transport = {
      ...inner,
      request: (request) => {
        requests.push(`${request.path} ${decodeURIComponent(request.body ?? '')}`);
        return inner.request(request);
      },
    };
    const reader = await open(METASRV, transport);
    await read(reader);
    await run(reader.readSafety({ signal: NEVER }));
    await run(reader.listProcedures({ signal: NEVER }));
    expect(requests.filter((request) => /migrat|enable|disable|pause|resume|\/set/i.test(request))).toEqual(
      [],
    );
  });
});

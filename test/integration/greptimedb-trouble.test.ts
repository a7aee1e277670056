import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sleep } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { OperatingError } from '../../src/domain/errors.ts';
import type { Transport } from '../../src/greptimedb/http.ts';
import { NEVER, otherThan, simulatedStage, sqlError, transportInto } from '../support/greptimedb.ts';

const FRONTENDS = ['http://frontend-0', 'http://frontend-1'];
const METASRVS = ['http://metasrv-0', 'http://metasrv-1', 'http://metasrv-2'];
const ONE_OF_EACH = {
  sql: { endpoints: ['http://frontend-0'] },
  metasrv: { endpoints: ['http://metasrv-0'], clusterId: 0 },
};

const sql = { sql: { endpoints: FRONTENDS } };
const metasrv = { metasrv: { endpoints: METASRVS, clusterId: 0 } };

function placesIn(snapshot: Snapshot): string[] {
  return snapshot.regions.map(({ id, leader, status }) => `${id} ${leader} ${status}`);
}

describe('leader following', () => {
  const options = { profile: '0.6', metasrvs: 3, layout: { datanodes: 3, tables: 3 } };

  it('reads and submits through whichever metasrv leads, after every change', async () => {
    const { sim, open, run, read, clock, submit } = simulatedStage(options);
    const cluster = await open(metasrv);
    for (const to of [1, 2, 0]) {
      sim.changeLeader({ to, gapMs: 500 });
      await run(sleep(clock, 11_000));
      const snapshot = await read(cluster);
      expect(snapshot.datanodes.every(({ status }) => status === 'alive')).toBe(true);
      const region = snapshot.regions.find(({ leader }) => leader === '0')!;
      expect((await submit(cluster, region.id)).kind).toBe('accepted');
      await run(sleep(clock, 60_000));
    }
  });

  it('waits for the heartbeats to a new leader rather than calling datanodes dead', async () => {
    const { sim, open, read, run, clock } = simulatedStage(options);
    const cluster = await open(metasrv);
    await read(cluster);
    sim.changeLeader({ to: 1, gapMs: 0 });
    await run(sleep(clock, 1));
    const snapshot = await read(cluster);
    expect(snapshot.datanodes.map(({ status }) => status)).toEqual(['alive', 'alive', 'alive']);
  });

  it('gets by with a first endpoint that is dead, and with a leader that dies', async () => {
    const { sim, open, read, run, clock } = simulatedStage(options);
    sim.killMetasrv(0);
    await run(sleep(clock, 20_000));
    const cluster = await open(metasrv);
    await read(cluster);
    sim.killMetasrv(sim.metasrvLeader!);
    await run(sleep(clock, 20_000));
    expect((await read(cluster)).regions.length).toBeGreaterThan(0);
  });

  it('submits although the leader gives an address that resolves to nothing', async () => {
    const { open, read, submit } = simulatedStage({ ...options, faults: 'dead-leader-address=1' });
    const cluster = await open(metasrv);
    const [region] = (await read(cluster)).regions;
    expect((await submit(cluster, region!.id)).kind).toBe('accepted');
  });
});

describe('clocks that disagree', () => {
  it.each([-3_600_000, -25_000, -8_000, 0, 8_000, 25_000, 3_600_000])(
    'tells the dead from the living with servers %i ms ahead',
    async (clockSkewMs) => {
      const { sim, open, read, run, clock } = simulatedStage({
        profile: '0.6',
        clockSkewMs,
        layout: { datanodes: 3, tables: 3 },
      });
      const cluster = await open({ metasrv: ONE_OF_EACH.metasrv });
      const statuses = async () => (await read(cluster)).datanodes.map(({ status }) => status);
      expect(await statuses()).toEqual(['alive', 'alive', 'alive']);
      sim.killDatanode('1');
      await run(sleep(clock, 12_000));
      expect(await statuses()).toEqual(['alive', 'dead', 'alive']);
      for (const id of ['0', '2']) sim.killDatanode(id);
      await run(sleep(clock, 300_000));
      expect(await statuses()).toEqual(['dead', 'dead', 'dead']);
    },
  );
});

describe('stale route caches', () => {
  it.each(['0.9', '0.12', '0.16', '1.0', '1.3'])(
    '%s: a move shows although frontends missed it',
    async (profile) => {
      const { sim, open, run, read, clock, submit } = simulatedStage({
        profile,
        frontends: 2,
        faults: 'stale-routes=0.5',
        layout: { datanodes: 3, tables: 4 },
      });
      const cluster = await open(sql);
      let snapshot = await read(cluster);
      for (const region of snapshot.regions.slice(0, 6)) {
        const to = otherThan(sim.leaderOf(region.id)!);
        expect((await submit(cluster, region.id)).kind).toBe('accepted');
        await run(sleep(clock, 30_000));
        const reading = await run(cluster.readRegion(region.id, { signal: NEVER }));
        expect(reading.kind).toBe('found');
        if (reading.kind !== 'found') continue;
        // Right, or known to be perhaps old.
        if (reading.leader !== sim.leaderOf(region.id)) expect(reading.staleByAtMostMs).toBeGreaterThan(0);
        if (profile === '1.3')
          expect(reading).toMatchObject({ leader: to, writableOn: [to], status: 'alive' });
      }
      await run(sleep(clock, 660_000));
      snapshot = await read(cluster);
      for (const region of snapshot.regions) expect(region.leader).toBe(sim.leaderOf(region.id));
    },
  );

  async function moveUnseen(profile: string) {
    const stage = simulatedStage({ profile, faults: 'stale-routes=1', layout: { datanodes: 3, tables: 2 } });
    const cluster = await stage.open(ONE_OF_EACH);
    await stage.read(cluster);
    const [regionId, from] = [...stage.sim.leaders()][0]!;
    await stage.submit(cluster, regionId);
    const reading = async () => {
      await stage.run(sleep(stage.clock, 60_000));
      return stage.run(cluster.readRegion(regionId, { signal: NEVER }));
    };
    return { ...stage, from, to: otherThan(from!), reading };
  }

  it('heartbeats of metasrv correct a single stale frontend before 1.1', async () => {
    const { to, reading } = await moveUnseen('0.12');
    const corrected = { kind: 'found', leader: to, status: 'alive', staleByAtMostMs: 30_000 };
    expect(await reading()).toMatchObject(corrected);
  });

  it('heartbeats vouch for nothing of a region of which none speaks', async () => {
    const { sim, run, from, to, reading } = await moveUnseen('0.9.0');
    await run(
      new Promise<void>((resolve) => {
        sim.onEvent(({ kind }) => {
          if (kind !== 'migration-ended') return;
          // Before its first word about the region.
          sim.killDatanode(to);
          resolve();
        });
      }),
    );
    expect(await reading()).toMatchObject({ kind: 'found', leader: from, staleByAtMostMs: 600_000 });
  });
});

it('regions of a table that is not listed are there all the same', async () => {
  const { sim, open, read } = simulatedStage({ profile: '1.3', layout: { tables: 2 } });
  const inner = transportInto(sim);
  let hidden = '';
  const cluster = await open(sql, {
    ...inner,
    request: async (request) => {
      const answer = await inner.request(request);
      if (hidden === '' || !request.body?.includes('information_schema.tables')) return answer;
      // A table of another id stands in its place.
      return { ...answer, body: answer.body.replaceAll(new RegExp(`\\b${hidden}\\b`, 'g'), '999999') };
    },
  });
  const whole = await read(cluster);
  hidden = whole.tables[0]!.id;
  const partial = await read(cluster);
  expect(partial.tables).toEqual(whole.tables.slice(1));
  expect(placesIn(partial).sort()).toEqual(placesIn(whole).sort());
});

it.each([
  ['the datanodes', { profile: '1.3', frontends: 1 }, 'one region'],
  ['the datanodes', { profile: '1.3', frontends: 1 }, 'one table'],
  ['another frontend', { profile: '1.0', frontends: 2 }, 'one region'],
])('regions that a frontend does not list are there by the word of %s (%j): %s', async (_, options, what) => {
  const { sim, open, read } = simulatedStage({ ...options, layout: { tables: 2 } });
  const inner = transportInto(sim);
  let isHidden = (_regionId: number): boolean => false;
  const cluster = await open(options.frontends === 1 ? ONE_OF_EACH : sql, {
    ...inner,
    request: async (request) => {
      const answer = await inner.request(request);
      if (!request.body?.includes('region_peers') || request.origin !== FRONTENDS[0]) return answer;
      const { output } = peersAnswer.parse(JSON.parse(answer.body));
      const rows = output[0].records.rows.filter(([id]) => !isHidden(Number(id)));
      const records = { ...output[0].records, rows, total_rows: rows.length };
      return { ...answer, body: JSON.stringify({ output: [{ records }] }) };
    },
  });
  const whole = await read(cluster);
  const last = whole.regions.at(-1)!;
  const hidden = whole.regions.filter(({ id, tableId }) =>
    what === 'one table' ? tableId === last.tableId : id === last.id,
  );
  isHidden = (regionId) => hidden.some(({ id }) => id === String(regionId));
  const partial = await read(cluster);
  expect(partial.tables).toEqual(whole.tables);
  expect(partial.regions.map(({ id, leader, status }) => [id, leader, status])).toEqual(
    whole.regions.map((region) => [
      region.id,
      region.leader,
      hidden.includes(region) ? 'migrating' : 'alive',
    ]),
  );
});

const peersAnswer = z.object({
  output: z.tuple([z.object({ records: z.looseObject({ rows: z.array(z.array(z.unknown())) }) })]),
});

describe.each(['fail', 'hang'] as const)('region_statistics that %ss', (how) => {
  it.each([true, false])('leaves loads unknown, and stops nothing (while opening: %s)', async (atOpen) => {
    const { sim, open, read, warnings } = simulatedStage({
      profile: '1.0',
      frontends: 2,
      layout: { tables: 2 },
    });
    const inner = transportInto(sim);
    const transport: Transport = {
      ...inner,
      request: (request) => {
        if (!isTroubled || !request.body?.includes('region_statistics')) return inner.request(request);
        const answer = sqlError(1003, 'Internal error: 1003', 500);
        if (how === 'fail') return Promise.resolve({ status: 500, headers: {}, body: '', ...answer });
        return new Promise((_, reject) =>
          request.signal.addEventListener('abort', () => reject(new Error('hung'))),
        );
      },
    };
    let isTroubled = atOpen;
    const cluster = await open(sql, transport);
    isTroubled = true;
    const places = placesIn(await read(cluster));
    expect(places.length).toBeGreaterThan(1);
    expect((await read(cluster)).regions.every(({ load }) => load === undefined)).toBe(true);
    expect(warnings.filter((warning) => warning.includes('region_statistics'))).toHaveLength(2);
    // It comes back by itself, whenever it answers.
    isTroubled = false;
    const snapshot = await read(cluster);
    expect(placesIn(snapshot)).toEqual(places);
    expect(snapshot.regions.every(({ load }) => load?.diskBytes !== undefined)).toBe(true);
  });
});

describe('frontends', () => {
  it('fails over for reads, and submits where a connection comes about', async () => {
    const { sim, open, read, submit } = simulatedStage({
      profile: '1.3',
      frontends: 2,
      layout: { datanodes: 3, tables: 2 },
    });
    const cluster = await open(sql);
    sim.killFrontend(0);
    const snapshot = await read(cluster);
    const { id } = snapshot.regions[0]!;
    expect((await submit(cluster, id)).kind).toBe('accepted');
    sim.killFrontend(1);
    await expect(read(cluster)).rejects.toMatchObject({ code: 'cluster-unreachable' });
    await expect(submit(cluster, id)).rejects.toMatchObject({ code: 'not-sent' });
    sim.reviveFrontend(0);
    expect((await read(cluster)).regions.length).toBe(snapshot.regions.length);
  });

  it('authenticates, and says so when it may not', async () => {
    const { open } = simulatedStage({
      profile: '1.3',
      users: [{ username: 'admin', password: 'pä:ss' }],
      layout: { tables: 1 },
    });
    const endpoints = ['http://frontend-0'];
    const login = (password: string) => ({ username: 'admin', password: new Secret(password) });
    await open({ sql: { endpoints, login: login('pä:ss') } });
    const failure = open({ sql: { endpoints, login: login('secret-wrong') } });
    await expect(failure).rejects.toMatchObject({ code: 'access-denied' });
    await expect(failure).rejects.not.toThrow(/secret-wrong/);
  });
});

describe.each([
  ['0.6', metasrv],
  ['0.7', metasrv],
  ['0.9', sql],
  ['1.3', sql],
] as const)('%s with a wire that breaks', (profile, endpoints) => {
  it.each([
    'hang:read=1',
    'http-500:read=1',
    'html-body:read=1',
    'truncated-json:read=1',
    'huge-body:read=1',
    'redirect:read=1',
    'wrong-types:read=1',
    'lost-request:read=1',
    'lost-answer:read=1',
  ])('%s: a clear error, and the next cycle works', async (faults) => {
    const { sim, open, read, run, clock } = simulatedStage({
      profile,
      metasrvs: 3,
      frontends: 2,
      hugeBodyBytes: 8_000_000,
      layout: { datanodes: 2, tables: 2 },
    });
    const cluster = await open(endpoints);
    const wanted = placesIn(await read(cluster));
    sim.faults.set(faults);
    const failure: unknown = await read(cluster).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OperatingError);
    expect((failure as OperatingError).message).toMatch(/http:\/\/(?:metasrv|frontend)-\d/);
    await expect(open(endpoints)).rejects.toThrow(OperatingError);
    sim.faults.set('');
    await run(sleep(clock, 1_000));
    expect(placesIn(await read(cluster))).toEqual(wanted);
  });

  it.each(['lost-answer:submit=1', 'hang:submit=1', 'html-body:submit=1', 'http-500:submit=1'])(
    '%s: a submission whose answer is lost is unclear, and sent once',
    async (faults) => {
      const { sim, open, read, submit } = simulatedStage({
        profile,
        metasrvs: 3,
        frontends: 2,
        layout: { datanodes: 2, tables: 2 },
      });
      const cluster = await open(endpoints);
      const [region] = (await read(cluster)).regions;
      sim.faults.set(faults);
      expect((await submit(cluster, region!.id)).kind).toBe('unclear');
      expect(
        sim.journal.filter((event) => JSON.stringify(event).includes('submit')).length,
      ).toBeLessThanOrEqual(1);
    },
  );
});

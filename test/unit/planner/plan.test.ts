import { describe, expect, it } from 'vitest';
import type { Memory, Policy } from '../../../src/domain/policy.ts';
import type { RegionLoad, Snapshot } from '../../../src/domain/snapshot.ts';
import { judgePlacement } from '../../../src/domain/verdict.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import type { PlanDraft } from '../../../src/planner/plan.ts';
import { inputOf, NOW_MS, regionId, snapshotOf, withRates } from '../../support/random-case.ts';

function plan(snapshot: Snapshot, policy?: Partial<Policy>, memory?: Partial<Memory>): PlanDraft {
  return makePlan(inputOf(snapshot, { policy, memory })).plan;
}

const codes = ({ blocked }: PlanDraft): string[] => [...new Set(blocked.map(({ code }) => code))];
const counts = ({ after }: PlanDraft): number[] => after.datanodes.map(({ regions }) => regions);

describe('clusters at the edge', () => {
  it.each<[string, Snapshot, Partial<Policy>, number[], string[]]>([
    ['no datanodes and no tables', snapshotOf([], 0), {}, [], []],
    ['datanodes without tables', snapshotOf([], 3), {}, [0, 0, 0], []],
    [
      'a thousand tables without regions',
      snapshotOf(Array.from({ length: 1_000 }, () => [0, 0])),
      {},
      [0, 0],
      [],
    ],
    ['one datanode', snapshotOf([[7]]), {}, [7], []],
    ['one region, two datanodes', snapshotOf([[1, 0]]), {}, [1, 0], []],
    ['every datanode drains', snapshotOf([[2, 1]]), { drain: ['0', '1'] }, [2, 1], ['no-target']],
    ['every datanode is cordoned', snapshotOf([[2, 1]]), { cordon: ['0', '1'] }, [2, 1], ['cordoned']],
    [
      'no table is selected',
      snapshotOf([[4, 0]]),
      { tables: { include: ['other.*'], exclude: [] } },
      [0, 0],
      [],
    ],
  ])('%s: nothing moves', (_name, snapshot, policy, after, blocked) => {
    const made = plan(snapshot, policy);
    expect(made).toMatchObject({ moves: [], minimumMoves: 0, optimal: true });
    expect(counts(made)).toEqual(after);
    expect(codes(made)).toEqual(blocked);
  });

  it('lists regions of unknown tables, of unknown datanodes, of dead ones and of nobody, and counts none of them', () => {
    const base = snapshotOf([[3, 0, 0]]);
    const [region] = base.regions;
    const made = plan({
      ...base,
      datanodes: base.datanodes.map((node) =>
        node.id === '2' ? { ...node, status: 'dead' as const } : node,
      ),
      regions: [
        ...base.regions,
        { ...region!, id: '1', tableId: '99' },
        { ...region!, id: '2', leader: '77' },
        { ...region!, id: '3', leader: '2' },
        { ...region!, id: '4', leader: null },
      ],
    });
    expect(codes(made).sort()).toEqual(['leader-dead', 'no-leader', 'unknown-datanode', 'unknown-table']);
    expect(made.moves).toHaveLength(1);
    expect(counts(made)).toEqual([2, 1, 1]);
  });

  it('counts regions that cannot be migrated as left on a draining datanode', () => {
    const base = snapshotOf([[2, 0]]);
    const made = plan(
      { ...base, tables: base.tables.map((table) => ({ ...table, engine: 'file' })) },
      { drain: ['0'] },
    );
    expect(codes(made)).toEqual(['unsupported-engine']);
    expect(made.after).toMatchObject({ regionsOnDraining: 2, nodeSpreadViolation: 0 });
  });

  it('tells a skew by weight to nine digits', () => {
    const made = plan(snapshotOf([[1, 0]]), { weights: { 0: 3, 1: 2 } });
    expect(made.before).toMatchObject({ tableSkewMax: 0.333333333, nodeSkew: 0.333333333 });
  });
});

describe('a datanode in quarantine', () => {
  const without = (datanode: string) => ({
    datanodes: [{ datanode, role: 'target' as const, untilMs: NOW_MS + 1 }],
  });

  it('takes no region, the others share theirs, and the skew is that of all', () => {
    const made = plan(snapshotOf([[5, 4, 3, 0]]), {}, without('3'));
    expect(counts(made)).toEqual([4, 4, 4, 0]);
    expect(made.before).toMatchObject({ tableSkewMax: 5, nodeSkew: 5 });
    expect(made.after).toMatchObject({ tableSkewMax: 4, nodeSkew: 4 });
    expect(judgePlacement(made.after)).toEqual({
      code: 'attention',
      sentence:
        'Datanode 3 is in quarantine after failed migrations: nothing moves to it, and the plan leaves it out. Unbalanced until datanode 3 may receive regions again.',
    });
  });

  it.each([
    ['more than its share, which costs balance', [1, 1, 7], false],
    ['no more than that, which costs nothing', [3, 3, 3], true],
  ])('keeps %s', (_name, leads, isHarmless) => {
    const { moves, blocked } = plan(snapshotOf([leads]), {}, without('2'));
    expect(moves).toEqual([]);
    expect(blocked.map(({ code, harmless = false }) => [code, harmless])).toEqual(
      Array.from({ length: leads[2]! }, () => ['target-quarantined', isHarmless]),
    );
  });
});

describe('a drain takes everything', () => {
  const onlyT0 = { tables: { include: ['public.t0'], exclude: [] } };

  it('whatever is selected: other tables leave to where they are fewest, and change no balance', () => {
    const made = plan(
      snapshotOf([
        [2, 1, 1],
        [1, 3, 0],
        [2, 0, 0],
      ]),
      { drain: ['0'], ...onlyT0 },
    );
    const moved = made.moves.map(({ tableId, to, reason }) => [tableId, to, reason]);
    expect(moved.filter(([table]) => table === '1025')).toEqual([['1025', '2', 'drain']]);
    expect(
      moved
        .filter(([table]) => table === '1026')
        .map(([, to]) => to)
        .sort(),
    ).toEqual(['1', '2']);
    expect(made).toMatchObject({ minimumMoves: 5, optimal: true, blocked: [] });
    expect(made.before).toMatchObject({ regionsOnDraining: 5 });
    expect(made.after).toMatchObject({ regionsOnDraining: 0, nodeSpreadViolation: 0, nodeSkew: 0 });
    expect(counts(made)).toEqual([0, 2, 2]);
  });

  it('and a move counts what is left of every table', () => {
    const { moves } = plan(
      snapshotOf([
        [2, 0],
        [1, 0],
      ]),
      { drain: ['0'], ...onlyT0 },
    );
    expect(moves.map(({ detail }) => /has (\d+) regions? left/.exec(detail)?.[1])).toEqual([
      '3',
      '2',
      undefined,
    ]);
  });

  it('and a move says of its target what is true when no other can take the region', () => {
    const base = snapshotOf([[1, 1, 0]]);
    const regions = base.regions.map((region) =>
      region.leader === '0' ? { ...region, followers: ['2'] } : region,
    );
    const { moves } = plan(
      { ...base, regions },
      { drain: ['0'], pins: { tables: [], regions: [regionId(1024, 1)] } },
    );
    expect(moves.map(({ detail }) => detail)).toEqual([
      'Datanode 0 is draining and has 1 region left; datanode 1 may take it.',
    ]);
  });

  it('though it rests after a move; a quarantine holds it', () => {
    const [cooling, failed] = [regionId(1024, 0), regionId(1024, 1)];
    const rests = (id: string) => [{ regionId: id, untilMs: NOW_MS + 1 }];
    const made = plan(
      snapshotOf([[3, 0]]),
      { drain: ['0'] },
      {
        cooldowns: rests(cooling),
        quarantine: rests(failed),
        datanodes: [],
      },
    );
    expect(made.moves.map(({ regionId: id }) => id)).toEqual([cooling, regionId(1024, 2)]);
    expect(made.blocked.map(({ code, regionId: id }) => [code, id])).toEqual([['quarantined', failed]]);
    expect(made.after.regionsOnDraining).toBe(1);
  });

  it.each<[string, Partial<Policy>, Partial<Snapshot['regions'][number]>, string]>([
    ['a pin of the region', { pins: { tables: [], regions: [regionId(1025, 0)] } }, {}, 'pinned'],
    ['a pin of the table', { pins: { tables: ['public.t1'], regions: [] } }, {}, 'pinned'],
    ['followers on every target', {}, { followers: ['1'] }, 'follower-on-target'],
    ['a procedure', {}, { status: 'migrating' }, 'migrating'],
    ['a repartitioning', {}, { status: 'staging' }, 'staging'],
  ])('but for what %s holds back, which is told', (_name, policy, change, code) => {
    const base = snapshotOf([
      [1, 1],
      [1, 1],
    ]);
    const regions = base.regions.map((region) =>
      region.id === regionId(1025, 0) ? { ...region, ...change } : region,
    );
    const made = plan({ ...base, regions }, { drain: ['0'], ...onlyT0, ...policy });
    expect(made.moves.map(({ regionId: id }) => id)).toEqual([regionId(1024, 0)]);
    expect(made.blocked.map((blocker) => [blocker.code, blocker.regionId])).toEqual([
      [code, regionId(1025, 0)],
    ]);
    expect(made.after.regionsOnDraining).toBe(1);
  });

  it('also of a datanode that died: its regions are counted as left, and told', () => {
    const base = snapshotOf([[1, 1, 1]]);
    const datanodes = base.datanodes.map((node, id) =>
      id === 0 ? { ...node, status: 'dead' as const } : node,
    );
    const made = plan(
      { ...base, datanodes },
      { drain: ['0'], tables: { include: ['other.*'], exclude: [] } },
    );
    expect(made).toMatchObject({ moves: [], before: { regionsOnDraining: 1 } });
    expect(codes(made)).toEqual(['leader-dead']);
  });

  it('leaves no target more crowded on the way than it ends', () => {
    const made = plan(
      snapshotOf([
        [0, 10, 0],
        [6, 0, 0],
      ]),
      { drain: ['0'], ...onlyT0 },
    );
    const leads = [6, 10, 0];
    for (const { from, to } of made.moves) {
      leads[Number(from)]! -= 1;
      leads[Number(to)]! += 1;
      expect(leads[1]).toBeLessThanOrEqual(11);
    }
    expect(leads).toEqual([0, 8, 8]);
  });
});

describe('which region moves', () => {
  const loaded = (loads: readonly (RegionLoad | undefined)[]): Snapshot => {
    const base = snapshotOf([[loads.length, 0]]);
    return {
      ...base,
      regions: base.regions.map((region, index) => {
        const load = loads[index];
        return load ? { ...region, load } : region;
      }),
    };
  };

  it.each<[string, (RegionLoad | undefined)[], number[]]>([
    ['the least write rate', [{ writeBytesPerSecond: 9 }, { writeBytesPerSecond: 1 }], [1]],
    [
      'the smallest memtable among equal write rates',
      [
        { writeBytesPerSecond: 1, memtableBytes: 5 },
        { writeBytesPerSecond: 1, memtableBytes: 4 },
      ],
      [1],
    ],
    [
      'the smallest on disk among equals',
      [
        { writeBytesPerSecond: 1, memtableBytes: 5, diskBytes: 2 },
        { writeBytesPerSecond: 1, memtableBytes: 5, diskBytes: 1 },
      ],
      [1],
    ],
    ['a known load before an unknown one', [undefined, { writeBytesPerSecond: 1_000 }], [1]],
    ['the lowest id among equals', [undefined, undefined], [0]],
  ])('is the one with %s', (_name, loads, expected) => {
    const moved = plan(loaded(loads)).moves.map(({ regionId: id }) => id);
    expect(moved).toEqual(expected.map((number) => regionId(1024, number)));
  });

  it('takes the heaviest to the datanode that carries least', () => {
    const base = snapshotOf([
      [4, 0, 0],
      [0, 2, 0],
    ]);
    const made = plan(withRates(base, [1, 2, 3, 50, 100, 100]));
    const heaviest = made.moves.find(({ regionId: id }) => id === regionId(1024, 1));
    expect(heaviest?.to).toBe('2');
  });
});

describe('order', () => {
  it('empties draining datanodes first, and lets targets take turns', () => {
    const made = plan(snapshotOf([[6, 6, 0, 0]]), { drain: ['1'] });
    const sources = made.moves.map(({ from }) => from);
    expect(sources).toEqual([...sources].sort((a, b) => Number(b === '1') - Number(a === '1')));
    const drained = made.moves.filter(({ from }) => from === '1').map(({ to }) => to);
    expect(new Set(drained.slice(0, 2)).size).toBe(2);
  });
});

describe('only draining', () => {
  it('leaves every other region where it is', () => {
    const made = plan(snapshotOf([[4, 6, 0]]), { drain: ['0'], onlyDrain: true });
    expect(made.moves.map(({ from }) => from)).toEqual(['0', '0', '0', '0']);
    expect(made.blocked).toEqual([]);
    expect(counts(made)).toEqual([0, 6, 4]);
  });
});

import { describe, expect, it } from 'vitest';
import { measureBalance } from '../../../src/domain/balance.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Region, Snapshot } from '../../../src/domain/snapshot.ts';
import { compileSelection } from '../../../src/domain/selector.ts';
import { unmatchedNames } from '../../../src/domain/unmatched-names.ts';
import { judgePlacement } from '../../../src/domain/verdict.ts';
import type { PlacementCode } from '../../../src/domain/verdict.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';
import { inputOf, regionId, snapshotOf } from '../../support/random-case.ts';

type Case = [
  name: string,
  snapshot: Snapshot,
  policy: Partial<Policy>,
  code: PlacementCode,
  sentence: string,
];

const dead = (snapshot: Snapshot, ...ids: string[]): Snapshot => ({
  ...snapshot,
  datanodes: snapshot.datanodes.map((node) => (ids.includes(node.id) ? { ...node, status: 'dead' } : node)),
});
const withRegion = (snapshot: Snapshot, change: Partial<Region>): Snapshot => ({
  ...snapshot,
  regions: [
    ...snapshot.regions,
    { id: regionId(1024, 99), tableId: '1024', leader: '0', status: 'alive', ...change },
  ],
});
const only = (pattern: string): Partial<Policy> => ({ tables: { include: [pattern], exclude: [] } });

const CASES: Case[] = [
  ['even', snapshotOf([[1, 1]]), {}, 'balanced', 'Balanced.'],
  ['an empty cluster', snapshotOf([], 0), {}, 'nothing-selected', 'No regions: there is nothing to balance.'],
  [
    'datanodes without tables',
    snapshotOf([], 2),
    {},
    'nothing-selected',
    'No regions: there is nothing to balance.',
  ],
  ['one datanode', snapshotOf([[3]]), {}, 'balanced', 'Balanced.'],
  ['uneven', snapshotOf([[3, 0]]), {}, 'uneven', 'Unbalanced.'],
  [
    'regions of a dead datanode',
    dead(snapshotOf([[1, 1, 3]]), '2'),
    {},
    'attention',
    '3 regions led by dead datanode 2: left to failover. The rest is balanced.',
  ],
  [
    'a dead datanode that leads nothing',
    dead(snapshotOf([[1, 1, 0]]), '2'),
    {},
    'balanced',
    'Datanode 2 is dead. Balanced.',
  ],
  [
    'all datanodes dead',
    dead(snapshotOf([[1, 1]]), '0', '1'),
    {},
    'attention',
    '2 regions led by dead datanodes 0 and 1: left to failover. No datanode may lead regions.',
  ],
  [
    'all datanodes cordoned',
    snapshotOf([[3, 0]]),
    { cordon: ['0', '1'] },
    'attention',
    'No datanode may lead regions.',
  ],
  [
    'a draining datanode that died with a region',
    dead(snapshotOf([[1, 1, 1]]), '0'),
    { drain: ['0'] },
    'uneven',
    '1 region left on datanode 0, which drains. 1 region led by dead datanode 0: left to failover. Unbalanced.',
  ],
  [
    'a region without a leader',
    withRegion(snapshotOf([[1, 1]]), { leader: null }),
    {},
    'attention',
    '1 region without a leader. The rest is balanced.',
  ],
  [
    'no leader at all',
    {
      ...snapshotOf([], 2),
      tables: snapshotOf([[1]]).tables,
      regions: [{ id: regionId(1024, 0), tableId: '1024', leader: null, status: 'alive' }],
    },
    {},
    'attention',
    '1 region without a leader. The rest is balanced.',
  ],
  [
    'a region on a datanode that is not listed',
    withRegion(snapshotOf([[1, 1]]), { leader: '77' }),
    {},
    'attention',
    '1 region led by datanodes that are not listed: left to failover. The rest is balanced.',
  ],
  [
    'an empty datanode that was drained',
    snapshotOf([[0, 1, 1]]),
    { drain: ['0'] },
    'balanced',
    'Datanode 0 is empty. Balanced.',
  ],
  [
    'an empty datanode that was drained, and the rest uneven',
    snapshotOf([[0, 3, 0]]),
    { drain: ['0'] },
    'uneven',
    'Datanode 0 is empty. Unbalanced.',
  ],
  [
    'a pinned region on a draining datanode',
    snapshotOf([[1, 1]]),
    { drain: ['0'], pins: { tables: ['public.t0'], regions: [] } },
    'uneven',
    '1 region left on datanode 0, which drains. Unbalanced.',
  ],
  [
    'a region of another table on a draining datanode',
    snapshotOf([
      [0, 1],
      [1, 0],
    ]),
    { drain: ['0'], ...only('public.t0') },
    'uneven',
    '1 region left on datanode 0, which drains. Unbalanced.',
  ],
  [
    'an include that matches nothing',
    snapshotOf([[1, 1]]),
    only('publik.*'),
    'nothing-selected',
    'No table matches tables.include (publik.*): there is nothing to balance.',
  ],
  [
    'one include of two that matches nothing',
    snapshotOf([[1, 1]]),
    { tables: { include: ['public.*', 'publik.*', '77'], exclude: [] } },
    'attention',
    'tables.include: "publik.*" matches no table. tables.include: "77" matches no table. The rest is balanced.',
  ],
  [
    'names of datanodes, tables and regions that are not there',
    snapshotOf([[1, 1]]),
    { drain: ['8'], cordon: ['9'], weights: { 7: 2 }, pins: { tables: ['public.x'], regions: ['5'] } },
    'attention',
    'datanodes.drain: "8" matches no datanode. datanodes.cordon: "9" matches no datanode. datanodes.weights: "7" matches no datanode. ' +
      'pins.tables: "public.x" matches no table. pins.regions: "5" matches no region. The rest is balanced.',
  ],
];

describe('how a placement is called', () => {
  it.each(CASES)('%s', (_name, snapshot, change, code, sentence) => {
    const policy = { ...DEFAULT_POLICY, ...change };
    const warnings = unmatchedNames(policy, snapshot);
    const { plan, counts } = makePlan({ ...inputOf(snapshot, { policy }), warnings });
    expect(judgePlacement(measureBalance(counts, 'now'), plan.warnings)).toEqual({ code, sentence });
  });

  it('of which only empty datanodes were asked for, by these alone', () => {
    const { counts } = makePlan(inputOf(snapshotOf([[0, 3, 0]]), { policy: { drain: ['0'] } }));
    expect(judgePlacement(measureBalance(counts, 'now'), [], { onlyDrain: true })).toEqual({
      code: 'balanced',
      sentence: 'Datanode 0 is empty.',
    });
  });

  it('names a few datanodes and counts the others', () => {
    const row = Array.from({ length: 9 }, (_, node) => (node === 8 ? 0 : 1));
    const snapshot = dead(snapshotOf([row]), ...Array.from({ length: 8 }, (_, id) => String(id)));
    const { counts } = makePlan(inputOf(snapshot));
    expect(judgePlacement(measureBalance(counts, 'now')).sentence).toMatch(
      /^8 regions led by dead datanodes 0, 1, 2, 3, 4 and 3 more: /,
    );
  });
});

describe('excludes that no table has', () => {
  it.each([
    [['public.t*'], []],
    [['public.t0', 'public.nothing'], ['public.nothing']],
    [['greptime_private.*'], []],
  ])('%j: %j', (exclude, unmatched) => {
    for (const everything of [false, true]) {
      const selector = compileSelection({ include: [], exclude }, { everything });
      for (const table of snapshotOf([[1], [1]]).tables) selector.selects(table);
      expect(selector.unmatchedExcludes()).toEqual(unmatched);
    }
  });
});

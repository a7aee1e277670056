import { describe, expect, it } from 'vitest';
import type { Memory, Policy } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { explain } from '../../../src/planner/explain/explain.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { inputOf, NOW_MS, regionId, snapshotOf, withRates } from '../../support/random-case.ts';

function ask(
  kind: 'region' | 'table' | 'datanode',
  id: string,
  options: { snapshot?: Snapshot; policy?: Partial<Policy>; memory?: Partial<Memory> } = {},
): ReturnType<typeof explain> {
  const input = inputOf(options.snapshot ?? snapshotOf([[6, 0, 0]]), options);
  return explain(input, makePlan(input).plan, kind, id);
}

const first = regionId(1024, 0);
const codes = (explanation: ReturnType<typeof explain>): string[] =>
  explanation!.reasons.map(({ code }) => code);

describe('explain region', () => {
  it('says why one moves, which alternatives there were, and why this one of its table', () => {
    const explanation = ask('region', first);
    expect(explanation!.answer).toMatch(/^It moves from datanode 0 to \d, as move \d of 4\./);
    expect(codes(explanation)).toEqual(['table-spread', 'cheapest-to-move', 'target-choice']);
    expect(explanation!.facts['targets']).toHaveLength(3);
  });

  it('says of each datanode whether it could be given the region', () => {
    const mayLead = (explanation: ReturnType<typeof explain>): unknown =>
      (explanation!.facts['targets'] as { mayLead: boolean }[]).map((target) => target.mayLead);
    const snapshot = snapshotOf([[4, 2, 0]]);
    expect(mayLead(ask('region', first, { snapshot }))).toEqual([false, false, true]);
    const pins = { tables: [], regions: [first] };
    expect(mayLead(ask('region', first, { snapshot, policy: { pins } }))).toEqual([false, false, false]);
  });

  it('says that the numbers of a later move are those before it', () => {
    const input = inputOf(snapshotOf([[6, 0, 0]]));
    const [one, two] = makePlan(input).plan.moves;
    expect(one!.detail).toMatch(/^Datanode 0 has 6 of/);
    expect(two!.detail).toMatch(/^Datanode 0 then has 5 of/);
  });

  it('keeps the numbers of the plan while it is carried out', () => {
    const input = inputOf(snapshotOf([[6, 0, 0]]));
    const { plan } = makePlan(input);
    const [, second] = plan.moves;
    const left = { ...plan, moves: plan.moves.slice(1) };
    const { answer, facts } = explain(input, left, 'region', second!.regionId)!;
    expect(answer).toContain(`as move 2 of ${plan.moves.length}.`);
    expect(facts).toMatchObject({ seq: 2 });
  });

  it('says that another region of the table was cheaper to move', () => {
    expect(codes(ask('region', regionId(1024, 5)))).toEqual(['cheaper-region-moves']);
  });

  it('says that the previous plan chose another where that is not cheaper', () => {
    const snapshot = withRates(snapshotOf([[4, 2]]), [1_050, 1_000, 3_000, 3_000, 1, 1]);
    const { regions } = snapshot;
    const previous = [{ regionId: regions[0]!.id, from: '0', to: '1' }];
    const input = { ...inputOf(snapshot), previous };
    const { plan } = makePlan(input);
    expect(plan.moves.map(({ regionId: id }) => id)).toEqual([regions[0]!.id]);
    expect(explain(input, plan, 'region', regions[1]!.id)!.answer).toContain('the previous plan chose them');
    expect(explain(input, plan, 'region', regions[2]!.id)!.answer).toContain('cheaper to move than this one');
  });

  it('names the plan that it explains', () => {
    const input = inputOf(snapshotOf([[6, 0, 0]]));
    const plan = { ...makePlan(input).plan, planId: 'sha256:0' };
    for (const [kind, id] of [
      ['region', first],
      ['table', '1024'],
      ['datanode', '0'],
    ] as const)
      expect(explain(input, plan, kind, id)).toMatchObject({ kind, planId: 'sha256:0' });
  });

  it('says that a well-placed one is', () => {
    const explanation = ask('region', first, { snapshot: snapshotOf([[2, 2, 2]]) });
    expect(codes(explanation)).toEqual(['well-placed']);
    expect(explanation!.answer).toContain("has 2 of the table's 6 regions; its fair share is 2");
  });

  it.each<[string, Parameters<typeof ask>[2]]>([
    ['pinned', { policy: { pins: { tables: [], regions: [first] } } }],
    ['pinned', { policy: { pins: { tables: ['public.t0'], regions: [] } } }],
    ['cooldown', { memory: { cooldowns: [{ regionId: first, untilMs: NOW_MS + 1 }] } }],
    ['quarantined', { memory: { quarantine: [{ regionId: first, untilMs: NOW_MS + 1 }] } }],
    ['cordoned', { policy: { cordon: ['0'] } }],
    ['not-selected', { policy: { tables: { include: ['other.*'], exclude: [] } } }],
    ['no-target', { policy: { drain: ['0', '1', '2'] } }],
  ])('says that one stays because of %s', (code, options) => {
    expect(codes(ask('region', first, options))).toContain(code);
  });

  it('lets a cooldown end at its time', () => {
    const memory = { cooldowns: [{ regionId: first, untilMs: NOW_MS }] };
    expect(codes(ask('region', first, { memory }))).toContain('cheapest-to-move');
  });

  it('knows nothing of a region that is not there', () => {
    expect(ask('region', '1')).toBeUndefined();
  });
});

describe('explain table', () => {
  it.each(['1024', 'public.t0', 'greptime.public.t0', 't0'])(
    'answers for %s with its spread before and after',
    (id) => {
      const explanation = ask('table', id);
      expect(explanation!.answer).toBe('4 of the 6 counted regions of greptime.public.t0 move.');
      expect(explanation!.facts['spread']).toEqual([
        { datanode: '0', regions: 6, floor: 2, ceil: 2, after: 2 },
        { datanode: '1', regions: 0, floor: 2, ceil: 2, after: 2 },
        { datanode: '2', regions: 0, floor: 2, ceil: 2, after: 2 },
      ]);
    },
  );

  it('tells of all its regions, and claims no even spread, while one of its datanodes is in quarantine', () => {
    const datanodes = [{ datanode: '0', role: 'target' as const, untilMs: NOW_MS + 1 }];
    const explanation = ask('table', '1024', { snapshot: snapshotOf([[3, 1]]), memory: { datanodes } });
    expect(explanation).toMatchObject({
      answer:
        'No region of greptime.public.t0 moves: the moves that would make it even are blocked. 3 regions stay where they are and are not counted.',
      facts: {
        regions: 4,
        counted: 1,
        spread: [
          { datanode: '0', regions: 3 },
          { datanode: '1', regions: 1 },
        ],
      },
    });
    expect(codes(explanation)).not.toContain('balanced');
  });

  it('names the tables that share a bare name', () => {
    const { tables, ...rest } = snapshotOf([
      [6, 0, 0],
      [0, 6, 0],
    ]);
    const snapshot = {
      ...rest,
      tables: tables.map((table, at) => ({ ...table, schema: `s${at}`, name: 'cpu' })),
    };
    expect(() => ask('table', 'cpu', { snapshot })).toThrow(
      'Found 2 tables called "cpu", wanted one of them: greptime.s0.cpu, greptime.s1.cpu',
    );
    expect(ask('table', 's1.cpu', { snapshot })).toMatchObject({ id: tables[1]!.id });
  });

  it('knows nothing of a table that is not there', () => {
    expect(ask('table', 'public.nothing')).toBeUndefined();
    expect(ask('table', 'nothing')).toBeUndefined();
  });
});

describe('explain datanode', () => {
  it('answers for an empty one that receives', () => {
    const explanation = ask('datanode', '1');
    expect(explanation!.answer).toBe(
      'Datanode 1 leads 0 regions in scope; its fair share is 2. +2, −0, 2 after the plan.',
    );
    expect(codes(explanation)).toEqual(['balanced', 'receives-regions']);
  });

  it('says of regions that stay without cost that they stay, and not that they should move', () => {
    const cooldowns = [{ regionId: first, untilMs: NOW_MS + 1 }];
    const explanation = ask('datanode', '0', { snapshot: snapshotOf([[2, 2]]), memory: { cooldowns } });
    expect(explanation!.reasons[1]?.detail).toMatch(/^For 1 region that stays where it is: /);
  });

  it('does not say that all that helps is blocked where the plan moves something', () => {
    const pins = { tables: [], regions: [0, 1, 2, 3].map((index) => regionId(1024, index)) };
    const explanation = ask('datanode', '0', { snapshot: snapshotOf([[6, 0]]), policy: { pins } });
    expect(explanation!.reasons[0]).toEqual({
      code: 'out-of-balance',
      detail:
        'After the plan it leads 4 regions; its fair share is 3. Blocked moves, or the spread of each table, which comes first, forbid that.',
    });
  });

  it('answers for one that drains, and counts what cannot leave', () => {
    const explanation = ask('datanode', '0', {
      policy: { drain: ['0'], pins: { tables: [], regions: [first] } },
    });
    expect(explanation!.answer).toBe(
      'Datanode 0 leads 6 regions in scope and is draining: 5 move away, 1 cannot (1 blocked).',
    );
  });

  it('says of one that drains since after the plan that none tells of it yet', () => {
    const snapshot = snapshotOf([[2, 2, 2]]);
    const draining = inputOf(snapshot, { policy: { drain: ['0'] } });
    expect(explain(draining, makePlan(inputOf(snapshot)).plan, 'datanode', '0')!.answer).toBe(
      'Datanode 0 leads 2 regions in scope and is draining: 0 move away, 2 are in no plan yet; the next cycle makes one.',
    );
  });

  it('answers for a cordoned, a dead and an unknown one', () => {
    const snapshot = snapshotOf([[6, 0, 0]]);
    const dead = {
      ...snapshot,
      datanodes: snapshot.datanodes.map((node) => ({ ...node, status: 'dead' as const })),
    };
    expect(codes(ask('datanode', '0', { policy: { cordon: ['0'] } }))[0]).toBe('cordoned');
    expect(codes(ask('datanode', '0', { snapshot: dead }))[0]).toBe('leader-dead');
    expect(ask('datanode', '9')).toBeUndefined();
  });
});

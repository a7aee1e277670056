import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { formatPlan, parsePlan } from '../../../src/domain/plan-file.ts';
import { checkPlanIdentity, planIdentity } from '../../../src/domain/plan-identity.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { DEFAULT_POLICY } from '../../../src/domain/policy.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';

const SNAPSHOT: Snapshot = {
  formatVersion: 1,
  takenAt: '2026-11-22T13:00:00.000Z',
  cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
  datanodes: [],
  tables: [],
  regions: [
    { id: '1', tableId: '1024', leader: '0', status: 'alive' },
    { id: '2', tableId: '1024', leader: '0', status: 'alive' },
  ],
};

const BALANCE = {
  tableSkewMax: 2,
  nodeSkew: 1.5,
  tableSpreadViolation: 1,
  nodeSpreadViolation: 0,
  regionsOnDraining: 0,
  datanodes: [{ id: '0', regions: 2, state: 'draining', weight: 3 } as const],
};

const SUBSTANCE = {
  objective: 'count',
  moves: [
    {
      seq: 1,
      regionId: '4398046511104',
      tableId: '1024',
      table: 'greptime.public.cpu',
      from: '0',
      to: '18446744073709551615',
      reason: 'drain',
      detail: 'Datanode 0 is draining.',
    },
    {
      seq: 2,
      regionId: '4398046511105',
      tableId: '1024',
      table: 'greptime.public.cpu',
      from: '0',
      to: '3',
      reason: 'table-spread',
      detail: '',
    },
  ],
  minimumMoves: 2,
  optimal: true,
} satisfies Partial<Plan>;

const newHash = (): ReturnType<typeof createHash> => createHash('sha256');

const PLAN: Plan = {
  formatVersion: 1,
  ...planIdentity(SUBSTANCE, SNAPSHOT, DEFAULT_POLICY, newHash),
  createdAt: '2026-11-22T13:00:01.000Z',
  snapshotTakenAt: '2026-11-22T13:00:00.000Z',
  ...SUBSTANCE,
  before: BALANCE,
  after: BALANCE,
  blocked: [
    { code: 'pinned', regionId: '9', detail: 'Pinned.' },
    { code: 'cordoned', datanodeId: '4', detail: '' },
  ],
};

function changed(path: string, value: unknown): string {
  const document: unknown = JSON.parse(formatPlan(PLAN));
  const keys = path.split('.');
  let parent = document as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  parent[keys.at(-1)!] = value;
  return JSON.stringify(document);
}

describe('a plan file', () => {
  it('reads back as what was written', () => {
    expect(parsePlan(formatPlan(PLAN))).toEqual(PLAN);
    const empty: Plan = { ...PLAN, moves: [], blocked: [] };
    expect(parsePlan(formatPlan(empty))).toEqual(empty);
  });

  it('has the documented fields, and no field that is undefined', () => {
    const document: unknown = JSON.parse(formatPlan(PLAN));
    expect(Object.keys(document as object)).toEqual([
      'formatVersion',
      'planId',
      'inputs',
      'createdAt',
      'snapshotTakenAt',
      'objective',
      'moves',
      'minimumMoves',
      'optimal',
      'before',
      'after',
      'blocked',
    ]);
    expect(document).toMatchObject({ moves: SUBSTANCE.moves, before: { tableSkewMax: 2, nodeSkew: 1.5 } });
  });

  it('needs only what was promised of balances', () => {
    const plan = parsePlan(
      changed('before', { tableSkewMax: 0, nodeSkew: 0, datanodes: [{ id: '0', regions: 10 }] }),
    );
    expect(plan.before.datanodes).toEqual([{ id: '0', regions: 10, state: 'target', weight: 1 }]);
    expect(parsePlan(changed('blocked', undefined)).blocked).toEqual([]);
  });

  it.each([
    ['formatVersion', '1', 'formatVersion: found "1", wanted 1, the only version of a plan file'],
    ['planId', 'sha256:xyz', 'planId: found "sha256:xyz", wanted "sha256:" and 64 hexadecimal digits'],
    ['inputs', {}, 'inputs.snapshot: found nothing, wanted "sha256:"'],
    ['createdAt', '', 'createdAt: found "", wanted a date and time'],
    ['objective', 'load', 'objective: found "load", wanted "count"'],
    ['moves', null, 'moves: found null, wanted a list'],
    ['moves.1.to', 'x', 'moves[1].to: found "x", wanted a datanode id (decimal string)'],
    ['moves.1.to', '0', 'moves[1].to: found "0", wanted a datanode other than "from"'],
    ['moves.1.seq', 3, 'moves[1].seq: found 3, wanted 2: moves are numbered from 1, in order'],
    [
      'moves.1.regionId',
      '4398046511104',
      'moves[1].regionId: found "4398046511104", which moves[0] has already',
    ],
    ['moves.0.reason', 'whim', 'moves[0].reason: found "whim", wanted "drain" or "table-spread"'],
    ['minimumMoves', -1, 'minimumMoves: found -1, wanted a whole number of at least 0'],
    ['optimal', 'yes', 'optimal: found "yes", wanted true or false'],
    ['after.nodeSkew', '1', 'after.nodeSkew: found "1", wanted a number of at least 0'],
    ['after.datanodes.0.regions', 1.5, 'after.datanodes[0].regions: found 1.5, wanted a whole number'],
    ['after.datanodes.0.state', 'ill', 'after.datanodes[0].state: found "ill", wanted "target"'],
    ['blocked.0.code', 'because', 'blocked[0].code: found "because", wanted "pinned"'],
    ['blocked.0.regionId', '-1', 'blocked[0].regionId: found "-1", wanted a region id (decimal string)'],
  ])('with %s %j is refused', (path, value, message) => {
    const read = (): Plan => parsePlan(changed(path, value));
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

describe('the id of a plan', () => {
  const idOf = (snapshot: Snapshot, policy = DEFAULT_POLICY, substance = SUBSTANCE): string =>
    planIdentity(substance, snapshot, policy, newHash).planId;

  it('is a SHA-256', () => {
    expect(PLAN.planId).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('does not change with time, nor with the order in which snapshot and policy are written', () => {
    const later = { ...SNAPSHOT, takenAt: '2027-01-01T00:00:00Z', regions: SNAPSHOT.regions.toReversed() };
    expect(idOf(later)).toBe(PLAN.planId);
    const first = idOf(SNAPSHOT, { ...DEFAULT_POLICY, drain: ['1', '2'], weights: { 3: 2, 1: 1 } });
    expect(idOf(SNAPSHOT, { ...DEFAULT_POLICY, drain: ['2', '1'], weights: { 3: 2 } })).toBe(first);
  });

  it('changes with snapshot, policy and moves', () => {
    const ids = [
      PLAN.planId,
      idOf({ ...SNAPSHOT, regions: SNAPSHOT.regions.slice(1) }),
      idOf(SNAPSHOT, { ...DEFAULT_POLICY, drain: ['0'] }),
      idOf(SNAPSHOT, { ...DEFAULT_POLICY, cordon: ['0'] }),
      idOf(SNAPSHOT, { ...DEFAULT_POLICY, onlyDrain: true }),
      idOf(SNAPSHOT, DEFAULT_POLICY, { ...SUBSTANCE, moves: SUBSTANCE.moves.slice(1) }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['as it was written', formatPlan(PLAN), 'unchanged'],
    ['with another target', changed('moves.1.to', '2'), 'changed'],
    ['with another proof', changed('minimumMoves', 1), 'changed'],
    ['with another id', changed('planId', `sha256:${'0'.repeat(64)}`), 'changed'],
    ['without its inputs', changed('inputs', undefined), 'unverifiable'],
  ])('tells a file %s: %3$s', (_name, text, wanted) => {
    expect(checkPlanIdentity(parsePlan(text), newHash)).toBe(wanted);
  });
});

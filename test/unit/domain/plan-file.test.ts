import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { planIdOf, withPlanId } from '../../../src/app/planning/plan-id.ts';
import { parsePlanFile, planChunks } from '../../../src/domain/plan-file.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { withField } from '../../support/mutate.ts';

const BALANCE = {
  tableSkewMax: 2,
  nodeSkew: 1.5,
  tableSpreadViolation: 1,
  nodeSpreadViolation: 0,
  regionsOnDraining: 0,
  regionsOnDead: 0,
  regionsWithoutLeader: 0,
  datanodes: [{ id: '0', regions: 2, state: 'draining', drains: true, weight: 3 } as const],
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

const PLAN: Plan = withPlanId({
  formatVersion: 1,
  createdAt: '2026-11-22T13:00:01.000Z',
  snapshotTakenAt: '2026-11-22T13:00:00.000Z',
  cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
  ...SUBSTANCE,
  before: BALANCE,
  after: BALANCE,
  blocked: [
    { code: 'pinned', regionId: '9', detail: 'Pinned.' },
    { code: 'cordoned', datanodeId: '4', detail: '', harmless: true },
  ],
  warnings: [
    { code: 'matches-nothing', key: 'tables.include', name: 'publik.*', detail: 'It matches no table.' },
  ],
});

const format = (plan: Plan): string => [...planChunks(plan)].join('');
const parsePlan = (text: string): Plan => parsePlanFile(text).plan;
const changed = (path: string, value: unknown): string => withField(format(PLAN), path, value);

describe('a plan file', () => {
  it('reads back as what was written', () => {
    expect(parsePlan(format(PLAN))).toEqual(PLAN);
    const empty: Plan = { ...PLAN, moves: [], blocked: [] };
    expect(parsePlan(format(empty))).toEqual(empty);
    const timed: Plan = { ...PLAN, expectedSeconds: 90 };
    expect(parsePlan(format(timed))).toEqual(timed);
  });

  it('has the documented fields, and no field that is undefined', () => {
    const document: unknown = JSON.parse(format(PLAN));
    expect(Object.keys(document as object)).toEqual([
      'formatVersion',
      'planId',
      'createdAt',
      'snapshotTakenAt',
      'cluster',
      'objective',
      'moves',
      'minimumMoves',
      'optimal',
      'before',
      'after',
      'blocked',
      'warnings',
    ]);
    expect(document).toMatchObject({ moves: SUBSTANCE.moves, before: { tableSkewMax: 2, nodeSkew: 1.5 } });
  });

  it('needs only what was promised of balances', () => {
    const plan = parsePlan(
      changed('before', { tableSkewMax: 0, nodeSkew: 0, datanodes: [{ id: '0', regions: 10 }] }),
    );
    expect(plan.before.datanodes).toEqual([
      { id: '0', regions: 10, state: 'target', drains: false, weight: 1 },
    ]);
    expect(parsePlan(changed('blocked', undefined)).blocked).toEqual([]);
  });

  it.each([
    ['formatVersion', '1', 'formatVersion: found "1", wanted 1, the only version of a plan file'],
    ['planId', 'sha256:xyz', 'planId: found "sha256:xyz", wanted "sha256:" and 64 hexadecimal digits'],
    ['cluster', undefined, 'cluster: found nothing, wanted an object'],
    ['cluster.api', 'http', 'cluster.api: found "http", wanted "sql" or "metasrv"'],
    ['createdAt', '', 'createdAt: found "", wanted a date and time'],
    ['objective', 'cost', 'objective: found "cost", wanted "count" or "load"'],
    ['moves', null, 'moves: found null, wanted a list'],
    ['moves.1.to', 'x', 'moves[1].to: found "x", wanted a datanode id (decimal string)'],
    ['moves.1.to', '0', 'moves[1].to: found "0", wanted a datanode other than "from"'],
    ['moves.1.seq', 3, 'moves[1].seq: found 3, wanted 2: moves are numbered from 1, in order'],
    [
      'moves.1.regionId',
      '4398046511104',
      'moves[1].regionId: found "4398046511104", wanted each regionId once; moves[0] has it already',
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
  const isOwn = (text: string): boolean => {
    const { plan, content } = parsePlanFile(text);
    return planIdOf(content) === plan.planId;
  };

  it('is the SHA-256 of the canonical JSON of all else', () => {
    const content = { b: [1.5, 'ü', { d: null, c: '1' }], planId: 'x', a: {} };
    const digest = createHash('sha256').update('{"a":{},"b":[1.5,"ü",{"c":"1","d":null}]}').digest('hex');
    expect(planIdOf(content)).toBe(`sha256:${digest}`);
  });

  it('fits the file as it was written, whatever the order of its keys and the spaces between', () => {
    expect(isOwn(format(PLAN))).toBe(true);
    const document = JSON.parse(format(PLAN)) as object;
    expect(isOwn(JSON.stringify(Object.fromEntries(Object.entries(document).reverse()), null, 4))).toBe(true);
  });

  it.each([
    ['planId', `sha256:${'0'.repeat(64)}`],
    ['createdAt', '2026-11-22T14:00:01.000Z'],
    ['snapshotTakenAt', '2026-11-22T13:00:01.000Z'],
    ['cluster.name', 'other'],
    ['moves.1.to', '2'],
    ['moves.1.detail', 'Trust me.'],
    ['minimumMoves', 1],
    ['before.nodeSkew', 1],
    ['after.datanodes.0.regions', 1],
    ['blocked', []],
    ['blocked.0.note', 'new'],
    ['note', 'new'],
  ])('does not fit once %s is another', (path, value) => {
    expect(isOwn(changed(path, value))).toBe(false);
  });

  it('is not looked for in what is nested without end', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(() => planIdOf({ deep })).toThrow(UsageError);
  });
});

import type { Balance, DatanodeBalance, Move, Plan } from '../../src/domain/plan.ts';
import type { RegionCounts } from '../../src/domain/region-counts.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';

/** A snapshot of two datanodes and one table, as small as one can be that is of use. */
export const SMALL_SNAPSHOT: Snapshot = {
  formatVersion: 1,
  takenAt: '2026-11-22T13:00:00.000Z',
  cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
  datanodes: [
    { id: '0', addr: '10.0.0.10:4001', status: 'alive' },
    { id: '3', addr: '10.0.0.13:4001', status: 'alive' },
  ],
  tables: [{ id: '1024', catalog: 'greptime', schema: 'public', name: 'cpu', engine: 'mito' }],
  regions: [
    { id: '4398046511104', tableId: '1024', leader: '0', status: 'alive' },
    { id: '4398046511105', tableId: '1024', leader: '0', status: 'alive' },
  ],
};

/** The policy of a configuration that says nothing. */
export const DEFAULT_POLICY: Policy = {
  objective: 'count',
  tables: { include: [], exclude: ['greptime_private.*'] },
  weights: {},
  drain: [],
  cordon: [],
  pins: { tables: [], regions: [] },
};

export function makeMove(seq: number, change: Partial<Move> = {}): Move {
  return {
    seq,
    regionId: String(4_398_046_511_103n + BigInt(seq)),
    tableId: '1024',
    table: 'greptime.public.cpu',
    from: '0',
    to: '3',
    reason: 'table-spread',
    detail: 'Datanode 0 leads 2 of its 2 regions, datanode 3 none.',
    ...change,
  };
}

/** A balance with these numbers of regions on datanodes 0, 1, 2 … */
export function makeBalance(
  regions: readonly (number | Partial<DatanodeBalance>)[],
  change: Partial<Balance> = {},
): Balance {
  return {
    tableSkewMax: 0,
    nodeSkew: 0,
    tableSpreadViolation: 0,
    nodeSpreadViolation: 0,
    regionsOnDraining: 0,
    regionsOnDead: 0,
    regionsWithoutLeader: 0,
    datanodes: regions.map((entry, index) => ({
      id: String(index),
      state: 'target',
      drains: typeof entry === 'object' && entry.state === 'draining',
      weight: 1,
      regions: 0,
      ...(typeof entry === 'number' ? { regions: entry } : entry),
    })),
    ...change,
  };
}

export function makePlan(change: Partial<Plan> = {}): Plan {
  return {
    formatVersion: 1,
    planId: `sha256:${'ab'.repeat(32)}`,
    createdAt: '2026-11-22T13:00:01.000Z',
    snapshotTakenAt: '2026-11-22T13:00:00.000Z',
    cluster: SMALL_SNAPSHOT.cluster,
    objective: 'count',
    moves: [makeMove(1)],
    minimumMoves: 1,
    optimal: true,
    before: makeBalance([2, 0], { tableSkewMax: 2, nodeSkew: 2, tableSpreadViolation: 2 }),
    after: makeBalance([1, 1]),
    blocked: [],
    warnings: [],
    ...change,
  };
}

/** A plan with counts that fit it: all its regions are of one table. */
export function withCounts(plan: Plan): { readonly plan: Plan; readonly counts: RegionCounts } {
  const { before, after } = plan;
  return {
    plan,
    counts: {
      datanodes: before.datanodes,
      tables: SMALL_SNAPSHOT.tables,
      scope: Uint8Array.of(0, 3),
      first: Int32Array.of(0, before.datanodes.length, before.datanodes.length),
      datanodeOf: Int32Array.from(before.datanodes.keys()),
      now: Int32Array.from(before.datanodes, ({ regions }) => regions),
      after: Int32Array.from(after.datanodes, ({ regions }) => regions),
    },
  };
}

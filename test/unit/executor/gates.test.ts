import { describe, expect, it } from 'vitest';
import { GATE_CODES, type GateCode } from '../../../src/domain/codes.ts';
import { closedGates, GATE_LIST, type GateReading } from '../../../src/executor/gates.ts';
import { createRig, FOREIGN, OPTIONS, STANDING } from '../../support/executor.ts';

type Found = Extract<GateReading['cluster'], { kind: 'read' }>;
const SAFETY = { maintenance: false, procedureManager: 'running' } as const;
const OPEN: GateReading = {
  ...STANDING,
  nowMs: 0,
  isStopping: false,
  ...cluster({}),
  snapshotAgeMs: 60_000,
  failureRun: 2,
  submitted: 19,
  limit: 20,
  submittedThisHour: 99,
  undoneMoves: 2,
};

function cluster(change: Partial<Found>): Pick<GateReading, 'cluster'> {
  return {
    cluster: { kind: 'read', safety: SAFETY, datanodes: datanodes(3, 3), procedures: [], ...change },
  };
}

function datanodes(total: number, alive: number): Found['datanodes'] {
  return Array.from({ length: total }, (_, index) => ({
    id: String(index),
    addr: '',
    status: index < alive ? 'alive' : 'dead',
  }));
}

const CASES: readonly (readonly [GateCode, Partial<GateReading>])[] = [
  ['stopping', { isStopping: true }],
  ['not-leader', { isLeader: false }],
  ['reload-pending', { isConfigWaiting: true }],
  ['replan-pending', { isReplanWaiting: true }],
  ['dry-run', { isDryRun: true }],
  ['paused', { pause: { by: 'anna', reason: 'upgrade', atMs: 0, untilMs: null } }],
  ['paused', { pause: { by: 'anna', reason: 'upgrade', atMs: 0, untilMs: 5 } }],
  ['outside-window', { window: { isOpen: false, detail: 'None is open.' } }],
  ['cluster-unhealthy', { cluster: { kind: 'unread', problem: 'timeout' } }],
  ['maintenance', cluster({ safety: { ...SAFETY, maintenance: true } })],
  ['procedures-paused', cluster({ safety: { ...SAFETY, procedureManager: 'paused' } })],
  ['too-few-alive', cluster({ datanodes: datanodes(3, 1) })],
  ['too-few-alive', cluster({ datanodes: [] })],
  ['stale-snapshot', { snapshotAgeMs: 60_001 }],
  ['thrash', { undoneMoves: 3 }],
  ['other-mover', { madeByOthers: { count: 3, example: 'region 7 to datanode 1' } }],
  ['too-many-failures', { failureRun: 3 }],
  ['move-limit', { submitted: 20 }],
  ['hourly-limit', { submittedThisHour: 100 }],
  ['migration-running', cluster({ procedures: [FOREIGN] })],
];

describe('the gates', () => {
  it.each([
    ['nothing speaks against acting', {}],
    [
      'the cluster cannot tell about maintenance and procedures',
      cluster({
        safety: { maintenance: 'unknown', procedureManager: 'unknown' },
        procedures: 'unsupported',
      }),
    ],
    ['a migration has ended', cluster({ procedures: [{ ...FOREIGN, active: false }] })],
    ['a procedure is no migration', cluster({ procedures: [{ ...FOREIGN, isRegionMigration: false }] })],
  ])('are open when %s', (_, change) => {
    expect(closedGates({ ...OPEN, ...change }, OPTIONS)).toEqual([]);
  });

  it.each(CASES)('are closed by %s, with a sentence, and by nothing else', (code, change) => {
    const closed = closedGates({ ...OPEN, ...change }, OPTIONS);
    expect(closed.map((gate) => gate.code)).toEqual([code]);
    expect(closed[0]?.detail.length).toBeGreaterThan(5);
  });

  it('have the codes of the closed list, each once', () => {
    expect(GATE_LIST.map(([code]) => code).sort()).toEqual([...GATE_CODES].sort());
  });

  it('are all told, what the operator decided first', () => {
    const reading = { ...OPEN, ...cluster({ safety: { ...SAFETY, maintenance: true } }), isDryRun: true };
    expect(closedGates(reading, OPTIONS).map(({ code }) => code)).toEqual(['dry-run', 'maintenance']);
  });
});

describe('what is asked without a move', () => {
  const budget = 20;

  it('is read afresh, and is every gate', async () => {
    const rig = createRig({ standing: { isDryRun: true, snapshotTakenAtMs: 0 } });
    rig.cluster.kill('1');
    rig.cluster.kill('2');
    rig.cluster.safety = { maintenance: true, procedureManager: 'paused' };
    rig.store.setPause({ by: 'anna', reason: 'upgrade', atMs: 0, untilMs: null });
    const closed = await rig.executor.closedGates(budget, rig.controller.signal);
    expect(closed.map(({ code }) => code)).toEqual([
      'dry-run',
      'paused',
      'maintenance',
      'procedures-paused',
      'too-few-alive',
      'stale-snapshot',
    ]);
  });

  it('names a cluster that does not answer', async () => {
    const rig = createRig();
    rig.cluster.outage(0, 10);
    expect(await rig.executor.closedGates(budget, rig.controller.signal)).toMatchObject([
      { code: 'cluster-unhealthy', detail: expect.stringContaining('nobody answers') },
    ]);
  });
});

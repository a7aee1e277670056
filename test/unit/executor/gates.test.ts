import { describe, expect, it } from 'vitest';
import { GATE_CODES, type GateCode } from '../../../src/domain/codes.ts';
import { readGateContext, type GateInput } from '../../../src/executor/gate-context.ts';
import {
  closedGates,
  evaluateGates,
  GATE_LIST,
  type GateLimits,
  type GateReading,
} from '../../../src/executor/gates.ts';
import { createRig, moveOf } from '../../support/executor.ts';

const LIMITS: GateLimits = {
  maxSnapshotAgeMs: 60_000,
  minAliveShare: 0.5,
  maxConsecutiveFailures: 3,
  maxMovesPerCycle: 20,
  maxMovesPerHour: 100,
  maxUndoneMoves: 3,
};

const SAFETY = { maintenance: false, procedureManager: 'running' } as const;
const OPEN: GateReading = {
  nowMs: 0,
  isStopping: false,
  isLeader: true,
  isDryRun: false,
  window: { isOpen: true, detail: '' },
  cluster: { kind: 'read', safety: SAFETY, alive: 3, datanodes: 3 },
  snapshotAgeMs: 60_000,
  failureRun: 2,
  submittedThisCycle: 19,
  submittedThisHour: 99,
  undoneMoves: 2,
};

function cluster(change: object): Partial<GateReading> {
  return { cluster: { kind: 'read', safety: SAFETY, alive: 3, datanodes: 3, ...change } };
}

const CASES: readonly (readonly [GateCode, Partial<GateReading>])[] = [
  ['stopping', { isStopping: true }],
  ['not-leader', { isLeader: false }],
  ['dry-run', { isDryRun: true }],
  ['paused', { pause: { by: 'anna', reason: 'upgrade', atMs: 0, untilMs: null } }],
  ['paused', { pause: { by: 'anna', reason: 'upgrade', atMs: 0, untilMs: 5 } }],
  ['outside-window', { window: { isOpen: false, detail: 'None is open.' } }],
  ['cluster-unhealthy', { cluster: { kind: 'unread', problem: 'timeout' } }],
  ['maintenance', cluster({ safety: { ...SAFETY, maintenance: true } })],
  ['procedures-paused', cluster({ safety: { ...SAFETY, procedureManager: 'paused' } })],
  ['too-few-alive', cluster({ alive: 1 })],
  ['too-few-alive', cluster({ alive: 0, datanodes: 0 })],
  ['stale-snapshot', { snapshotAgeMs: 60_001 }],
  ['thrash', { undoneMoves: 3 }],
  ['too-many-failures', { failureRun: 3 }],
  ['move-limit', { submittedThisCycle: 20 }],
  ['hourly-limit', { submittedThisHour: 100 }],
];

describe('the gates', () => {
  it('are open when nothing speaks against acting', () => {
    expect(evaluateGates(OPEN, LIMITS)).toEqual({ open: true });
  });

  it('are open where the cluster cannot tell about maintenance and procedures', () => {
    const unknown = cluster({ safety: { maintenance: 'unknown', procedureManager: 'unknown' } });
    expect(evaluateGates({ ...OPEN, ...unknown }, LIMITS)).toEqual({ open: true });
  });

  it.each(CASES)('are closed by %s, with a sentence, and by nothing else', (code, change) => {
    const closed = closedGates({ ...OPEN, ...change }, LIMITS);
    expect(closed.map((gate) => gate.code)).toEqual([code]);
    expect(closed[0]?.detail.length).toBeGreaterThan(5);
  });

  it('have codes of the closed list, all but those that the executor and the daemon answer for', () => {
    const codes = GATE_LIST.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(GATE_CODES.filter((code) => !codes.includes(code))).toEqual([
      'reload-pending',
      'migration-running',
    ]);
  });

  it('tell of the first that is closed: what the operator decided comes first', () => {
    const both = { ...OPEN, isDryRun: true, failureRun: 9 };
    expect(evaluateGates(both, LIMITS)).toMatchObject({ open: false, code: 'dry-run' });
    expect(closedGates(both, LIMITS)).toHaveLength(2);
  });
});

describe('the reading for the gates', () => {
  const input: GateInput = {
    isLeader: true,
    isDryRun: false,
    windows: [],
    timezone: 'UTC',
    snapshotTakenAtMs: 0,
    submittedThisCycle: 0,
    thrashWindowMs: 1_000,
  };

  it('is fresh', async () => {
    const rig = createRig();
    await rig.execute([moveOf()]);
    rig.cluster.kill('2');
    rig.cluster.safety = { maintenance: true, procedureManager: 'unknown' };
    rig.store.setPause({ by: 'a', reason: 'r', atMs: 0, untilMs: null });
    const nowMs = rig.clock.now();
    const reading = await readGateContext(
      { ...input, snapshotTakenAtMs: nowMs - 5 },
      rig,
      rig.controller.signal,
    );
    expect(reading).toMatchObject({
      pause: { by: 'a' },
      cluster: { kind: 'read', alive: 2, datanodes: 3, safety: { maintenance: true } },
      snapshotAgeMs: 5,
      submittedThisHour: 1,
      undoneMoves: 0,
      window: { isOpen: true },
    });
  });

  it('says so when the cluster does not answer', async () => {
    const rig = createRig();
    rig.cluster.outage(0, 10);
    const reading = await readGateContext(input, rig, rig.controller.signal);
    expect(reading.cluster).toMatchObject({
      kind: 'unread',
      problem: expect.stringContaining('nobody answers'),
    });
  });
});

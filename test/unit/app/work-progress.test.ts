import { describe, expect, it } from 'vitest';
import { readEarlierState } from '../../../src/app/daemon/earlier-state.ts';
import { expectedTimeMs, watchWork } from '../../../src/app/daemon/work-progress.ts';
import { SOLE_LEADER } from '../../../src/app/ha/leadership.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { PauseRecord } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { configFrom } from '../../support/config.ts';
import { eventBus, sampleMove, samplePlan, START_MS } from '../../support/observability.ts';
import { withCounts } from '../../support/plans.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const planned: RebalancerEvent = { type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 1 };
const begun: RebalancerEvent = { type: 'cycle-started', cycleId: 1, trigger: 'schedule' };
const started: RebalancerEvent = { type: 'move-started', move: sampleMove() };
const acting = 'execution: { dryRun: false, pauseBetweenMoves: 2s }';
const pause: PauseRecord = { reason: '', by: 'anna', atMs: START_MS, untilMs: null };

interface Stage {
  readonly config?: string;
  readonly pause?: PauseRecord;
  readonly isActing?: boolean;
  readonly events?: readonly RebalancerEvent[];
}

/** The time left of the sample's two moves, of 8 s each; a cycle begins every minute. */
function timeLeft({ config = acting, isActing = true, events = [], ...stage }: Stage): number | undefined {
  const { bus, clock } = eventBus();
  const live = trackLiveState(bus, { recentDurationsMs: [8 * SECOND_MS] });
  for (const event of [planned, ...events]) bus.emit(event);
  const session = {
    ...{ config: configFrom(config), clock },
    store: openStore({ path: ':memory:' }, { clock }),
    leadership: { ...SOLE_LEADER, isActing: () => isActing },
    pause: () => stage.pause,
  };
  const daemon = { nextTickAtMs: () => START_MS + 60 * SECOND_MS, scheduleIntervalMs: () => 60 * SECOND_MS };
  return watchWork(session, live, { daemon }).timeLeftMs();
}

describe('the time left', () => {
  it.each<[string, Stage, number | undefined]>([
    ['in the running cycle', { events: [begun] }, 18],
    ['of the next cycle', {}, 78],
    ['of two cycles', { config: 'execution: { dryRun: false, maxMovesPerCycle: 1 }', events: [begun] }, 68],
    [
      'of a cycle whose move is under way',
      { config: 'execution: { dryRun: false, maxMovesPerCycle: 1 }', events: [begun, started] },
      68,
    ],
    ['once a gate has closed that opens by itself', { events: [gate('move-limit')] }, 78],
    ['behind a gate that a person has to open', { events: [gate('maintenance')] }, undefined],
    ['while paused', { pause }, undefined],
    ['in a dry run', { config: '' }, undefined],
    ['of a standby', { isActing: false }, undefined],
    [
      'before a window opens',
      { config: `${acting}\nschedule: { windows: [{ cron: '0 5 * * *', duration: 1h }] }` },
      5 * 3_600 + 78,
    ],
  ])('%s', (_, stage, seconds) => {
    expect(timeLeft(stage)).toBe(seconds === undefined ? undefined : seconds * SECOND_MS);
  });
});

function gate(code: 'move-limit' | 'maintenance'): RebalancerEvent {
  return { type: 'gate-closed', code, detail: '' };
}

describe('the expected time of a plan', () => {
  const expected = (config: string, durationsMs: number[]): number | undefined =>
    expectedTimeMs({ moves: 594, recentDurationsMs: durationsMs }, configFrom(config), START_MS);

  it('has all cycles in it that a daemon would need, as if one began now', () => {
    const config = `${acting.replace(' }', ', maxMovesPerCycle: 20 }')}\nschedule: { cron: '*/5 * * * *' }`;
    expect(expected(config, [8 * SECOND_MS])).toBe(29 * 300 * SECOND_MS + 138 * SECOND_MS);
    expect(expected(config, [])).toBeUndefined();
  });

  it('has the hourly limit in it', () => {
    const hourly = acting.replace(' }', ', maxMovesPerCycle: 1000, maxMovesPerHour: 297 }');
    expect(expected(hourly, [8 * SECOND_MS])).toBe(HOUR_MS + (297 * 10 - 2) * SECOND_MS);
  });
});

describe('what the store knows of earlier', () => {
  const stage = () => {
    const { clock } = eventBus();
    const store = openStore({ path: ':memory:' }, { clock });
    const cycle = (outcome: 'moved' | 'balanced' | 'failed', endedAtMs: number): void =>
      store.endCycle(store.beginCycle('schedule', endedAtMs), { endedAtMs, outcome, moved: 0, detail: '' });
    const move = (regionId: string, endedAtMs: number): void => {
      const { id } = store.createMove(sampleMove({ regionId, createdAtMs: endedAtMs - 1 }));
      const write = { moveId: id, expected: 'planned', state: 'succeeded', atMs: endedAtMs } as const;
      store.writeMove({ ...write, submittedAtMs: endedAtMs - 1, endedAtMs, cause: 'moved', detail: '' });
    };
    return { store, cycle, move };
  };

  it('is nothing at first', () => {
    const nothing = { lastSuccessAtMs: null, recentDurationsMs: [], rebalance: null };
    expect(readEarlierState(stage().store)).toEqual(nothing);
  });

  it('is the rebalance that was under way: what moved since the cluster was balanced', () => {
    const { store, cycle, move } = stage();
    move('1', START_MS + 10);
    cycle('balanced', START_MS + 20);
    move('2', START_MS + 30);
    cycle('moved', START_MS + 40);
    move('3', START_MS + 50);
    cycle('failed', START_MS + 60);
    expect(readEarlierState(store)).toEqual({
      lastSuccessAtMs: START_MS + 40,
      recentDurationsMs: [1, 1, 1],
      rebalance: { startedAtMs: START_MS + 29, moved: 2, failed: 0, isRunning: true },
    });
  });

  it('is no rebalance where the last one ended', () => {
    const { store, cycle, move } = stage();
    move('1', START_MS + 10);
    cycle('balanced', START_MS + 20);
    expect(readEarlierState(store).rebalance).toBeNull();
  });
});

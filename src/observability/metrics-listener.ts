import { BLOCKER_CODES } from '../domain/codes.ts';
import { isFinal } from '../domain/move.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Balance, Plan } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { EventSource, StampedEvent } from './events.ts';
import { estimateEtaMs, isSuccess } from './live-state.ts';
import type { LiveState, LiveStateTracker } from './live-state.ts';
import { DATANODE_STATES, REGION_STATUSES } from './metric-definitions.ts';
import type { Metrics } from './metrics.ts';

export interface ObserveDependencies {
  readonly events: EventSource;
  /** Must follow the same events, and have subscribed before this call. */
  readonly live: LiveStateTracker;
  /** `execution.pauseBetweenMoves`, asked for at each scrape because the configuration may be reloaded. */
  readonly pauseBetweenMovesMs: () => number;
}

/**
 * Turns events into metrics. Values that age (snapshot age, moves remaining, expected time, gates) are read at each scrape.
 *
 * @returns a function that ends it.
 */
export function observeEvents(metrics: Metrics, dependencies: ObserveDependencies): () => void {
  const { events, live, pauseBetweenMovesMs } = dependencies;
  metrics.addSources({
    snapshotTakenAtMs: () => {
      const takenAt = live.state().snapshot?.takenAt;
      return takenAt === undefined ? undefined : Date.parse(takenAt);
    },
    progress: () => {
      const state = live.state();
      return { movesRemaining: state.movesRemaining, etaMs: estimateEtaMs(state, pauseBetweenMovesMs()) };
    },
    closedGates: () => live.state().gates.keys(),
  });
  const { lastSuccessAtMs } = live.state();
  if (lastSuccessAtMs !== null) metrics.lastSuccessTimestampSeconds.set(lastSuccessAtMs / 1_000);
  return events.subscribe((event) => record(metrics, event, live.state()));
}

function record(metrics: Metrics, event: StampedEvent, state: LiveState): void {
  switch (event.type) {
    case 'tick-missed':
      metrics.ticksMissedTotal.inc();
      metrics.cyclesTotal.inc({ outcome: 'missed' });
      return;
    case 'snapshot-taken':
      metrics.snapshotDurationSeconds.observe(event.durationMs / 1_000);
      recordSnapshot(metrics, event.snapshot);
      return;
    case 'planned':
      metrics.planDurationSeconds.observe(event.durationMs / 1_000);
      recordPlan(metrics, event.plan, state.blocked);
      metrics.setDatanodeRegions(state.regionsNow);
      return;
    case 'gate-closed':
      metrics.gateClosedTotal.inc({ code: event.code });
      return;
    case 'move-started':
      metrics.migrationsInFlight.set(1);
      return;
    case 'move-finished':
      metrics.migrationsInFlight.set(0);
      recordMove(metrics, event.move, event.durationMs);
      recordProgress(metrics, state);
      return;
    case 'redundant-move':
      metrics.redundantMovesTotal.inc();
      return;
    case 'quarantined':
      metrics.quarantinesTotal.inc();
      return;
    case 'foreign-moves':
      metrics.foreignMovesTotal.inc(event.count);
      metrics.movesUndoneTotal.inc(event.undone);
      return;
    case 'recovered':
      metrics.recoveredMovesTotal.inc();
      return;
    case 'paused':
      metrics.paused.set(1);
      return;
    case 'resumed':
      metrics.paused.set(0);
      return;
    case 'config-reloaded':
      metrics.configReloadsTotal.inc({ outcome: 'applied' });
      return;
    case 'config-refused':
      metrics.configReloadsTotal.inc({ outcome: 'refused' });
      return;
    case 'cycle-finished':
      recordCycle(metrics, event);
      return;
    case 'cycle-started':
    case 'move-state':
    case 'drain-requested':
    case 'drain-ended':
    case 'quarantine-released':
      return;
  }
}

function recordSnapshot(metrics: Metrics, snapshot: Snapshot): void {
  const counts = countBy(snapshot.regions, (region) => region.status);
  for (const status of REGION_STATUSES) metrics.regions.set({ status }, counts.get(status) ?? 0);
  metrics.tables.set(snapshot.tables.length);
}

function recordPlan(metrics: Metrics, plan: Plan, blocked: LiveState['blocked']): void {
  metrics.planMoves.set(plan.moves.length);
  metrics.planMinimumMoves.set(plan.minimumMoves);
  metrics.planOptimal.set(plan.optimal ? 1 : 0);
  for (const code of BLOCKER_CODES) metrics.planBlocked.set({ code }, blocked.get(code) ?? 0);
  recordBalance(metrics, plan.before);
}

function recordBalance(metrics: Metrics, balance: Balance): void {
  metrics.tableSkewMax.set(balance.tableSkewMax);
  metrics.nodeSkew.set(balance.nodeSkew);
  metrics.tableSpreadViolation.set(balance.tableSpreadViolation);
  metrics.nodeSpreadViolation.set(balance.nodeSpreadViolation);
  metrics.regionsOnDraining.set(balance.regionsOnDraining);
  const states = countBy(balance.datanodes, (datanode) => datanode.state);
  for (const state of DATANODE_STATES) metrics.datanodes.set({ state }, states.get(state) ?? 0);
}

function recordMove(metrics: Metrics, move: MoveRecord, durationMs: number): void {
  if (!isFinal(move.state)) return;
  const outcome = move.state;
  metrics.migrationsTotal.inc({ outcome, reason: move.reason });
  metrics.migrationDurationSeconds.observe({ outcome }, durationMs / 1_000);
}

/** Regions follow each move; the skews are known again when the whole plan is done. */
function recordProgress(metrics: Metrics, state: LiveState): void {
  metrics.setDatanodeRegions(state.regionsNow);
  if (state.plan === null || state.movesDone < state.plan.moves.length) return;
  recordBalance(metrics, state.plan.after);
}

function recordCycle(metrics: Metrics, event: Extract<StampedEvent, { type: 'cycle-finished' }>): void {
  metrics.cyclesTotal.inc({ outcome: event.outcome });
  if (event.outcome === 'missed') return;
  metrics.migrationsInFlight.set(0);
  metrics.cycleDurationSeconds.observe(event.durationMs / 1_000);
  if (isSuccess(event.outcome)) metrics.lastSuccessTimestampSeconds.set(event.atMs / 1_000);
}

function countBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  // Neighbours are mostly alike, and there may be a million.
  let last: Key | undefined;
  let run = 0;
  for (const item of items) {
    const key = keyOf(item);
    if (key !== last && last !== undefined) {
      counts.set(last, (counts.get(last) ?? 0) + run);
      run = 0;
    }
    last = key;
    run += 1;
  }
  if (last !== undefined) counts.set(last, (counts.get(last) ?? 0) + run);
  return counts;
}

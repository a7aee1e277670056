import { LOAD_STATES } from '../domain/load.ts';
import { BLOCKER_CODES, GATE_CODES } from '../domain/codes.ts';
import { isFinal } from '../domain/move.ts';
import type { MoveRecord } from '../domain/move.ts';
import { DATANODE_STATES } from '../domain/plan.ts';
import type { Balance, Plan } from '../domain/plan.ts';
import { REGION_STATUSES } from '../domain/snapshot.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Clock } from '../lib/clock.ts';
import type { StampedEvent } from './events.ts';
import { movesLeft } from './live-state.ts';
import type { LiveSource, LiveState } from './live-state.ts';
import type { Metrics } from './metrics.ts';

export interface ObserveDependencies {
  readonly live: LiveSource;
  readonly clock: Pick<Clock, 'now'>;
  /** ms until the remaining moves are made; undefined while that is not known. */
  readonly timeLeftMs: () => number | undefined;
}

/**
 * Turns events into counters and histograms, and the live state into gauges, which are set at each scrape.
 *
 * @returns a function that ends it.
 */
export function observeEvents(
  metrics: Metrics,
  { live, clock, timeLeftMs }: ObserveDependencies,
): () => void {
  metrics.onScrape(() => setGauges(metrics, live.state(), clock.now()));
  metrics.onScrape(() => metrics.etaSeconds.set((timeLeftMs() ?? Number.NaN) / 1_000));
  return live.subscribe((event) => record(metrics, event));
}

function setGauges(metrics: Metrics, state: LiveState, nowMs: number): void {
  const { snapshot, plan, balance, currentMove, gates } = state;
  const ageMs = snapshot ? Math.max(0, nowMs - Date.parse(snapshot.takenAt)) : Number.NaN;
  metrics.snapshotAgeSeconds.set(ageMs / 1_000);
  metrics.movesRemaining.set(movesLeft(state));
  metrics.migrationsInFlight.set(currentMove ? 1 : 0);
  metrics.lastSuccessTimestampSeconds.set((state.lastSuccessAtMs ?? 0) / 1_000);
  for (const code of GATE_CODES) metrics.closedGates.set({ code }, gates.has(code) ? 1 : 0);
  if (plan) setPlan(metrics, plan, state.blocked);
  if (balance) setBalance(metrics, balance.now);
}

function setPlan(metrics: Metrics, plan: Plan, blocked: LiveState['blocked']): void {
  metrics.planMoves.set(plan.moves.length);
  metrics.planMinimumMoves.set(plan.minimumMoves);
  metrics.planOptimal.set(plan.optimal ? 1 : 0);
  metrics.configNamesUnmatched.set(plan.warnings.length);
  for (const code of BLOCKER_CODES) metrics.planBlocked.set({ code }, blocked.get(code)?.count ?? 0);
}

function setBalance(metrics: Metrics, balance: Balance): void {
  metrics.tableSkewMax.set(balance.tableSkewMax);
  metrics.nodeSkew.set(balance.nodeSkew);
  metrics.tableSpreadViolation.set(balance.tableSpreadViolation);
  metrics.nodeSpreadViolation.set(balance.nodeSpreadViolation);
  metrics.regionsOnDraining.set(balance.regionsOnDraining);
  metrics.regionsOnDead.set(balance.regionsOnDead);
  metrics.regionsWithoutLeader.set(balance.regionsWithoutLeader);
  metrics.setDatanodes(balance.datanodes);
  metrics.loadImbalance.set(loadImbalance(balance));
  for (const state of LOAD_STATES) metrics.loadState.set({ state }, balance.load?.state === state ? 1 : 0);
  const states = countBy(balance.datanodes, (datanode) => datanode.state);
  for (const state of DATANODE_STATES) metrics.datanodes.set({ state }, states.get(state) ?? 0);
}

/** The highest load over the mean, for weight; 0 where there is none. */
function loadImbalance({ load, datanodes }: Balance): number {
  if (!load || load.mean === 0) return 0;
  return datanodes.reduce((most, node) => Math.max(most, (node.load ?? 0) / node.weight / load.mean), 0);
}

function record(metrics: Metrics, event: StampedEvent): void {
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
      return;
    case 'gate-closed':
      metrics.gateClosedTotal.inc({ code: event.code });
      return;
    case 'move-finished':
      recordMove(metrics, event.move, event.durationMs);
      return;
    case 'redundant-move':
      metrics.redundantMovesTotal.inc();
      return;
    case 'quarantined':
      metrics.quarantinesTotal.inc();
      return;
    case 'foreign-moves':
      metrics.externalMovesTotal.inc(event.count);
      metrics.movesUndoneTotal.inc(event.undone);
      return;
    case 'recovered':
      metrics.recoveredMovesTotal.inc();
      return;
    case 'config-reloaded':
      metrics.configReloadsTotal.inc({ outcome: 'applied' });
      return;
    case 'config-refused':
      metrics.configReloadsTotal.inc({ outcome: 'refused' });
      return;
    case 'cycle-finished':
      metrics.cyclesTotal.inc({ outcome: event.outcome });
      if (event.outcome !== 'missed') metrics.cycleDurationSeconds.observe(event.durationMs / 1_000);
      return;
    case 'cycle-started':
    case 'move-started':
    case 'move-state':
    case 'paused':
    case 'resumed':
    case 'drain-requested':
    case 'drain-ended':
    case 'cordon-requested':
    case 'cordon-ended':
    case 'datanode-quarantined':
    case 'quarantine-released':
      return;
  }
}

function recordSnapshot(metrics: Metrics, snapshot: Snapshot): void {
  const counts = countBy(snapshot.regions, (region) => region.status);
  for (const status of REGION_STATUSES) metrics.regions.set({ status }, counts.get(status) ?? 0);
  metrics.tables.set(snapshot.tables.length);
}

function recordMove(metrics: Metrics, move: MoveRecord, durationMs: number): void {
  if (!isFinal(move.state)) return;
  const outcome = move.state;
  metrics.migrationsTotal.inc({ outcome, reason: move.reason });
  metrics.migrationDurationSeconds.observe({ outcome }, durationMs / 1_000);
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

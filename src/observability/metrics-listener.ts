import { LOAD_STATES } from '../domain/load.ts';
import { BLOCKER_CODES, GATE_CODES } from '../domain/codes.ts';
import { isFinal } from '../domain/move.ts';
import type { MoveRecord } from '../domain/move.ts';
import { DATANODE_STATES } from '../domain/datanode-state.ts';
import type { Balance, Plan } from '../domain/plan.ts';
import { REGION_STATUSES } from '../domain/snapshot.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Clock } from '../lib/clock.ts';
import type { EventOf, EventType } from './events.ts';
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
  metrics.onScrape(() => metrics.eta_seconds.set((timeLeftMs() ?? Number.NaN) / 1_000));
  return live.subscribe((event) => record(metrics, event));
}

function setGauges(metrics: Metrics, state: LiveState, nowMs: number): void {
  const { snapshot, plan, balance, currentMove, gates } = state;
  const ageMs = snapshot ? Math.max(0, nowMs - Date.parse(snapshot.takenAt)) : Number.NaN;
  metrics.snapshot_age_seconds.set(ageMs / 1_000);
  metrics.moves_remaining.set(movesLeft(state));
  metrics.migrations_in_flight.set(currentMove ? 1 : 0);
  metrics.last_success_timestamp_seconds.set((state.lastSuccessAtMs ?? 0) / 1_000);
  for (const code of GATE_CODES) metrics.closed_gates.set({ code }, gates.has(code) ? 1 : 0);
  if (plan) setPlan(metrics, plan, state.blocked);
  if (balance) setBalance(metrics, balance.now);
}

function setPlan(metrics: Metrics, plan: Plan, blocked: LiveState['blocked']): void {
  metrics.plan_moves.set(plan.moves.length);
  metrics.plan_minimum_moves.set(plan.minimumMoves);
  metrics.plan_optimal.set(plan.optimal ? 1 : 0);
  metrics.config_names_unmatched.set(plan.warnings.length);
  for (const code of BLOCKER_CODES) metrics.plan_blocked.set({ code }, blocked.get(code)?.count ?? 0);
}

function setBalance(metrics: Metrics, balance: Balance): void {
  metrics.table_skew_max.set(balance.tableSkewMax);
  metrics.node_skew.set(balance.nodeSkew);
  metrics.table_spread_violation.set(balance.tableSpreadViolation);
  metrics.node_spread_violation.set(balance.nodeSpreadViolation);
  metrics.regions_on_draining.set(balance.regionsOnDraining);
  metrics.regions_on_dead.set(balance.regionsOnDead);
  metrics.regions_without_leader.set(balance.regionsWithoutLeader);
  setDatanodes(metrics, balance.datanodes);
  metrics.load_imbalance.set(loadImbalance(balance));
  for (const state of LOAD_STATES) metrics.load_state.set({ state }, balance.load?.state === state ? 1 : 0);
  const states = countBy(balance.datanodes, (datanode) => datanode.state);
  for (const state of DATANODE_STATES) metrics.datanodes.set({ state }, states.get(state) ?? 0);
}

function setDatanodes(metrics: Metrics, datanodes: Balance['datanodes']): void {
  metrics.datanode_regions.reset();
  metrics.datanode_load.reset();
  for (const { id: datanode, regions, load } of datanodes) {
    metrics.datanode_regions.set({ datanode }, regions);
    if (load !== undefined) metrics.datanode_load.set({ datanode }, load);
  }
}

/** The highest load over the mean, for weight; 0 where there is none. */
function loadImbalance({ load, datanodes }: Balance): number {
  if (!load || load.mean === 0) return 0;
  return datanodes.reduce((most, node) => Math.max(most, (node.load ?? 0) / node.weight / load.mean), 0);
}

function record<Type extends EventType>(metrics: Metrics, event: EventOf<Type>): void {
  RECORDERS[event.type]?.(metrics, event);
}

/** What the others mean is a gauge, or a counter of something else. */
const RECORDERS: { readonly [Type in EventType]?: (metrics: Metrics, event: EventOf<Type>) => void } = {
  'tick-missed': (metrics) => {
    metrics.ticks_missed_total.inc();
    metrics.cycles_total.inc({ outcome: 'missed' });
  },
  'snapshot-taken': (metrics, { snapshot, durationMs }) => {
    metrics.snapshot_duration_seconds.observe(durationMs / 1_000);
    recordSnapshot(metrics, snapshot);
  },
  planned: (metrics, { durationMs }) => metrics.plan_duration_seconds.observe(durationMs / 1_000),
  'gate-closed': (metrics, { code }) => metrics.gate_closed_total.inc({ code }),
  'move-finished': (metrics, { move, durationMs }) => recordMove(metrics, move, durationMs),
  'redundant-move': (metrics) => metrics.redundant_moves_total.inc(),
  quarantined: (metrics) => metrics.quarantines_total.inc(),
  'foreign-moves': (metrics, { count, undone }) => {
    metrics.external_moves_total.inc(count);
    metrics.moves_undone_total.inc(undone);
  },
  recovered: (metrics) => metrics.recovered_moves_total.inc(),
  'config-reloaded': (metrics) => metrics.config_reloads_total.inc({ outcome: 'applied' }),
  'config-refused': (metrics) => metrics.config_reloads_total.inc({ outcome: 'refused' }),
  'cycle-finished': (metrics, { outcome, durationMs }) => {
    metrics.cycles_total.inc({ outcome });
    if (outcome !== 'missed') metrics.cycle_duration_seconds.observe(durationMs / 1_000);
  },
};

function recordSnapshot(metrics: Metrics, snapshot: Snapshot): void {
  const counts = countBy(snapshot.regions, (region) => region.status);
  for (const status of REGION_STATUSES) metrics.regions.set({ status }, counts.get(status) ?? 0);
  metrics.tables.set(snapshot.tables.length);
}

function recordMove(metrics: Metrics, move: MoveRecord, durationMs: number): void {
  if (!isFinal(move.state)) return;
  const outcome = move.state;
  metrics.migrations_total.inc({ outcome, reason: move.reason });
  metrics.migration_duration_seconds.observe({ outcome }, durationMs / 1_000);
}

function countBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of items.values().map(keyOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

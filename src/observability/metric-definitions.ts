import { LOAD_STATES } from '../domain/load.ts';
import {
  BLOCKER_CODES,
  CYCLE_OUTCOME_CODES,
  GATE_CODES,
  MOVE_REASON_CODES,
  OUTCOME_CODES,
} from '../domain/codes.ts';
import { DATANODE_STATES } from '../domain/datanode-state.ts';
import { REGION_STATUSES } from '../domain/snapshot.ts';

/** What every metric's name begins with. */
export const METRIC_PREFIX = 'greptime_rebalancer_';

/** A label whose values are not known when the process starts: datanode ids, the kinds of requests, the version. */
export type OpenLabel = 'any';

type Labels = Readonly<Record<string, readonly string[] | OpenLabel>>;

export interface MetricDefinition<Type = 'counter' | 'gauge' | 'histogram', L = Labels | undefined> {
  readonly type: Type;
  /** One sentence, shown by `/metrics`; docs/metrics.md repeats it. */
  readonly help: string;
  /** For each label its closed list of values, every one of which exists as a series from the start, or `any`. */
  readonly labels?: L | undefined;
  /** Upper bounds in seconds; histograms only. */
  readonly buckets?: readonly number[];
}

function counter<const L extends Labels | undefined = undefined>(
  help: string,
  labels?: L,
): MetricDefinition<'counter', L> {
  return { type: 'counter', help, labels };
}

function gauge<const L extends Labels | undefined = undefined>(
  help: string,
  labels?: L,
): MetricDefinition<'gauge', L> {
  return { type: 'gauge', help, labels };
}

function histogram<const L extends Labels | undefined = undefined>(
  help: string,
  buckets: readonly number[],
  labels?: L,
): MetricDefinition<'histogram', L> {
  return { type: 'histogram', help, buckets, labels };
}

/** How one request to the cluster ended. */
const REQUEST_OUTCOMES = ['ok', 'error', 'timeout', 'refused'] as const;
const NOTIFICATION_OUTCOMES = ['delivered', 'failed', 'dropped'] as const;
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number];
const RELOAD_OUTCOMES = ['applied', 'refused'] as const;

const MIGRATION_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200];
const CYCLE_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400];
const PLAN_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric of the rebalancer by its name without {@link METRIC_PREFIX}. The one place that names them; docs/metrics.md is made of it. */
export const METRICS = {
  datanode_regions: gauge(
    'Regions in scope that the datanode leads. The series ends when the datanode leaves the cluster.',
    { datanode: 'any' },
  ),
  datanode_load: gauge(
    'What the datanode carries: bytes written per second, bytes or rows, as balance.load.by says. Only with the objective load.',
    { datanode: 'any' },
  ),
  load_imbalance: gauge('Highest load over the mean.'),
  load_state: gauge(
    'How the load of the targets stands: 1 for the one that holds. All 0 while regions are counted.',
    { state: LOAD_STATES },
  ),
  datanodes: gauge('Datanodes by state; a target is alive, not draining and not cordoned.', {
    state: DATANODE_STATES,
  }),
  regions: gauge('Regions of the latest snapshot by status.', { status: REGION_STATUSES }),
  tables: gauge('Tables with regions of their own in the latest snapshot.'),
  table_skew_max: gauge('Skew (max minus min over the targets, per weight) of the most skewed table.'),
  node_skew: gauge(
    'Skew (max minus min over the targets, per weight) of the regions that the datanodes lead.',
  ),
  table_spread_violation: gauge(
    'Regions above the ceiling or below the floor of their share, summed over tables and targets.',
  ),
  node_spread_violation: gauge(
    'Regions above the ceiling or below the floor of the share of a datanode, summed over targets.',
  ),
  regions_on_draining: gauge('Regions that draining datanodes still lead, whatever tables are selected.'),
  regions_on_dead: gauge(
    'Regions of selected tables that are led by datanodes that are dead, or that the cluster does not list.',
  ),
  regions_without_leader: gauge('Regions of selected tables without a leader.'),
  config_names_unmatched: gauge('Names in the configuration that match nothing in the cluster.'),
  plan_moves: gauge('Moves of the latest plan when it was made.'),
  plan_minimum_moves: gauge(
    'Fewest moves that can reach the balance of the latest plan (proven lower bound).',
  ),
  plan_optimal: gauge('Whether the latest plan meets its lower bound (1) or not (0).'),
  plan_blocked: gauge('Blockers of the latest plan by code.', { code: BLOCKER_CODES }),
  plan_duration_seconds: histogram('Time to compute a plan.', PLAN_BUCKETS),
  migrations_total: counter('Moves that ended, by how they ended and why they were planned.', {
    outcome: OUTCOME_CODES,
    reason: MOVE_REASON_CODES,
  }),
  migration_duration_seconds: histogram('Time from the start of a move to its end.', MIGRATION_BUCKETS, {
    outcome: OUTCOME_CODES,
  }),
  migrations_in_flight: gauge('Moves running now, 0 or 1.'),
  moves_remaining: gauge('Moves of the latest plan that have not ended.'),
  eta_seconds: gauge(
    'Estimated time until the remaining moves are made, including waits for cycles, limits and windows; 0 when none remain, NaN while it is unknown or nothing may be moved.',
  ),
  redundant_moves_total: counter('Moves that took a region back within its cooldown.'),
  external_moves_total: counter('Regions that somebody else moved between two snapshots.'),
  moves_undone_total: counter('Moves of the rebalancer that somebody else undid.'),
  recovered_moves_total: counter('Moves found unfinished at start and resolved against the cluster.'),
  quarantines_total: counter('Times that a region was put into quarantine.'),
  quarantined_regions: gauge('Regions in quarantine because a migration of theirs failed.'),
  quarantined_datanodes: gauge(
    'Datanodes that give or receive no regions for a while, because migrations from or to them failed.',
  ),
  cooldown_regions: gauge('Regions that are not moved again before their cooldown ends.'),
  cycles_total: counter('Cycles by outcome.', { outcome: CYCLE_OUTCOME_CODES }),
  cycle_duration_seconds: histogram('Time of a whole cycle, moves included.', CYCLE_BUCKETS),
  ticks_missed_total: counter('Scheduled cycles that were skipped because one was still running.'),
  gate_closed_total: counter('Times that a gate forbade acting, by code.', { code: GATE_CODES }),
  closed_gates: gauge('Gates that forbid moves now, by code: 1 for each closed gate, as last checked.', {
    code: GATE_CODES,
  }),
  snapshot_duration_seconds: histogram('Time to read a snapshot from the cluster.', REQUEST_BUCKETS),
  snapshot_age_seconds: gauge('Age of the latest snapshot; NaN before the first.'),
  last_success_timestamp_seconds: gauge(
    'Unix time of the end of the latest cycle that read the cluster and did not fail; 0 before the first.',
  ),
  dry_run: gauge('Whether the rebalancer only plans and reports (1) or also moves (0).'),
  paused: gauge('Whether the rebalancer is paused (1).'),
  leader: gauge('Whether this replica of the rebalancer leads (1) or stands by (0).'),
  cluster_request_duration_seconds: histogram(
    'Duration of requests to the cluster by endpoint (the kind of request) and outcome.',
    REQUEST_BUCKETS,
    { endpoint: 'any', outcome: REQUEST_OUTCOMES },
  ),
  config_reloads_total: counter('Reloads of the configuration by outcome.', { outcome: RELOAD_OUTCOMES }),
  config_refused: gauge(
    'Whether the configuration file was refused when it was last read, or a renewed secret cannot be used (1); 0 also once the one in force is put back.',
  ),
  notifications_total: counter('Webhook notifications by outcome.', { outcome: NOTIFICATION_OUTCOMES }),
  schedule_interval_seconds: gauge('Time between the next two scheduled cycles; 0 when there are none.'),
  cluster_info: gauge('Always 1; labels: name of the cluster, and its API and version once known.', {
    cluster: 'any',
    api: 'any',
    version: 'any',
  }),
  build_info: gauge('Always 1; label: version of the rebalancer.', { version: 'any' }),
};

export type MetricName = keyof typeof METRICS;

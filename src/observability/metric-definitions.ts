import { LOAD_STATES } from '../domain/load.ts';
import {
  BLOCKER_CODES,
  CYCLE_OUTCOME_CODES,
  GATE_CODES,
  MOVE_REASON_CODES,
  OUTCOME_CODES,
} from '../domain/codes.ts';
import { DATANODE_STATES } from '../domain/plan.ts';
import { REGION_STATUSES } from '../domain/snapshot.ts';

/** What every metric's name begins with. */
export const METRIC_PREFIX = 'greptime_rebalancer_';

/** A label whose values are not known when the process starts: datanode ids, the kinds of requests, the version. */
export type OpenLabel = 'any';

export interface MetricDefinition {
  /** Without {@link METRIC_PREFIX}. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** For each label its closed list of values, every one of which exists as a series from the start, or `any`. */
  readonly labels: Readonly<Record<string, readonly string[] | OpenLabel>>;
  /** One sentence, shown by `/metrics`; docs/metrics.md repeats it. */
  readonly help: string;
  /** Upper bounds in seconds; histograms only. */
  readonly buckets?: readonly number[];
}

/** How one request to the cluster ended. */
const REQUEST_OUTCOMES = ['ok', 'error', 'timeout', 'refused'] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
const NOTIFICATION_OUTCOMES = ['delivered', 'failed', 'dropped'] as const;
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number];
const RELOAD_OUTCOMES = ['applied', 'refused'] as const;

const MIGRATION_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200];
const CYCLE_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400];
const PLAN_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric of the rebalancer. The one place that names them; docs/metrics.md is tested against it. */
export const METRICS = {
  datanodeRegions: {
    name: 'datanode_regions',
    type: 'gauge',
    labels: { datanode: 'any' },
    help: 'Regions in scope that the datanode leads. The series ends when the datanode leaves the cluster.',
  },
  datanodeLoad: {
    name: 'datanode_load',
    type: 'gauge',
    labels: { datanode: 'any' },
    help: 'What the datanode carries: bytes written per second, bytes or rows, as balance.load.by says. Only with the objective load.',
  },
  loadImbalance: { name: 'load_imbalance', type: 'gauge', labels: {}, help: 'Highest load over the mean.' },
  loadState: {
    name: 'load_state',
    type: 'gauge',
    labels: { state: LOAD_STATES },
    help: 'How the load of the targets stands: 1 for the one that holds. All 0 while regions are counted.',
  },
  datanodes: {
    name: 'datanodes',
    type: 'gauge',
    labels: { state: DATANODE_STATES },
    help: 'Datanodes by state; a target is alive, not draining and not cordoned.',
  },
  regions: {
    name: 'regions',
    type: 'gauge',
    labels: { status: REGION_STATUSES },
    help: 'Regions of the latest snapshot by status.',
  },
  tables: {
    name: 'tables',
    type: 'gauge',
    labels: {},
    help: 'Tables with regions of their own in the latest snapshot.',
  },
  tableSkewMax: {
    name: 'table_skew_max',
    type: 'gauge',
    labels: {},
    help: 'Skew (max minus min over the targets, per weight) of the most skewed table.',
  },
  nodeSkew: {
    name: 'node_skew',
    type: 'gauge',
    labels: {},
    help: 'Skew (max minus min over the targets, per weight) of the regions that the datanodes lead.',
  },
  tableSpreadViolation: {
    name: 'table_spread_violation',
    type: 'gauge',
    labels: {},
    help: 'Regions above the ceiling or below the floor of their share, summed over tables and targets.',
  },
  nodeSpreadViolation: {
    name: 'node_spread_violation',
    type: 'gauge',
    labels: {},
    help: 'Regions above the ceiling or below the floor of the share of a datanode, summed over targets.',
  },
  regionsOnDraining: {
    name: 'regions_on_draining',
    type: 'gauge',
    labels: {},
    help: 'Regions that draining datanodes still lead, whatever tables are selected.',
  },
  regionsOnDead: {
    name: 'regions_on_dead',
    type: 'gauge',
    labels: {},
    help: 'Regions of selected tables that are led by datanodes that are dead, or that the cluster does not list.',
  },
  regionsWithoutLeader: {
    name: 'regions_without_leader',
    type: 'gauge',
    labels: {},
    help: 'Regions of selected tables without a leader.',
  },
  configNamesUnmatched: {
    name: 'config_names_unmatched',
    type: 'gauge',
    labels: {},
    help: 'Names in the configuration that match nothing in the cluster.',
  },
  planMoves: {
    name: 'plan_moves',
    type: 'gauge',
    labels: {},
    help: 'Moves of the latest plan when it was made.',
  },
  planMinimumMoves: {
    name: 'plan_minimum_moves',
    type: 'gauge',
    labels: {},
    help: 'Fewest moves that can reach the balance of the latest plan (proven lower bound).',
  },
  planOptimal: {
    name: 'plan_optimal',
    type: 'gauge',
    labels: {},
    help: 'Whether the latest plan meets its lower bound (1) or not (0).',
  },
  planBlocked: {
    name: 'plan_blocked',
    type: 'gauge',
    labels: { code: BLOCKER_CODES },
    help: 'Blockers of the latest plan by code.',
  },
  planDurationSeconds: {
    name: 'plan_duration_seconds',
    type: 'histogram',
    labels: {},
    help: 'Time to compute a plan.',
    buckets: PLAN_BUCKETS,
  },
  migrationsTotal: {
    name: 'migrations_total',
    type: 'counter',
    labels: { outcome: OUTCOME_CODES, reason: MOVE_REASON_CODES },
    help: 'Moves that ended, by how they ended and why they were planned.',
  },
  migrationDurationSeconds: {
    name: 'migration_duration_seconds',
    type: 'histogram',
    labels: { outcome: OUTCOME_CODES },
    help: 'Time from the start of a move to its end.',
    buckets: MIGRATION_BUCKETS,
  },
  migrationsInFlight: {
    name: 'migrations_in_flight',
    type: 'gauge',
    labels: {},
    help: 'Moves running now, 0 or 1.',
  },
  movesRemaining: {
    name: 'moves_remaining',
    type: 'gauge',
    labels: {},
    help: 'Moves of the latest plan that have not ended.',
  },
  etaSeconds: {
    name: 'eta_seconds',
    type: 'gauge',
    labels: {},
    help: 'Estimated time until the remaining moves are made, including waits for cycles, limits and windows; 0 when none remain, NaN while it is unknown or nothing may be moved.',
  },
  redundantMovesTotal: {
    name: 'redundant_moves_total',
    type: 'counter',
    labels: {},
    help: 'Moves that took a region back within its cooldown.',
  },
  externalMovesTotal: {
    name: 'external_moves_total',
    type: 'counter',
    labels: {},
    help: 'Regions that somebody else moved between two snapshots.',
  },
  movesUndoneTotal: {
    name: 'moves_undone_total',
    type: 'counter',
    labels: {},
    help: 'Moves of the rebalancer that somebody else undid.',
  },
  recoveredMovesTotal: {
    name: 'recovered_moves_total',
    type: 'counter',
    labels: {},
    help: 'Moves found unfinished at start and resolved against the cluster.',
  },
  quarantinesTotal: {
    name: 'quarantines_total',
    type: 'counter',
    labels: {},
    help: 'Times that a region was put into quarantine.',
  },
  quarantinedRegions: {
    name: 'quarantined_regions',
    type: 'gauge',
    labels: {},
    help: 'Regions in quarantine because a migration of theirs failed.',
  },
  quarantinedDatanodes: {
    name: 'quarantined_datanodes',
    type: 'gauge',
    labels: {},
    help: 'Datanodes that give or receive no regions for a while, because migrations from or to them failed.',
  },
  cooldownRegions: {
    name: 'cooldown_regions',
    type: 'gauge',
    labels: {},
    help: 'Regions that are not moved again before their cooldown ends.',
  },
  cyclesTotal: {
    name: 'cycles_total',
    type: 'counter',
    labels: { outcome: CYCLE_OUTCOME_CODES },
    help: 'Cycles by outcome.',
  },
  cycleDurationSeconds: {
    name: 'cycle_duration_seconds',
    type: 'histogram',
    labels: {},
    help: 'Time of a whole cycle, moves included.',
    buckets: CYCLE_BUCKETS,
  },
  ticksMissedTotal: {
    name: 'ticks_missed_total',
    type: 'counter',
    labels: {},
    help: 'Scheduled cycles that were skipped because one was still running.',
  },
  gateClosedTotal: {
    name: 'gate_closed_total',
    type: 'counter',
    labels: { code: GATE_CODES },
    help: 'Times that a gate forbade acting, by code.',
  },
  closedGates: {
    name: 'closed_gates',
    type: 'gauge',
    labels: { code: GATE_CODES },
    help: 'Gates that forbid moves now, by code: 1 for each closed gate, as last checked.',
  },
  snapshotDurationSeconds: {
    name: 'snapshot_duration_seconds',
    type: 'histogram',
    labels: {},
    help: 'Time to read a snapshot from the cluster.',
    buckets: REQUEST_BUCKETS,
  },
  snapshotAgeSeconds: {
    name: 'snapshot_age_seconds',
    type: 'gauge',
    labels: {},
    help: 'Age of the latest snapshot; NaN before the first.',
  },
  lastSuccessTimestampSeconds: {
    name: 'last_success_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'Unix time of the end of the latest cycle that read the cluster and did not fail; 0 before the first.',
  },
  dryRun: {
    name: 'dry_run',
    type: 'gauge',
    labels: {},
    help: 'Whether the rebalancer only plans and reports (1) or also moves (0).',
  },
  paused: { name: 'paused', type: 'gauge', labels: {}, help: 'Whether the rebalancer is paused (1).' },
  leader: {
    name: 'leader',
    type: 'gauge',
    labels: {},
    help: 'Whether this replica of the rebalancer leads (1) or stands by (0).',
  },
  clusterRequestDurationSeconds: {
    name: 'cluster_request_duration_seconds',
    type: 'histogram',
    labels: { endpoint: 'any', outcome: REQUEST_OUTCOMES },
    help: 'Duration of requests to the cluster by endpoint (the kind of request) and outcome.',
    buckets: REQUEST_BUCKETS,
  },
  configReloadsTotal: {
    name: 'config_reloads_total',
    type: 'counter',
    labels: { outcome: RELOAD_OUTCOMES },
    help: 'Reloads of the configuration by outcome.',
  },
  configRefused: {
    name: 'config_refused',
    type: 'gauge',
    labels: {},
    help: 'Whether the configuration file was refused when it was last read, or a renewed secret cannot be used (1); 0 also once the one in force is put back.',
  },
  notificationsTotal: {
    name: 'notifications_total',
    type: 'counter',
    labels: { outcome: NOTIFICATION_OUTCOMES },
    help: 'Webhook notifications by outcome.',
  },
  scheduleIntervalSeconds: {
    name: 'schedule_interval_seconds',
    type: 'gauge',
    labels: {},
    help: 'Time between the next two scheduled cycles; 0 when there are none.',
  },
  clusterInfo: {
    name: 'cluster_info',
    type: 'gauge',
    labels: { cluster: 'any', api: 'any', version: 'any' },
    help: 'Always 1; labels: name of the cluster, and its API and version once known.',
  },
  buildInfo: {
    name: 'build_info',
    type: 'gauge',
    labels: { version: 'any' },
    help: 'Always 1; label: version of the rebalancer.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof METRICS;

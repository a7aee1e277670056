/**
 * The closed lists of words that plans, metrics, logs, the API and the command line share. One definition, one sentence each.
 * docs/explain.md is tested against this file.
 */

/** What forbids one move, or one region's balance. `blocked[].code` of a plan; label of `plan_blocked`. */
export const BLOCKERS = {
  pinned: 'The configuration pins this region or its table to where it is.',
  cooldown: 'The region was moved recently and rests until its cooldown ends.',
  quarantined: 'A migration of this region failed; it rests, longer after each failure.',
  'source-quarantined':
    'Migrations away from the datanode that leads this region failed in a row; none is tried for a while.',
  'target-quarantined':
    'Migrations to a datanode failed in a row: nothing moves to it for a while; its regions stay and are not counted.',
  migrating: 'A procedure holds this region, or its leader is downgraded: it is left alone until that ends.',
  staging: 'The region is being repartitioned and must not be moved meanwhile.',
  'no-leader': 'The route names no leader for this region.',
  'leader-dead': 'The region is led by a datanode that is not alive; it is left to failover.',
  cordoned: 'The region is led by a cordoned datanode: it stays there and is not counted.',
  'query-only': 'The region is led by a datanode that takes no writes: it stays there and is not counted.',
  'follower-on-target': 'A datanode that should lead this region already holds one of its followers.',
  'no-target': 'No datanode is left that could lead this region.',
  'not-selected': 'The region belongs to a table that the configuration does not select.',
  'unsupported-engine': 'The table is of an engine whose regions cannot be migrated.',
  'unknown-table': 'The region belongs to a table that is not known.',
  'unknown-datanode': 'The region is led by a datanode that the cluster does not list.',
  'move-limit': 'The move waits for a later cycle, because this one may execute only so many.',
} as const;
export type BlockerCode = keyof typeof BLOCKERS;

/** What forbids acting at all at this moment. Label of `gate_closed_total`. */
export const GATES = {
  'not-leader': 'Another replica of the rebalancer leads, or this one has only just begun to.',
  paused: 'Somebody, or the breaker, paused the rebalancer.',
  'reload-pending': 'A changed configuration waits; the cycle ends, and the next one begins with it at once.',
  'replan-pending':
    'A drain or a cordon was asked for or taken back; the cycle ends, and the next one plans with it at once.',
  'dry-run': 'execution.dryRun is true: plans are made and reported, nothing is moved.',
  'outside-window': 'No schedule window is open at this time.',
  maintenance: 'The cluster is in maintenance mode.',
  'procedures-paused': 'The procedure manager of metasrv is paused, so that no migration would start.',
  'stale-snapshot': 'The snapshot that the plan rests on is too old.',
  'migration-running': 'Another region migration is under way in the cluster.',
  'too-few-alive': 'Too many datanodes are dead to move anything safely.',
  'too-many-failures': 'Too many migrations failed in a row.',
  'move-limit': 'This cycle has executed as many moves as it may.',
  'hourly-limit': 'This hour has seen as many moves as it may.',
  thrash: 'Somebody keeps undoing the moves of the rebalancer.',
  'other-mover':
    'Somebody else keeps making the moves that are planned here: another rebalancer works on the cluster.',
  'cluster-unhealthy': 'The cluster did not answer well enough to act on.',
  stopping: 'The process was told to stop.',
} as const;
export type GateCode = keyof typeof GATES;

/**
 * How bad it is that a gate is closed. `passes`: a later cycle goes on by itself. `expected`: somebody wanted it so, or is at work now.
 * `needs-person`: it stays closed until somebody does something, who therefore is told.
 */
export const GATE_SEVERITY: Readonly<Record<GateCode, 'passes' | 'expected' | 'needs-person'>> = {
  'not-leader': 'expected',
  paused: 'expected',
  'reload-pending': 'passes',
  'replan-pending': 'passes',
  'dry-run': 'expected',
  'outside-window': 'expected',
  maintenance: 'needs-person',
  'procedures-paused': 'needs-person',
  'stale-snapshot': 'expected',
  'migration-running': 'expected',
  'too-few-alive': 'needs-person',
  'too-many-failures': 'needs-person',
  'move-limit': 'passes',
  'hourly-limit': 'passes',
  thrash: 'needs-person',
  'other-mover': 'needs-person',
  'cluster-unhealthy': 'needs-person',
  stopping: 'expected',
};

/** Why a move is in a plan. Label of `migrations_total`. */
export const MOVE_REASONS = {
  drain: 'The source is draining.',
  'table-spread': 'The table is spread unevenly over the datanodes.',
  'node-spread': 'The datanodes lead unequal numbers of regions.',
  load: 'The datanodes carry unequal load.',
} as const;
export type MoveReason = keyof typeof MOVE_REASONS;

/** How a migration ended. Label of `migrations_total` and `migration_duration_seconds`. */
export const OUTCOMES = {
  succeeded: 'The route names the target as the healthy leader.',
  failed: 'The cluster refused the migration, or it ended without moving the region.',
  timed_out: 'The migration did not end within its deadline; what became of it is looked up later.',
  rolled_back: 'The migration began and the cluster undid it.',
  abandoned: 'The check right before submission found that the move no longer applies.',
} as const;
export type Outcome = keyof typeof OUTCOMES;

/** How one turn of the loop ended. Label of `cycles_total`. */
export const CYCLE_OUTCOMES = {
  balanced: 'Nothing to move.',
  planned: 'Dry run: there is a plan, and nothing was moved.',
  moved: 'At least one region was moved, and nothing failed.',
  partial: 'Some moves succeeded and some did not.',
  gated: 'There is a plan, and a gate forbids acting on it.',
  blocked: 'Nothing can be moved, and the cluster is not balanced, or something in it needs attention.',
  failed: 'The cluster could not be read, the plan could not be made or written down, or every move failed.',
  stopped: 'The process was told to stop during the cycle.',
  missed: 'The tick fell into a running cycle and was skipped, not queued.',
} as const;
export type CycleOutcome = keyof typeof CYCLE_OUTCOMES;

/** Words of `explain` beside the blockers and the move reasons: why something stays, or what becomes of a whole table or datanode. */
export const EXPLANATIONS = {
  'well-placed': 'It is where the balance wants it.',
  'cheaper-region-moves': 'Its table gives regions from this datanode, and others are cheaper to move.',
  'cheapest-to-move': 'Of the regions that could leave, the ones that cost least to move were chosen.',
  'target-choice':
    'The target lacks regions of this table; several targets may, and the least loaded takes the heaviest.',
  balanced: 'It leads, or is spread, exactly as its share says.',
  'gives-regions': 'The plan moves regions away from it.',
  'receives-regions': 'The plan moves regions to it.',
  'within-rounding': 'Its share is not a whole number; one region more or less is as even as it gets.',
  'load-within-tolerance':
    'Its datanode carries little enough, or no datanode carries so much that anything is moved for it.',
  'load-not-stable': 'A datanode carries too much, and has not for long enough to act on it.',
  'load-too-small': 'It carries so little that moving it would change nothing.',
  'load-varies': 'Its load is not known, or varies too much to rely on.',
  'load-table-spread':
    'Moving it for its load would break the spread of its table, and no exchange for a lighter region helps.',
  'load-no-exchange-helps':
    'Its datanode carries too much, and no move or exchange of this region helps as much as others do.',
  'out-of-balance': 'It is not as its share says, and something blocks the moves that would mend it.',
} as const;
export type ExplanationCode = keyof typeof EXPLANATIONS;
export const EXPLANATION_CODES = Object.keys(EXPLANATIONS) as ExplanationCode[];

export const BLOCKER_CODES = Object.keys(BLOCKERS) as BlockerCode[];
export const GATE_CODES = Object.keys(GATES) as GateCode[];
export const MOVE_REASON_CODES = Object.keys(MOVE_REASONS) as MoveReason[];
export const OUTCOME_CODES = Object.keys(OUTCOMES) as Outcome[];
export const CYCLE_OUTCOME_CODES = Object.keys(CYCLE_OUTCOMES) as CycleOutcome[];

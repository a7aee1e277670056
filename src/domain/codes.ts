/**
 * The closed lists of words that plans, metrics, logs, the API and the command line share. One definition, one sentence each.
 * docs/explain.md is tested against this file.
 */

/** What forbids one move, or one region's balance. `blocked[].code` of a plan; label of `plan_blocked`. */
export const BLOCKERS = {
  pinned: 'The configuration pins this region or its table.',
  cooldown: 'The region was moved recently and stays where it is until its cooldown ends.',
  quarantined:
    'A migration of this region failed; the region is not moved for a while, longer after each failure.',
  'source-quarantined':
    "Migrations away from this region's datanode failed in a row; nothing moves away from it for a while.",
  'target-quarantined':
    'Migrations to a datanode failed in a row: nothing moves to it for a while, its regions stay, and the others share theirs without it.',
  migrating:
    'A procedure works on this region, or its leader is downgraded: the region is left alone until that ends.',
  staging: 'The region is being repartitioned and must not be moved until that ends.',
  'no-leader': 'The region has no leader in the route table.',
  'leader-dead': "The region's datanode is dead; failover has to recover the region.",
  cordoned: "The region's datanode is cordoned: the region stays there and is not counted.",
  'query-only': 'The region is led by a datanode that takes no writes: it stays there and is not counted.',
  'follower-on-target': 'A datanode that should lead this region already holds one of its followers.',
  'no-target': 'No datanode can take this region.',
  'not-selected': "The configuration does not select the region's table.",
  'unsupported-engine': 'Regions of this table engine cannot be migrated.',
  'unknown-table': "The region's table is unknown.",
  'unknown-datanode': "The cluster does not list the region's datanode.",
  'move-limit': 'The move waits for a later cycle: this one has reached its limit.',
} as const;
export type BlockerCode = keyof typeof BLOCKERS;

/** What forbids acting at all at this moment. Label of `gate_closed_total`. */
export const GATES = {
  'not-leader': 'Another replica of the rebalancer leads, or this one became leader only a moment ago.',
  paused: 'The rebalancer is paused, by a person or automatically after failures.',
  'reload-pending': 'The configuration changed: this cycle ends, and the next one starts with it at once.',
  'replan-pending':
    'A drain or cordon was requested or ended, or a datanode was put into quarantine: the rest is planned with it at once.',
  'dry-run': 'execution.dryRun is true: plans are made and reported, nothing is moved.',
  'outside-window': 'No schedule window is open at this time.',
  maintenance: 'The cluster is in maintenance mode.',
  'procedures-paused': 'The procedure manager of metasrv is paused: no migration would start.',
  'stale-snapshot': 'The snapshot behind the plan is too old.',
  'migration-running': 'Another region migration is under way in the cluster.',
  'too-few-alive': 'Too many datanodes are dead to move regions safely.',
  'too-many-failures': 'Too many migrations failed in a row.',
  'move-limit': 'This cycle has reached its limit of moves.',
  'hourly-limit': 'The hourly limit of moves is reached.',
  thrash: 'Somebody else keeps undoing the moves of the rebalancer.',
  'other-mover':
    'Somebody else keeps making the moves that are planned here: another rebalancer works on the cluster.',
  'cluster-unhealthy': 'The cluster could not be read well enough to act.',
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
  timed_out: 'The migration did not end in time; how it ended is looked up later.',
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
  gated: 'There is a plan, but a closed gate forbids moving anything now.',
  blocked: 'Nothing can be moved, but the cluster is not balanced or needs attention.',
  failed: 'The cluster could not be read, the plan could not be made or stored, or every move failed.',
  stopped: 'The process was told to stop during the cycle.',
  missed: 'It was due while another cycle was still running: skipped, not queued.',
} as const;
export type CycleOutcome = keyof typeof CYCLE_OUTCOMES;

/** Words of `explain` beside the blockers and the move reasons: why something stays, or what becomes of a whole table or datanode. */
export const EXPLANATIONS = {
  'well-placed': 'It is already in the right place.',
  'cheaper-region-moves':
    'Other regions of its table move away from this datanode: they are cheaper to move.',
  'cheapest-to-move': 'Of the regions that could move, the cheapest were chosen.',
  'target-choice':
    'The target has too few regions of this table. Where several do, the least loaded takes the heaviest region.',
  balanced: 'Its fair share is met exactly.',
  'gives-regions': 'The plan moves regions away from it.',
  'receives-regions': 'The plan moves regions to it.',
  'within-rounding': 'Its fair share is not a whole number; one region more or less is as even as it gets.',
  'load-within-tolerance':
    'Its datanode carries little enough, or no datanode carries so much that anything is moved for it.',
  'load-not-stable': 'A datanode carries too much, and has not for long enough to act on it.',
  'load-too-small': 'It carries so little that moving it would change nothing.',
  'load-varies': 'Its load is not known, or varies too much to rely on.',
  'load-table-spread':
    'Moving it for its load would break the spread of its table, and no exchange for a lighter region helps.',
  'load-no-exchange-helps':
    'Its datanode carries too much, and no move or exchange of this region helps as much as others do.',
  'out-of-balance': 'It is not at its fair share, and the moves that would help are blocked.',
} as const;
export type ExplanationCode = keyof typeof EXPLANATIONS;
export const EXPLANATION_CODES = Object.keys(EXPLANATIONS) as ExplanationCode[];

export const BLOCKER_CODES = Object.keys(BLOCKERS) as BlockerCode[];
export const GATE_CODES = Object.keys(GATES) as GateCode[];
export const MOVE_REASON_CODES = Object.keys(MOVE_REASONS) as MoveReason[];
export const OUTCOME_CODES = Object.keys(OUTCOMES) as Outcome[];
export const CYCLE_OUTCOME_CODES = Object.keys(CYCLE_OUTCOMES) as CycleOutcome[];

import type { BlockerCode, GateCode } from '../../domain/codes.ts';

/** How what is in the way ends, or is ended: one sentence or two each. Nothing for what says it in its own sentence. */

const SECOND_MOVER =
  'Find out who else moves regions, and stop one of the two. Then press Resume at the top.';
const RELEASE =
  'The quarantine ends by itself. To end it earlier, press Release below once its cause is gone.';
const PROCEDURES = 'Ends by itself; if it lasts, look at information_schema.procedure_info.';
const METASRV_LOG = "Look at metasrv's log for a failed or stuck procedure.";

export const LOST_STEP =
  'Check the address in the configuration, the network, and whether frontend and metasrv run.';

export const GATE_STEPS: Readonly<Partial<Record<GateCode, string>>> = {
  'dry-run':
    'To let it move regions, set execution.dryRun: false in the configuration file. The daemon reads a changed file by itself, no restart is needed. ' +
    'Where GREPTIME_REBALANCER_EXECUTION__DRY_RUN or a flag sets it, that wins: change it there and restart.',
  'outside-window':
    'Moves go on by themselves when a window of schedule.windows opens; a drain waits for it, too.',
  maintenance: 'Goes on by itself once maintenance mode is switched off in GreptimeDB.',
  'procedures-paused': 'Goes on by itself once the procedure manager of metasrv is resumed.',
  'stale-snapshot': 'The next cycle reads the cluster again.',
  'migration-running': 'Goes on by itself when that migration has ended.',
  'too-few-alive': 'Start the dead datanodes; execution.minAliveShare is the limit.',
  'move-limit': 'The next cycle continues; execution.maxMovesPerCycle is the limit.',
  'hourly-limit': 'Goes on by itself within the hour; execution.maxMovesPerHour is the limit.',
  'too-many-failures': 'Find the cause first. Then press Resume at the top.',
  thrash: SECOND_MOVER,
  'other-mover': SECOND_MOVER,
  'cluster-unhealthy': 'The next cycle tries again. Check whether GreptimeDB answers.',
};

export const BLOCKER_STEPS: Readonly<Partial<Record<BlockerCode, string>>> = {
  pinned:
    'To let regions move, take them or their tables out of pins.tables and pins.regions in the configuration file. The daemon reads a changed file by itself, no restart is needed.',
  cooldown: 'Ends by itself; execution.regionCooldown is how long it takes.',
  quarantined: RELEASE,
  'source-quarantined': RELEASE,
  'target-quarantined': RELEASE,
  migrating: PROCEDURES,
  staging: 'Ends by itself.',
  'no-leader': METASRV_LOG,
  'leader-dead': 'Start the datanode again if that is possible.',
  cordoned: 'To let them move, uncordon the datanode, or take it out of datanodes.cordon.',
  'follower-on-target': 'Move or remove that follower, or add a datanode.',
  'no-target': 'Add a datanode, or uncordon one.',
  'unsupported-engine': 'Drop the table or create it again with another engine.',
  'unknown-datanode': 'Check whether that datanode runs.',
  'move-limit': 'The next cycle continues; execution.maxMovesPerCycle is the limit.',
};

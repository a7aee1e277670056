import type { Config } from '../../config/config.ts';
import type { GateCode } from '../../domain/codes.ts';
import { nameDatanodes } from '../../domain/ids.ts';
import type { RegionId } from '../../domain/ids.ts';
import type { Memory } from '../../domain/policy.ts';
import { closedGates } from '../../executor/gates.ts';
import type { ClosedGate, GateReading } from '../../executor/gates.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { ReadOnlyState, StandingInState } from '../../store/read-only-state.ts';
import { count } from '../../lib/number.ts';
import { check } from './check.ts';
import type { Check } from './check.ts';

/**
 * Every gate that would keep a daemon from moving anything at this moment.
 *
 * @param state what the state folder says; undefined where there is none.
 */
export function gateChecks(
  cluster: Omit<Extract<GateReading['cluster'], { kind: 'read' }>, 'kind'>,
  state: Pick<ReadOnlyState, 'standing' | 'memory'> | undefined,
  config: Config,
  nowMs: number,
): readonly Check[] {
  const { windows, timezone } = config.schedule;
  const { pause, ownRegions, ...counts } = state?.standing ?? NOTHING_DONE;
  const closed = closedGates(
    {
      ...{ nowMs, snapshotTakenAtMs: nowMs, snapshotAgeMs: 0, submitted: 0, limit: 1, draining: [] },
      ...{ isLeader: true, isConfigWaiting: false, isReplanWaiting: false, isStopping: false },
      ...counts,
      ...(pause && { pause }),
      isDryRun: config.execution.dryRun,
      window: evaluateWindows(windows, timezone, nowMs),
      cluster: { kind: 'read', ...cluster },
    },
    config.execution,
  );
  const checks = [
    ...closed.map((gate) => ownMove(gate, cluster, ownRegions) ?? gateCheck(gate)),
    ...quarantineCheck(state?.memory),
  ];
  if (checks.length === 0) return [check('gates', 'pass', 'Nothing forbids moving regions at this moment.')];
  return checks;
}

/** What the daemon itself is at is no trouble. */
function ownMove(
  { code }: ClosedGate,
  { procedures }: Pick<Extract<GateReading['cluster'], { kind: 'read' }>, 'procedures'>,
  ownRegions: readonly RegionId[],
): Check | undefined {
  if (code !== 'migration-running' || procedures === 'unsupported') return undefined;
  const running = procedures
    .filter(({ active, isRegionMigration }) => active && isRegionMigration)
    .map(({ regionIds }) => regionIds);
  // Not every version tells the regions.
  const isOwn = running.every((ids) => ids.length > 0 && ids.every((id) => ownRegions.includes(id)));
  if (!isOwn) return undefined;
  return check('gates', 'pass', `The daemon migrates region ${running.flat().join(', ')} at this moment.`);
}

function quarantineCheck(memory: Memory | undefined): readonly Check[] {
  const regions = memory?.quarantine.length ?? 0;
  const datanodes = new Set(memory?.datanodes.map(({ datanode }) => datanode));
  const held = [
    ...(regions > 0 ? [count(regions, 'region')] : []),
    ...(datanodes.size > 0 ? [nameDatanodes([...datanodes])] : []),
  ];
  if (held.length === 0) return [];
  const detail = `In quarantine, after migrations that failed: ${held.join(' and ')}.`;
  return [
    check('gates', 'warn', detail, 'quarantine list says why and until when; quarantine release ends it.'),
  ];
}

const NOTHING_DONE: StandingInState = {
  pause: undefined,
  failureRun: 0,
  submittedThisHour: 0,
  undoneMoves: 0,
  ownRegions: [],
};

const ADVICE: Partial<Record<GateCode, string>> = {
  'dry-run': 'Set execution.dryRun to false when regions shall be moved.',
  paused: 'resume ends the pause.',
  maintenance: 'End the maintenance mode of GreptimeDB when the work is done.',
  'procedures-paused': 'Resume the procedure manager of metasrv.',
  'too-few-alive': 'Start the dead datanodes, or see execution.minAliveShare.',
  'too-many-failures': 'Find out why migrations fail (history), then resume.',
  thrash: 'Find out who else moves regions, then resume.',
};

function gateCheck({ code, detail }: ClosedGate): Check {
  // A dry run is the default, and no fault.
  const verdict = code === 'dry-run' ? 'pass' : code === 'too-few-alive' ? 'fail' : 'warn';
  return check('gates', verdict, detail, ADVICE[code] ?? 'It opens by itself.');
}

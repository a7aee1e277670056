import type { Config } from '../../config/config.ts';
import type { GateCode } from '../../domain/codes.ts';
import { closedGates } from '../../executor/gates.ts';
import type { ClosedGate, GateReading } from '../../executor/gates.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { StandingInState } from '../../store/read-only-state.ts';
import { check } from './check.ts';
import type { Check } from './check.ts';

/**
 * Every gate that would keep a daemon from moving anything at this moment.
 *
 * @param standing what the state folder says; undefined where there is none.
 */
export function gateChecks(
  cluster: Omit<Extract<GateReading['cluster'], { kind: 'read' }>, 'kind'>,
  standing: StandingInState | undefined,
  config: Config,
  nowMs: number,
): readonly Check[] {
  const { windows, timezone } = config.schedule;
  const { pause, ...counts } = standing ?? NOTHING_DONE;
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
  if (closed.length === 0) return [check('gates', 'pass', 'Nothing forbids moving regions at this moment.')];
  return closed.map(gateCheck);
}

const NOTHING_DONE: StandingInState = {
  pause: undefined,
  failureRun: 0,
  submittedThisHour: 0,
  undoneMoves: 0,
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

import type { Config } from '../../config/config.ts';
import type { GateCode } from '../../domain/codes.ts';
import type { Datanode } from '../../domain/snapshot.ts';
import { closedGates } from '../../executor/gates.ts';
import type { ClosedGate } from '../../executor/gates.ts';
import { evaluateWindows } from '../../executor/windows.ts';
import type { ClusterSafety, RegionProcedure } from '../../greptimedb/port.ts';
import type { StandingInState } from '../../store/read-only-state.ts';
import { executorSettings } from '../daemon/settings.ts';
import type { Check } from './check.ts';

export interface GateFacts {
  readonly safety: ClusterSafety;
  readonly datanodes: readonly Datanode[];
  readonly procedures: readonly RegionProcedure[] | 'unsupported';
  /** What the state folder says; undefined where there is none. */
  readonly standing: StandingInState | undefined;
}

/** Every gate that would keep a daemon from moving anything at this moment. */
export function gateChecks(facts: GateFacts, config: Config, nowMs: number): readonly Check[] {
  const { safety, datanodes, procedures, standing } = facts;
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
      cluster: { kind: 'read', safety, datanodes, procedures },
    },
    executorSettings(config),
  );
  if (closed.length === 0)
    return [{ check: 'gates', verdict: 'pass', detail: 'Nothing forbids moving regions at this moment.' }];
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
  return { check: 'gates', verdict, detail, advice: ADVICE[code] ?? 'It opens by itself.' };
}

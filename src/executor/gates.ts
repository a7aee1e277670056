import type { GateCode } from '../domain/codes.ts';
import type { ClusterSafety } from '../greptimedb/port.ts';
import { formatDuration } from '../lib/duration.ts';
import type { PauseRecord } from '../store/port.ts';
import type { GateResult } from './port.ts';
import type { WindowState } from './windows.ts';

/** All that the gates look at, read right before. */
export interface GateReading {
  readonly nowMs: number;
  readonly isStopping: boolean;
  /** Whether this replica of the rebalancer leads. */
  readonly isLeader: boolean;
  readonly isDryRun: boolean;
  readonly pause?: PauseRecord;
  readonly window: WindowState;
  readonly cluster:
    | {
        readonly kind: 'read';
        readonly safety: ClusterSafety;
        readonly alive: number;
        readonly datanodes: number;
      }
    | { readonly kind: 'unread'; readonly problem: string };
  readonly snapshotAgeMs: number;
  readonly failureRun: number;
  readonly submittedThisCycle: number;
  readonly submittedThisHour: number;
  /** Moves of ours that others undid within the time that counts. */
  readonly undoneMoves: number;
}

export interface GateLimits {
  readonly maxSnapshotAgeMs: number;
  /** The least share of datanodes that must be alive, 0 to 1. */
  readonly minAliveShare: number;
  readonly maxConsecutiveFailures: number;
  readonly maxMovesPerCycle: number;
  readonly maxMovesPerHour: number;
  readonly maxUndoneMoves: number;
}

interface Gate {
  readonly code: GateCode;
  /** @returns why it is closed, or undefined when it is open. */
  readonly whyClosed: (reading: GateReading, limits: GateLimits) => string | undefined;
}

/** What the operator decides comes before what the cluster says, and that before our own limits: the first "no" is the one told. */
export const GATE_LIST: readonly Gate[] = [
  { code: 'stopping', whyClosed: ({ isStopping }) => when(isStopping, 'The process was told to stop.') },
  {
    code: 'not-leader',
    whyClosed: ({ isLeader }) => when(!isLeader, 'Another replica leads, or did a moment ago.'),
  },
  {
    code: 'dry-run',
    whyClosed: ({ isDryRun }) => when(isDryRun, 'execution.dryRun is true: nothing is moved.'),
  },
  { code: 'paused', whyClosed: ({ pause }) => pause && describePause(pause) },
  { code: 'outside-window', whyClosed: ({ window }) => when(!window.isOpen, window.detail) },
  {
    code: 'cluster-unhealthy',
    whyClosed: ({ cluster }) => (cluster.kind === 'unread' ? cluster.problem : undefined),
  },
  {
    code: 'maintenance',
    whyClosed: ({ cluster }) =>
      when(
        cluster.kind === 'read' && cluster.safety.maintenance === true,
        'The cluster is in maintenance mode; nothing is moved until it is left.',
      ),
  },
  {
    code: 'procedures-paused',
    whyClosed: ({ cluster }) =>
      when(
        cluster.kind === 'read' && cluster.safety.procedureManager === 'paused',
        'The procedure manager of metasrv is paused.',
      ),
  },
  { code: 'too-few-alive', whyClosed: whyTooFewAlive },
  {
    code: 'stale-snapshot',
    whyClosed: ({ snapshotAgeMs }, { maxSnapshotAgeMs }) =>
      when(
        snapshotAgeMs > maxSnapshotAgeMs,
        `The snapshot is ${formatDuration(snapshotAgeMs)} old; at most ${formatDuration(maxSnapshotAgeMs)} is allowed.`,
      ),
  },
  {
    code: 'thrash',
    whyClosed: ({ undoneMoves }, { maxUndoneMoves }) =>
      when(
        undoneMoves >= maxUndoneMoves,
        `Somebody else undid ${undoneMoves} moves; ${maxUndoneMoves} are the limit.`,
      ),
  },
  {
    code: 'too-many-failures',
    whyClosed: ({ failureRun }, { maxConsecutiveFailures }) =>
      when(
        failureRun >= maxConsecutiveFailures,
        `${failureRun} migrations in a row failed; ${maxConsecutiveFailures} are the limit.`,
      ),
  },
  {
    code: 'move-limit',
    whyClosed: ({ submittedThisCycle }, { maxMovesPerCycle }) =>
      when(
        submittedThisCycle >= maxMovesPerCycle,
        `This cycle has executed ${submittedThisCycle} of at most ${maxMovesPerCycle} moves.`,
      ),
  },
  {
    code: 'hourly-limit',
    whyClosed: ({ submittedThisHour }, { maxMovesPerHour }) =>
      when(
        submittedThisHour >= maxMovesPerHour,
        `The last hour has seen ${submittedThisHour} of at most ${maxMovesPerHour} moves.`,
      ),
  },
];

/** The first gate that is closed, if any. Pure. */
export function evaluateGates(reading: GateReading, limits: GateLimits): GateResult {
  return closedGates(reading, limits)[0] ?? { open: true };
}

/** The gates that operators close, which can be asked without waiting: for the moment right before a request leaves. */
export function operatorGates({ pause, window }: Pick<GateReading, 'pause' | 'window'>): GateResult {
  if (pause) return { open: false, code: 'paused', detail: describePause(pause) };
  return window.isOpen ? { open: true } : { open: false, code: 'outside-window', detail: window.detail };
}

/** Every gate that is closed, for `status` and metrics. */
export function closedGates(
  reading: GateReading,
  limits: GateLimits,
): readonly Extract<GateResult, { open: false }>[] {
  return GATE_LIST.flatMap(({ code, whyClosed }) => {
    const detail = whyClosed(reading, limits);
    return detail === undefined ? [] : [{ open: false as const, code, detail }];
  });
}

function whyTooFewAlive({ cluster }: GateReading, { minAliveShare }: GateLimits): string | undefined {
  if (cluster.kind === 'unread') return undefined;
  const { alive, datanodes } = cluster;
  if (datanodes > 0 && alive / datanodes >= minAliveShare) return undefined;
  return `${alive} of ${datanodes} datanodes are alive; at least ${Math.round(minAliveShare * 100)} % are wanted.`;
}

function describePause({ by, reason, untilMs }: PauseRecord): string {
  const end = untilMs === null ? 'until somebody resumes' : `until ${new Date(untilMs).toISOString()}`;
  return `Paused by ${by} ${end}: ${reason}`;
}

function when(isClosed: boolean, detail: string): string | undefined {
  return isClosed ? detail : undefined;
}

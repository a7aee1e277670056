import type { GateCode } from '../domain/codes.ts';
import { GATES } from '../domain/codes.ts';
import type { DatanodeId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Datanode } from '../domain/snapshot.ts';
import type { ClusterSafety, RegionProcedure } from '../greptimedb/port.ts';
import { formatDuration } from '../lib/duration.ts';
import type { PauseRecord } from '../store/port.ts';
import type { WindowState } from './windows.ts';

/** What the daemon itself knows, at this very moment. */
export interface Standing {
  /** Whether this replica has led without a break since the work at hand began. */
  readonly isLeader: boolean;
  /** Whether another configuration waits for the end of the cycle. */
  readonly isConfigWaiting: boolean;
  /** Whether drains or cordons were asked for, or taken back, since the plan was made. */
  readonly isReplanWaiting: boolean;
  readonly isDryRun: boolean;
  readonly window: WindowState;
  readonly draining: readonly DatanodeId[];
  /** When the snapshot that the plan rests on was taken, in ms since 1970. */
  readonly snapshotTakenAtMs: number;
  /** Moves of our plans that others made within the time that counts, and one of them in words. Absent: none. */
  readonly madeByOthers?: { readonly count: number; readonly example: string };
}

/** All that can change while a request is on its way out, told without waiting for anything. */
export interface Moment extends Standing {
  readonly nowMs: number;
  readonly isStopping: boolean;
  readonly pause?: PauseRecord;
}

/** All that the gates look at. */
export interface GateReading extends Moment {
  readonly cluster:
    | {
        readonly kind: 'read';
        readonly safety: ClusterSafety;
        readonly datanodes: readonly Datanode[];
        readonly procedures: readonly RegionProcedure[] | 'unsupported';
      }
    | { readonly kind: 'unread'; readonly problem: string };
  readonly snapshotAgeMs: number;
  readonly failureRun: number;
  /** Migrations submitted in this cycle, and the most that may be. */
  readonly submitted: number;
  readonly limit: number;
  readonly submittedThisHour: number;
  /** Moves of ours that others undid within the time that counts. */
  readonly undoneMoves: number;
}

export interface GateLimits {
  readonly maxSnapshotAgeMs: number;
  /** The least share of datanodes that must be alive, 0 to 1. */
  readonly minAliveShare: number;
  readonly maxConsecutiveFailures: number;
  readonly maxMovesPerHour: number;
  readonly maxUndoneMoves: number;
  /** How far back moves that others undid count, in ms. */
  readonly thrashWindowMs: number;
}

/** A gate that forbids acting now, and why: the same value reaches metric, log, API and command line. */
export interface ClosedGate {
  readonly code: GateCode;
  readonly detail: string;
}

interface Gate {
  readonly code: GateCode;
  /** @returns why it is closed, or undefined when it is open. */
  readonly whyClosed: (reading: GateReading, limits: GateLimits) => string | undefined;
}

const NO_OTHERS = { count: 0, example: '' };

/** What the operator decides comes before what the cluster says, and that before our own limits: the first "no" is told first. */
export const GATE_LIST: readonly Gate[] = [
  { code: 'stopping', whyClosed: ({ isStopping }) => when(isStopping, STOPPING.detail) },
  { code: 'not-leader', whyClosed: ({ isLeader }) => when(!isLeader, GATES['not-leader']) },
  {
    code: 'reload-pending',
    whyClosed: ({ isConfigWaiting }) => when(isConfigWaiting, GATES['reload-pending']),
  },
  {
    code: 'replan-pending',
    whyClosed: ({ isReplanWaiting }) => when(isReplanWaiting, GATES['replan-pending']),
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
        'The cluster is in maintenance mode; nothing is moved until that ends.',
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
        `Somebody else undid ${undoneMoves} moves (limit ${maxUndoneMoves}).`,
      ),
  },
  {
    code: 'other-mover',
    whyClosed: ({ madeByOthers: { count, example } = NO_OTHERS }, { maxUndoneMoves }) =>
      when(
        count >= maxUndoneMoves,
        `Somebody else made ${count} of the moves that were planned here (${example}); ${maxUndoneMoves} are the limit. Another rebalancer seems to ` +
          'work on this cluster: stop one of the two, or let them share a lock (ha), then resume.',
      ),
  },
  { code: 'too-many-failures', whyClosed: whyTooManyFailures },
  {
    code: 'move-limit',
    whyClosed: ({ submitted, limit }) =>
      when(submitted >= limit, `This cycle has made ${submitted} moves (limit ${limit}).`),
  },
  {
    code: 'hourly-limit',
    whyClosed: ({ submittedThisHour }, { maxMovesPerHour }) =>
      when(
        submittedThisHour >= maxMovesPerHour,
        `${submittedThisHour} moves were made in the last hour (limit ${maxMovesPerHour}).`,
      ),
  },
  { code: 'migration-running', whyClosed: whyBusy },
];

export const STOPPING: ClosedGate = { code: 'stopping', detail: 'The process was told to stop.' };

/** That we were told to stop, and which migrations GreptimeDB goes on with. */
export function whyStopping(unresolved: readonly MoveRecord[]): string {
  const begun = unresolved.filter(({ state }) => state !== 'planned' && state !== 'checking');
  return [STOPPING.detail, ...begun.map(leftText)].join(' ');
}

function leftText({ regionId, table, from, to, state, procedureId }: MoveRecord): string {
  const way = `of region ${regionId} of ${table} from datanode ${from} to ${to}`;
  const isKnown = procedureId !== undefined && state !== 'timed_out';
  const what = isKnown ? 'goes on' : 'may go on';
  return `The migration ${way} ${what} in GreptimeDB; the next start finds it again.`;
}

/** Every gate that is closed, in the order of {@link GATE_LIST}. Pure. */
export function closedGates(reading: GateReading, limits: GateLimits): readonly ClosedGate[] {
  return GATE_LIST.flatMap(({ code, whyClosed }) => {
    const detail = whyClosed(reading, limits);
    return detail === undefined ? [] : [{ code, detail }];
  });
}

export function describeClosed(closed: readonly ClosedGate[]): string {
  return closed.map(({ detail }) => detail).join(' ');
}

export function whyTooManyFailures(
  { failureRun }: Pick<GateReading, 'failureRun'>,
  { maxConsecutiveFailures }: Pick<GateLimits, 'maxConsecutiveFailures'>,
): string | undefined {
  return when(
    failureRun >= maxConsecutiveFailures,
    `${failureRun} migrations failed in a row (limit ${maxConsecutiveFailures}).`,
  );
}

function whyTooFewAlive({ cluster }: GateReading, { minAliveShare }: GateLimits): string | undefined {
  if (cluster.kind === 'unread') return undefined;
  const total = cluster.datanodes.length;
  const alive = cluster.datanodes.filter(({ status }) => status === 'alive').length;
  if (total > 0 && alive / total >= minAliveShare) return undefined;
  return `${alive} of ${total} datanodes are alive; at least ${Math.round(minAliveShare * 100)} % are wanted.`;
}

function whyBusy({ cluster }: GateReading): string | undefined {
  if (cluster.kind === 'unread' || cluster.procedures === 'unsupported') return undefined;
  const running = cluster.procedures.find(({ active, isRegionMigration }) => active && isRegionMigration);
  if (!running) return undefined;
  return `Procedure ${running.procedureId} migrates region ${running.regionIds.join(', ')} (${running.status}).`;
}

function describePause({ by, reason, untilMs }: PauseRecord): string {
  if (by === 'breaker') return `Paused automatically: ${reason} Run resume to continue.`;
  const end = untilMs === null ? 'until resumed' : `until ${new Date(untilMs).toISOString()}`;
  return `Paused by ${by} ${end}${reason === '' ? '.' : `: ${reason}`}`;
}

function when(isClosed: boolean, detail: string): string | undefined {
  return isClosed ? detail : undefined;
}

import type { GateCode } from '../domain/codes.ts';
import { GATES } from '../domain/codes.ts';
import type { DatanodeId } from '../domain/ids.ts';
import { mayHaveBeenSent, type MoveRecord } from '../domain/move.ts';
import type { Datanode } from '../domain/snapshot.ts';
import type { ClusterSafety, RegionProcedure } from '../greptimedb/port.ts';
import { formatDuration } from '../lib/duration.ts';
import type { PauseRecord } from '../store/port.ts';
import type { ExecutorOptions } from './options.ts';
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

/** A gate that forbids acting now, and why: the same value reaches metric, log, API and command line. */
export interface ClosedGate {
  readonly code: GateCode;
  readonly detail: string;
}

/** @returns why a gate is closed; false or undefined when it is open. */
type GateCheck = (reading: GateReading, options: ExecutorOptions) => string | false | undefined;

const NO_OTHERS = { count: 0, example: '' };

/** What the operator decides comes before what the cluster says, and that before our own limits: the first "no" is told first. */
export const GATE_LIST: readonly (readonly [GateCode, GateCheck])[] = [
  ['stopping', ({ isStopping }) => isStopping && STOPPING.detail],
  ['not-leader', ({ isLeader }) => !isLeader && GATES['not-leader']],
  ['reload-pending', ({ isConfigWaiting }) => isConfigWaiting && GATES['reload-pending']],
  ['replan-pending', ({ isReplanWaiting }) => isReplanWaiting && GATES['replan-pending']],
  ['dry-run', ({ isDryRun }) => isDryRun && 'execution.dryRun is true: nothing is moved.'],
  ['paused', ({ pause }) => pause && describePause(pause)],
  ['outside-window', ({ window }) => !window.isOpen && window.detail],
  ['cluster-unhealthy', ({ cluster }) => cluster.kind === 'unread' && cluster.problem],
  [
    'maintenance',
    ({ cluster }) =>
      cluster.kind === 'read' &&
      cluster.safety.maintenance === true &&
      'The cluster is in maintenance mode; nothing is moved until that ends.',
  ],
  [
    'procedures-paused',
    ({ cluster }) =>
      cluster.kind === 'read' &&
      cluster.safety.procedureManager === 'paused' &&
      'The procedure manager of metasrv is paused.',
  ],
  ['too-few-alive', whyTooFewAlive],
  [
    'stale-snapshot',
    ({ snapshotAgeMs }, { maxSnapshotAgeMs }) =>
      snapshotAgeMs > maxSnapshotAgeMs &&
      `The snapshot is ${formatDuration(snapshotAgeMs)} old; at most ${formatDuration(maxSnapshotAgeMs)} is allowed.`,
  ],
  [
    'thrash',
    ({ undoneMoves }, { thrash }) =>
      undoneMoves >= thrash.undoneMoves &&
      `Somebody else undid ${undoneMoves} moves (limit ${thrash.undoneMoves}).`,
  ],
  [
    'other-mover',
    ({ madeByOthers: { count, example } = NO_OTHERS }, { thrash }) =>
      count >= thrash.undoneMoves &&
      `Somebody else made ${count} of the moves that were planned here (${example}); ${thrash.undoneMoves} are the limit. Another rebalancer seems to ` +
        'work on this cluster: stop one of the two, or let them share a lock (ha), then resume.',
  ],
  ['too-many-failures', whyTooManyFailures],
  [
    'move-limit',
    ({ submitted, limit }) =>
      submitted >= limit && `This cycle has made ${submitted} moves (limit ${limit}).`,
  ],
  [
    'hourly-limit',
    ({ submittedThisHour }, { maxMovesPerHour }) =>
      maxMovesPerHour > 0 &&
      submittedThisHour >= maxMovesPerHour &&
      `${submittedThisHour} moves were made in the last hour (limit ${maxMovesPerHour}).`,
  ],
  ['migration-running', whyBusy],
];

export const STOPPING: ClosedGate = { code: 'stopping', detail: 'The process was told to stop.' };

/** That we were told to stop, and which migrations GreptimeDB goes on with. */
export function whyStopping(unresolved: readonly MoveRecord[]): string {
  const begun = unresolved.filter(mayHaveBeenSent);
  return [STOPPING.detail, ...begun.map(leftText)].join(' ');
}

function leftText({ regionId, table, from, to, state, procedureId }: MoveRecord): string {
  const way = `of region ${regionId} of ${table} from datanode ${from} to ${to}`;
  const isKnown = procedureId !== undefined && state !== 'timed_out';
  const what = isKnown ? 'goes on' : 'may go on';
  return `The migration ${way} ${what} in GreptimeDB; the next start finds it again.`;
}

/** Every gate that is closed, in the order of {@link GATE_LIST}. Pure. */
export function closedGates(reading: GateReading, options: ExecutorOptions): readonly ClosedGate[] {
  return GATE_LIST.flatMap(([code, whyClosed]) => {
    const detail = whyClosed(reading, options);
    return typeof detail === 'string' ? [{ code, detail }] : [];
  });
}

export function describeClosed(closed: readonly ClosedGate[]): string {
  return closed.map(({ detail }) => detail).join(' ');
}

export function whyTooManyFailures(
  { failureRun }: Pick<GateReading, 'failureRun'>,
  { maxConsecutiveFailures }: ExecutorOptions,
): string | undefined {
  if (failureRun < maxConsecutiveFailures) return undefined;
  return `${failureRun} migrations failed in a row (limit ${maxConsecutiveFailures}).`;
}

function whyTooFewAlive({ cluster }: GateReading, { minAliveShare }: ExecutorOptions): string | undefined {
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
  const { procedureId, regionIds, status } = running;
  const what = regionIds.length === 0 ? 'a region' : `region ${regionIds.join(', ')}`;
  return `Procedure ${procedureId} migrates ${what} (${status}).`;
}

function describePause({ by, reason, untilMs }: PauseRecord): string {
  if (by === 'breaker') return `Paused automatically: ${reason} Run resume to continue.`;
  const end = untilMs === null ? 'until resumed' : `until ${new Date(untilMs).toISOString()}`;
  return `Paused by ${by} ${end}${reason === '' ? '.' : `: ${reason}`}`;
}

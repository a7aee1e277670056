import type { ProcedureId } from '../domain/ids.ts';
import type { Move } from '../domain/plan.ts';
import type { RegionReading } from '../greptimedb/port.ts';
import { sleep } from '../lib/clock.ts';
import type { Store } from '../store/port.ts';
import { attempt } from './evidence.ts';
import { closedGates, type ClosedGate, type GateReading, type Moment } from './gates.ts';
import { SERVER_TIMES, type ExecutorOptions } from './options.ts';
import type { ExecutorParts } from './port.ts';
import { brokenRule, type BrokenRule, type RegionFacts } from './region-rules.ts';

/** How many migrations this cycle has submitted, and the most that it may. */
interface Budget {
  readonly submitted: number;
  readonly limit: number;
}

export type CheckResult =
  | { readonly kind: 'go' }
  /** This move no longer applies; others may. */
  | ({ readonly kind: 'abandon' } & BrokenRule)
  /** Nothing may be moved now, this region or any other. At least one gate. */
  | { readonly kind: 'closed'; readonly gates: readonly ClosedGate[] };

/** A move with what was read for it. */
export interface CheckedMove {
  readonly move: Move;
  readonly result: CheckResult;
  /** The region's procedures that the cluster listed: none of them is the one to be asked for. */
  readonly knownBefore: readonly ProcedureId[];
  /** The same judgement once more, with what may have changed since: asked at the first byte of the request, without waiting. */
  readonly mayStillSubmit: () => CheckResult;
}

const HOUR_MS = 3_600_000;

/**
 * What one move has to pass right before it is submitted: first the gates, then the rules about its region. Reads afresh all that is
 * needed, once, and judges it. While nothing but a migration of somebody else is in the way, waits for its end.
 *
 * @throws the signal's reason when it aborts, and OperatingErrors of the store.
 */
export async function checkMove(
  parts: ExecutorParts,
  move: Move,
  budget: Budget,
  signal: AbortSignal,
): Promise<CheckedMove> {
  const { clock, options } = parts;
  const untilMs = clock.monotonicMs() + SERVER_TIMES.foreignWaitMs;
  for (;;) {
    const checked = await checkOnce(parts, move, budget, signal);
    if (!isBusy(checked.result) || clock.monotonicMs() >= untilMs) return checked;
    await sleep(clock, options.pollIntervalMs, signal);
  }
}

/** Every gate that would stop a move now. Throws as {@link checkMove} does. */
export async function readClosedGates(
  parts: ExecutorParts,
  budget: Budget,
  signal: AbortSignal,
): Promise<readonly ClosedGate[]> {
  return closedGates(await readAll(parts, budget, signal), parts.options);
}

async function checkOnce(
  parts: ExecutorParts,
  move: Move,
  budget: Budget,
  signal: AbortSignal,
): Promise<CheckedMove> {
  const reading = await readAll(parts, budget, signal, move);
  const holds = readHolds(parts.store, move, reading.nowMs);
  const judge = (moment: Moment): CheckResult =>
    judgeMove(move, { ...reading, ...moment }, holds, parts.options);
  return {
    move,
    result: judge(reading),
    knownBefore: proceduresOf(move, reading),
    mayStillSubmit: () => judge(readMoment(parts, signal)),
  };
}

async function readAll(
  parts: ExecutorParts,
  budget: Budget,
  signal: AbortSignal,
  move?: Move,
): Promise<Reading> {
  const { cluster, store, options } = parts;
  const read = await attempt(signal, () =>
    Promise.all([
      cluster.readSafety({ signal }),
      cluster.readDatanodes({ signal }),
      cluster.listProcedures({ signal }),
      move && cluster.readRegion(move.regionId, { signal }),
    ]),
  );
  const moment = readMoment(parts, signal);
  const { nowMs } = moment;
  const gates = {
    ...moment,
    ...budget,
    snapshotAgeMs: Math.max(0, nowMs - moment.snapshotTakenAtMs),
    failureRun: store.failureRun(),
    submittedThisHour: store.countSubmissions(nowMs - HOUR_MS),
    undoneMoves: store.countUndone(nowMs - options.thrash.windowMs),
  };
  if (!read.ok) return { ...gates, cluster: { kind: 'unread', problem: read.problem } };
  const [safety, datanodes, procedures, region] = read.value;
  return { ...gates, cluster: { kind: 'read', safety, datanodes, procedures }, ...(region && { region }) };
}

function readMoment({ store, clock, standing }: ExecutorParts, signal: AbortSignal): Moment {
  const nowMs = clock.now();
  const pause = store.pause(nowMs);
  return { ...standing(), nowMs, isStopping: signal.aborted, ...(pause && { pause }) };
}

/** What was read, with the region where a move is checked and the cluster could be read. */
interface Reading extends GateReading {
  readonly region?: RegionReading;
}

type Holds = Pick<RegionFacts, 'cooldownUntilMs' | 'quarantineUntilMs' | 'hasUnresolvedMove'>;

function judgeMove(move: Move, reading: Reading, holds: Holds, options: ExecutorOptions): CheckResult {
  const gates = closedGates(reading, options);
  const { cluster, region, draining } = reading;
  if (gates.length > 0 || cluster.kind === 'unread' || !region) return { kind: 'closed', gates };
  const { datanodes, procedures } = cluster;
  const broken = brokenRule({ move, region, datanodes, procedures, draining, ...holds });
  return broken ? { kind: 'abandon', ...broken } : { kind: 'go' };
}

function readHolds(store: Store, { regionId }: Move, nowMs: number): Holds {
  const cooldownUntilMs = store.cooldownUntil(regionId, nowMs);
  const quarantineUntilMs = store.quarantineOf(regionId)?.untilMs ?? 0;
  return {
    hasUnresolvedMove: store.unresolvedMoves().some((other) => other.regionId === regionId),
    ...(cooldownUntilMs !== undefined && { cooldownUntilMs }),
    ...(quarantineUntilMs > nowMs && { quarantineUntilMs }),
  };
}

function proceduresOf({ regionId }: Move, { cluster }: Reading): readonly ProcedureId[] {
  if (cluster.kind === 'unread' || cluster.procedures === 'unsupported') return [];
  return cluster.procedures
    .filter(({ regionIds }) => regionIds.includes(regionId))
    .map(({ procedureId }) => procedureId);
}

function isBusy(result: CheckResult): boolean {
  return result.kind === 'closed' && result.gates.every(({ code }) => code === 'migration-running');
}

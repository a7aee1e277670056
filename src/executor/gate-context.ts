import type { ClusterReader } from '../greptimedb/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/port.ts';
import { attempt } from './evidence.ts';
import type { GateReading } from './gates.ts';
import { evaluateWindows, type Window } from './windows.ts';

/** What the daemon knows by itself. */
export interface GateInput {
  readonly isLeader: boolean;
  readonly isDryRun: boolean;
  readonly windows: readonly Window[];
  readonly timezone: string;
  /** When the snapshot that the plan rests on was taken, in ms since 1970. */
  readonly snapshotTakenAtMs: number;
  readonly submittedThisCycle: number;
  /** How far back moves that others undid count, in ms. */
  readonly thrashWindowMs: number;
}

export interface GateSources {
  readonly cluster: Pick<ClusterReader, 'readSafety' | 'readDatanodes'>;
  readonly store: Pick<Store, 'pause' | 'failureRun' | 'countSubmissions' | 'countUndone'>;
  readonly clock: Pick<Clock, 'now'>;
}

const HOUR_MS = 3_600_000;

/**
 * Reads what must be fresh for the gates. A cluster that does not answer is part of the reading.
 *
 * @throws the signal's reason when it aborts, and OperatingErrors of the store.
 */
export async function readGateContext(
  input: GateInput,
  { cluster, store, clock }: GateSources,
  signal: AbortSignal,
): Promise<GateReading> {
  const read = await attempt(signal, () =>
    Promise.all([cluster.readSafety({ signal }), cluster.readDatanodes({ signal })]),
  );
  const nowMs = clock.now();
  const pause = store.pause(nowMs);
  return {
    nowMs,
    isStopping: signal.aborted,
    isLeader: input.isLeader,
    isDryRun: input.isDryRun,
    ...(pause && { pause }),
    window: evaluateWindows(input.windows, input.timezone, nowMs),
    cluster: read.ok
      ? {
          kind: 'read',
          safety: read.value[0],
          alive: read.value[1].filter((datanode) => datanode.status === 'alive').length,
          datanodes: read.value[1].length,
        }
      : { kind: 'unread', problem: read.problem },
    snapshotAgeMs: Math.max(0, nowMs - input.snapshotTakenAtMs),
    failureRun: store.failureRun(),
    submittedThisCycle: input.submittedThisCycle,
    submittedThisHour: store.countSubmissions(nowMs - HOUR_MS),
    undoneMoves: store.countUndone(nowMs - input.thrashWindowMs),
  };
}

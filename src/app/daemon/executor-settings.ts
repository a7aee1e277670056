import type { Config } from '../../config/config.ts';
import type { GateLimits } from '../../executor/gates.ts';
import { DEFAULT_EXECUTOR_OPTIONS } from '../../executor/options.ts';
import type { ExecutorOptions } from '../../executor/options.ts';

export function toLimits({ execution }: Config): GateLimits {
  const { maxMovesPerHour } = execution;
  return {
    maxSnapshotAgeMs: execution.maxSnapshotAgeMs,
    minAliveShare: execution.minAliveShare,
    maxConsecutiveFailures: execution.maxConsecutiveFailures,
    maxMovesPerHour: maxMovesPerHour === 0 ? Infinity : maxMovesPerHour,
    maxUndoneMoves: execution.thrash.undoneMoves,
    thrashWindowMs: execution.thrash.windowMs,
  };
}

export function toExecutorOptions({ execution }: Config): ExecutorOptions {
  const { quarantine } = execution;
  return {
    ...DEFAULT_EXECUTOR_OPTIONS,
    replayTimeoutMs: execution.replayTimeoutMs,
    moveTimeoutMs: execution.moveTimeoutMs,
    pollIntervalMs: execution.pollIntervalMs,
    pauseBetweenMovesMs: execution.pauseBetweenMovesMs,
    regionCooldownMs: execution.regionCooldownMs,
    quarantineBaseMs: quarantine.baseMs,
    quarantineMaxMs: quarantine.maxMs,
  };
}

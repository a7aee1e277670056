import type { Config } from '../../config/config.ts';
import type { GateLimits } from '../../executor/gates.ts';
import { FIXED_OPTIONS } from '../../executor/options.ts';
import type { ExecutorOptions } from '../../executor/options.ts';

/** What the executor and its gates need to know of the configuration. */
export function executorSettings({ execution }: Config): ExecutorOptions & GateLimits {
  const { quarantine, thrash, maxMovesPerHour, ...rest } = execution;
  return {
    ...FIXED_OPTIONS,
    ...rest,
    quarantineBaseMs: quarantine.baseMs,
    quarantineMaxMs: quarantine.maxMs,
    maxMovesPerHour: maxMovesPerHour === 0 ? Infinity : maxMovesPerHour,
    maxUndoneMoves: thrash.undoneMoves,
    thrashWindowMs: thrash.windowMs,
  };
}

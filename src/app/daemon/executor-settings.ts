import type { Config } from '../../config/config.ts';
import type { ExecutorOptions } from '../../executor/options.ts';

/** What the executor needs to know of the configuration. */
export function executorSettings({ execution }: Config): ExecutorOptions {
  const { quarantine, thrash, maxMovesPerHour, ...rest } = execution;
  return {
    ...rest,
    quarantineBaseMs: quarantine.baseMs,
    quarantineMaxMs: quarantine.maxMs,
    maxMovesPerHour: maxMovesPerHour === 0 ? Infinity : maxMovesPerHour,
    maxUndoneMoves: thrash.undoneMoves,
    thrashWindowMs: thrash.windowMs,
  };
}

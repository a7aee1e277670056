import type { Config } from '../../config/config.ts';
import { readSecrets } from '../../config/secrets.ts';
import { toPolicy } from '../../config/effective.ts';
import type { Warning } from '../../domain/plan.ts';
import { unmatchedNames } from '../../domain/unmatched-names.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Parts } from '../compose.ts';
import { toClusterOptions, warningsTo } from '../daemon/settings.ts';

export interface ClusterReading {
  readonly snapshot: Snapshot;
  /** Names in the configuration that match nothing in the cluster. */
  readonly warnings: readonly Warning[];
}

/** Reads a cluster once; nothing of ours is opened or changed. */
export async function takeSnapshot(
  config: Config,
  { clock, logger, openCluster }: Parts,
  signal: AbortSignal,
  everything = false,
): Promise<ClusterReading> {
  const options = toClusterOptions(config, await readSecrets(config));
  const cluster = await openCluster(options, { clock, onWarning: warningsTo(logger) }, { signal });
  try {
    const selector = compileSelection(config.tables, { everything });
    const snapshot = await cluster.readSnapshot({ selector, signal });
    const warnings = unmatchedNames(toPolicy(config), snapshot, selector.unmatchedExcludes());
    return { snapshot, warnings };
  } finally {
    await cluster.close();
  }
}

import type { Config } from '../../config/config.ts';
import { readSecrets } from '../../config/secrets.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Parts } from '../compose.ts';
import { toClusterOptions } from '../daemon/open-cluster.ts';

/** Reads a cluster once; nothing of ours is opened or changed. */
export async function takeSnapshot(
  config: Config,
  { clock, logger, openCluster }: Parts,
  signal: AbortSignal,
  everything = false,
): Promise<Snapshot> {
  const options = toClusterOptions(config, await readSecrets(config));
  const onWarning = (message: string, fields: Readonly<Record<string, unknown>>): void =>
    logger.warn(fields, message);
  const cluster = await openCluster(options, { clock, onWarning }, { signal });
  try {
    const tables = everything ? { include: [], exclude: [] } : config.tables;
    return await cluster.readSnapshot({ selector: compileSelection(tables), signal });
  } finally {
    await cluster.close();
  }
}

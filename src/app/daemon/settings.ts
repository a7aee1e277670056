import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { SeenCluster } from '../../store/port.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { ClusterDependencies, ClusterOptions, WarningListener } from '../../greptimedb/options.ts';
import type { Logger } from '../../observability/logger.ts';

/** What the adapters need, from the configuration and the files that hold its secrets. */
export function toClusterOptions({ cluster, datanodes }: Config, secrets: Secrets): ClusterOptions {
  const { sql, metasrv } = cluster;
  return {
    ...cluster,
    expectedDatanodes: datanodes.expected,
    sql: sql.endpoints.length > 0 ? { ...sql, ...secrets.sql } : undefined,
    metasrv: metasrv.endpoints.length > 0 ? { ...metasrv, ...secrets.metasrv } : undefined,
  };
}

/** What of a snapshot tells which cluster it is of. */
export function identityOf({ cluster: { api }, tables }: Snapshot, { cluster }: Config): SeenCluster {
  return { tables, ...(api === 'metasrv' && { metasrvId: cluster.metasrv.clusterId }) };
}

/** Lets the adapters warn in the log. */
export function warningsTo(logger: Logger): WarningListener {
  return (message, fields) => logger.warn(fields, message);
}

/** How a cluster is opened; a simulation passes one that stays in the process. */
export type ClusterOpener = (
  options: ClusterOptions,
  dependencies: ClusterDependencies,
  call: { readonly signal: AbortSignal },
) => Promise<Cluster>;

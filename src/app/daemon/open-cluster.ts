import type { Config } from '../../config/config.ts';
import type { Secrets, TlsMaterial } from '../../config/secrets.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { ClusterDependencies, ClusterOptions, TlsOptions } from '../../greptimedb/options.ts';

/** What the adapters need, from the configuration and the files that hold its secrets. */
export function toClusterOptions(config: Config, secrets: Secrets): ClusterOptions {
  const { name, api, sql, metasrv, requestTimeoutMs } = config.cluster;
  const login = secrets.sqlLogin;
  return {
    name,
    api,
    requestTimeoutMs,
    expectedDatanodes: config.datanodes.expected,
    ...(sql.endpoints.length > 0 && {
      sql: {
        endpoints: sql.endpoints,
        tls: toTls(secrets.sqlTls),
        ...(login && { username: login.username, password: login.password.reveal() }),
      },
    }),
    ...(metasrv.endpoints.length > 0 && {
      metasrv: {
        endpoints: metasrv.endpoints,
        clusterId: metasrv.clusterId,
        tls: toTls(secrets.metasrvTls),
      },
    }),
  };
}

function toTls({ ca, cert, key, insecureSkipVerify }: TlsMaterial): TlsOptions {
  return {
    insecureSkipVerify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key && { key: key.reveal() }),
  };
}

/** How a cluster is opened; a simulation passes one that stays in the process. */
export type ClusterOpener = (
  options: ClusterOptions,
  dependencies: ClusterDependencies,
  call: { readonly signal: AbortSignal },
) => Promise<Cluster>;

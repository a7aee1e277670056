import { readProcedureOverSql, SqlCluster, SqlReader } from './sql/adapter.ts';
import { detectCluster } from './detect.ts';
import type { Detected } from './detect.ts';
import { createHttpTransport } from './http.ts';
import { MetasrvCluster, MetasrvReader } from './metasrv/adapter.ts';
import type { ClusterDependencies, ClusterOptions } from './options.ts';
import type { CallOptions, Cluster, ClusterReader } from './port.ts';

export { LARGE_MAX_RESPONSE_BYTES, OPERATIONS } from './options.ts';
export type {
  ClusterDependencies,
  ClusterOptions,
  MetasrvOptions,
  OperationName,
  RequestOutcome,
  RequestSample,
  SqlOptions,
  WarningListener,
} from './options.ts';
export { createHttpTransport, TransportError } from './http.ts';
export type { Transport, TransportRequest, TransportResponse } from './http.ts';
export { migrationCurl, migrationSql } from './statements.ts';

interface Adapters<T> {
  readonly sql: new (...parameters: ConstructorParameters<typeof SqlReader>) => T;
  readonly metasrv: new (...parameters: ConstructorParameters<typeof MetasrvReader>) => T;
}

/**
 * Finds out what the cluster speaks and connects to it. Nothing is changed in the cluster by that.
 *
 * @throws OperatingError: `cluster-unreachable`, `cluster-timeout`, `cluster-answer`, `cluster-error`, `api-mismatch`; UsageError when
 * an endpoint or the choice of interface makes no sense.
 */
export function openCluster(
  options: ClusterOptions,
  dependencies: ClusterDependencies,
  call: CallOptions,
): Promise<Cluster> {
  return open<Cluster>({ sql: SqlCluster, metasrv: MetasrvCluster }, options, dependencies, call);
}

/** The same without the power to act: what comes back cannot send a request that changes anything. */
export function openClusterReader(
  options: ClusterOptions,
  dependencies: ClusterDependencies,
  call: CallOptions,
): Promise<ClusterReader> {
  return open<ClusterReader>({ sql: SqlReader, metasrv: MetasrvReader }, options, dependencies, call);
}

async function open<T>(
  adapters: Adapters<T>,
  options: ClusterOptions,
  given: ClusterDependencies,
  { signal }: CallOptions,
): Promise<T> {
  const transport = given.transport ?? createHttpTransport({ connectTimeoutMs: options.requestTimeoutMs });
  let isClosed = false;
  const dependencies: ClusterDependencies = {
    ...given,
    // Reads that were still under way break off when we hang up: that is no news about the cluster.
    onWarning: (message, fields) => {
      if (!isClosed) given.onWarning?.(message, fields);
    },
  };
  // A transport that was passed in is its owner's to close.
  const close = async (): Promise<void> => {
    isClosed = true;
    if (!given.transport) await transport.close();
  };
  try {
    const detected = await detectCluster({ options, dependencies, transport, signal });
    return build(adapters, detected, options, dependencies, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function build<T>(
  adapters: Adapters<T>,
  detected: Detected,
  { name, expectedDatanodes = [], metasrv }: ClusterOptions,
  dependencies: ClusterDependencies,
  close: () => Promise<void>,
): T {
  const onWarning = dependencies.onWarning ?? ((): void => undefined);
  if (detected.api === 'sql')
    return new adapters.sql({ name, expectedDatanodes }, { ...detected, onWarning, close });
  const { session, caller, version, sources } = detected;
  const readProcedure = sources && {
    readProcedure: (id: string, { signal }: CallOptions) => readProcedureOverSql(sources, id, signal),
  };
  return new adapters.metasrv(
    { name, expectedDatanodes, clusterId: metasrv?.clusterId ?? 0 },
    { session, caller, onWarning, close, ...readProcedure },
    version,
  );
}

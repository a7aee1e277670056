import { readProcedureOverSql, SqlCluster } from './sql/adapter.ts';
import { detectCluster } from './detect.ts';
import type { Detected } from './detect.ts';
import { createHttpTransport } from './http.ts';
import { MetasrvCluster } from './metasrv/adapter.ts';
import type { ClusterDependencies, ClusterOptions } from './options.ts';
import type { CallOptions, Cluster } from './port.ts';

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
export { askEndpoints } from './endpoints.ts';
export type { EndpointReading } from './endpoints.ts';
export { createHttpTransport, TransportError } from './http.ts';
export type { Transport, TransportRequest, TransportResponse } from './http.ts';

/**
 * Finds out what the cluster speaks and connects to it. Nothing is changed in the cluster by that.
 *
 * @throws OperatingError: `cluster-unreachable`, `cluster-timeout`, `cluster-answer`, `cluster-error`, `api-mismatch`; UsageError when
 * an endpoint or the choice of interface makes no sense.
 */
export async function openCluster(
  options: ClusterOptions,
  given: ClusterDependencies,
  { signal }: CallOptions,
): Promise<Cluster> {
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
    return connect(detected, options, dependencies, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function connect(
  detected: Detected,
  { name, expectedDatanodes = [], metasrv }: ClusterOptions,
  dependencies: ClusterDependencies,
  close: () => Promise<void>,
): Cluster {
  const onWarning = dependencies.onWarning ?? ((): void => undefined);
  if (detected.api === 'sql')
    return new SqlCluster({ name, expectedDatanodes }, { ...detected, onWarning, close });
  const { session, caller, version, sources } = detected;
  const readProcedure = sources && {
    readProcedure: (id: string, { signal }: CallOptions) => readProcedureOverSql(sources, id, signal),
  };
  return new MetasrvCluster(
    { name, expectedDatanodes, clusterId: metasrv?.clusterId ?? 0 },
    { session, caller, onWarning, close, ...readProcedure },
    version,
  );
}

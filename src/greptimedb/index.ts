import { describeError, OperatingError, UsageError } from '../domain/errors.ts';
import { SqlCluster } from './sql/adapter.ts';
import { CallError } from './call-error.ts';
import { Caller } from './caller.ts';
import { parseEndpoint } from './endpoint.ts';
import { transportOf } from './http.ts';
import type { Transport } from './http.ts';
import { MetasrvCluster } from './metasrv/adapter.ts';
import { adminCall } from './metasrv/admin.ts';
import { MetasrvCatalog } from './metasrv/catalog.ts';
import { MetasrvReads } from './metasrv/reads.ts';
import { readRoute } from './metasrv/routes.ts';
import { MetasrvSession } from './metasrv/session.ts';
import type {
  ClusterDependencies,
  ClusterOptions,
  MetasrvOptions,
  SqlOptions,
  WarningListener,
} from './options.ts';
import type { CallOptions, Cluster } from './port.ts';
import { SqlClient } from './sql/client.ts';
import { probeFeatures } from './sql/features.ts';
import { SqlSources } from './sql/sources.ts';

/** What is needed to find out what a cluster speaks. */
interface Opening {
  readonly options: ClusterOptions;
  readonly dependencies: ClusterDependencies & { readonly transport: Transport };
  readonly onWarning: WarningListener;
  readonly close: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Finds out what the cluster speaks and connects to it, with reads alone. `auto` takes SQL wherever it fits, which in 0.7 both do: SQL alone
 * tells the state of a procedure.
 *
 * @throws OperatingError that says what was asked and what answered: `cluster-unreachable`, `cluster-timeout`, `cluster-answer`,
 * `cluster-error`, `api-mismatch`; UsageError when an endpoint or the choice of interface makes no sense.
 */
export async function openCluster(
  options: ClusterOptions,
  given: ClusterDependencies,
  { signal }: CallOptions,
): Promise<Cluster> {
  const transport = transportOf(given.transport, options.requestTimeoutMs);
  let isClosed = false;
  const opening: Opening = {
    options,
    dependencies: { ...given, transport },
    // Reads that were still under way break off when we hang up: that is no news about the cluster.
    onWarning: (message, fields) => {
      if (!isClosed) given.onWarning?.(message, fields);
    },
    close: () => {
      isClosed = true;
      return transport.close();
    },
    signal,
  };
  try {
    return await openAs(options.api, opening);
  } catch (error) {
    await opening.close();
    throw error;
  }
}

function openAs(api: ClusterOptions['api'], opening: Opening): Promise<Cluster> {
  if (api === 'auto') return openAny(opening);
  const open = waysIn(opening).get(api);
  if (open) return open();
  throw new UsageError(`cluster.api is ${api}, and cluster.${api}.endpoints names no endpoint`);
}

/** The configured interfaces, the preferred one first. */
function waysIn(opening: Opening): ReadonlyMap<'sql' | 'metasrv', () => Promise<Cluster>> {
  const { sql, metasrv } = opening.options;
  return new Map([
    ...(sql && sql.endpoints.length > 0 ? [['sql', () => openSql(opening, sql)] as const] : []),
    ...(metasrv && metasrv.endpoints.length > 0
      ? [['metasrv', () => openMetasrv(opening, metasrv)] as const]
      : []),
  ]);
}

async function openAny(opening: Opening): Promise<Cluster> {
  const failures: [string, OperatingError][] = [];
  for (const [api, open] of waysIn(opening)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      failures.push([api === 'sql' ? 'SQL' : api, error]);
    }
  }
  throw nothingFits(failures);
}

function nothingFits(failures: readonly [string, OperatingError][]): OperatingError {
  const [first] = failures;
  if (!first)
    return new UsageError('Neither cluster.sql.endpoints nor cluster.metasrv.endpoints names an endpoint');
  if (failures.length === 1) return first[1];
  const text = failures.map(([name, error]) => `${name}: ${error.message}`).join('; ');
  return new OperatingError(
    failures.find(([, error]) => error.code === 'api-mismatch')?.[1].code ?? first[1].code,
    `Could not connect to GreptimeDB by SQL or metasrv. ${text}`,
    { cause: first[1] },
  );
}

async function openSql(opening: Opening, sql: SqlOptions): Promise<Cluster> {
  const { options, dependencies, onWarning, close, signal } = opening;
  const caller = new Caller(options, dependencies, sql.tls);
  const client = new SqlClient({ endpoints: sql.endpoints.map(parseEndpoint), login: sql.login }, caller);
  const sources = new SqlSources(client, await probeFeatures(client, signal));
  const { name, expectedDatanodes = [], metasrv } = options;
  const session = metasrv && metasrv.endpoints.length > 0 ? openSession(opening, metasrv) : undefined;
  const mayHaveRoutes = session && sources.features.regionPeers === 'greptime_region_peers';
  return new SqlCluster({
    name,
    expectedDatanodes,
    sources,
    metasrv: session && new MetasrvReads(session, metasrv?.clusterId ?? 0),
    routes:
      mayHaveRoutes && (await canReadRoutes(session, opening)) ? new MetasrvCatalog(session) : undefined,
    onWarning,
    close,
  });
}

/** A help only: without it region_peers has to do. */
async function canReadRoutes(session: MetasrvSession, { onWarning, signal }: Opening): Promise<boolean> {
  try {
    await probeRoutes(session, signal);
    return true;
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    onWarning('Routes cannot be read from metasrv', { error: describeError(error) });
    return false;
  }
}

async function openMetasrv(opening: Opening, metasrv: MetasrvOptions): Promise<Cluster> {
  const { options, onWarning, close, signal } = opening;
  const { clusterId } = metasrv;
  const session = openSession(opening, metasrv);
  await session.discover(signal);
  await probeRoutes(session, signal);
  // Only 0.7.2 has both routes and maintenance mode.
  const maintenance = await new MetasrvReads(session, clusterId).maintenance(signal);
  const version = maintenance === 'unknown' ? '' : '0.7.2';
  const { name, expectedDatanodes = [] } = options;
  return new MetasrvCluster({ name, clusterId, expectedDatanodes, session, version, onWarning, close });
}

/** No table has this id, and the path exists only up to 0.7. */
const NO_TABLE = '4294967295';

async function probeRoutes(session: MetasrvSession, signal: AbortSignal): Promise<void> {
  try {
    const call = adminCall('probe', `/admin/route?table_id=${NO_TABLE}`, { signal });
    await session.read(call, readRoute, (error) => error.failure === 'server');
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (error.failure === 'server') return;
    if (error.failure !== 'missing') throw error;
    throw new OperatingError(
      'api-mismatch',
      `${error.message}: metasrv has no routes over HTTP from GreptimeDB 0.8 on; cluster.api must be sql there, ` +
        'with cluster.sql.endpoints',
      { cause: error },
    );
  }
}

function openSession({ options, dependencies, onWarning }: Opening, metasrv: MetasrvOptions): MetasrvSession {
  return new MetasrvSession(metasrv, new Caller(options, dependencies, metasrv.tls), onWarning);
}

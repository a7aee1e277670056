import { randomUUID } from 'node:crypto';
import { describeError, isAbort, OperatingError, UsageError } from '../domain/errors.ts';
import { createPrng } from '../lib/prng.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { CallError, Caller } from './caller.ts';
import { parseEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { Transport } from './http.ts';
import { adminCall } from './metasrv/admin.ts';
import { MetasrvCatalog } from './metasrv/catalog.ts';
import { MetasrvReads } from './metasrv/reads.ts';
import { readRoute } from './metasrv/routes.ts';
import { MetasrvSession } from './metasrv/session.ts';
import { DEFAULT_MAX_RESPONSE_BYTES } from './options.ts';
import type { ClusterDependencies, ClusterOptions, MetasrvOptions, SqlOptions } from './options.ts';
import { SqlClient } from './sql/client.ts';
import { probeFeatures } from './sql/features.ts';
import { SqlSources } from './sql/sources.ts';

/** A cluster that answered, with what is needed to talk to it. */
export type Detected =
  | {
      readonly api: 'sql';
      readonly sources: SqlSources;
      readonly metasrv?: MetasrvReads;
      /** Only where metasrv still has routes: 0.7. */
      readonly routes?: MetasrvCatalog;
    }
  | {
      readonly api: 'metasrv';
      readonly session: MetasrvSession;
      readonly caller: Caller;
      readonly version: string;
      /** For the state of procedures, where frontends of 0.7 are configured too. */
      readonly sources?: SqlSources;
    };

export interface DetectContext {
  readonly options: ClusterOptions;
  readonly dependencies: ClusterDependencies;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/**
 * Finds out which interface the cluster speaks, with reads alone. `auto` takes SQL wherever it fits, which in 0.7 both do: SQL alone tells
 * the state of a procedure.
 *
 * @throws OperatingError that says what was asked and what answered.
 */
export async function detectCluster(context: DetectContext): Promise<Detected> {
  const { api, sql, metasrv } = context.options;
  switch (api) {
    case 'sql':
      return detectSql(context, required(sql, 'sql'));
    case 'metasrv':
      return detectMetasrv(context, required(metasrv, 'metasrv'));
    case 'auto':
      return detectAny(context);
  }
}

function required<T extends { readonly endpoints: readonly string[] }>(
  section: T | undefined,
  name: 'sql' | 'metasrv',
): T {
  if (section && section.endpoints.length > 0) return section;
  throw new UsageError(`cluster.api is ${name}, and cluster.${name}.endpoints names no endpoint`);
}

async function detectAny(context: DetectContext): Promise<Detected> {
  const { sql, metasrv } = context.options;
  const attempts: [string, () => Promise<Detected>][] = [];
  if (sql && sql.endpoints.length > 0) attempts.push(['SQL', () => detectSql(context, sql)]);
  if (metasrv && metasrv.endpoints.length > 0)
    attempts.push(['metasrv', () => detectMetasrv(context, metasrv)]);
  const failures: [string, OperatingError][] = [];
  for (const [name, attempt] of attempts) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OperatingError) || isAbort(error)) throw error;
      failures.push([name, error]);
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

async function detectSql(context: DetectContext, options: SqlOptions): Promise<Detected> {
  const sources = await openSources(context, options);
  const metasrv = context.options.metasrv;
  if (!metasrv || metasrv.endpoints.length === 0) return { api: 'sql', sources };
  const session = openSession(context, metasrv);
  const reads = new MetasrvReads(session, metasrv.clusterId);
  const mayHaveRoutes = sources.features.regionPeers === 'greptime_region_peers';
  const hasRoutes = mayHaveRoutes && (await canReadRoutes(context, session));
  return {
    api: 'sql',
    sources,
    metasrv: reads,
    ...(hasRoutes ? { routes: new MetasrvCatalog(session) } : {}),
  };
}

async function openSources(context: DetectContext, options: SqlOptions): Promise<SqlSources> {
  const client = new SqlClient(
    { endpoints: parseEndpoints(options.endpoints), login: options.login },
    createCaller(context, options.tls),
  );
  return new SqlSources(client, await probeFeatures(client, context.signal));
}

/** A help only: without it region_peers has to do. */
async function canReadRoutes(
  { signal, dependencies }: DetectContext,
  session: MetasrvSession,
): Promise<boolean> {
  try {
    await probeRoutes(session, signal);
    return true;
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    dependencies.onWarning?.('Routes cannot be read from metasrv', { error: describeError(error) });
    return false;
  }
}

async function detectMetasrv(context: DetectContext, options: MetasrvOptions): Promise<Detected> {
  const session = openSession(context, options);
  await session.discover(context.signal);
  await probeRoutes(session, context.signal);
  // Only 0.7.2 has both routes and maintenance mode.
  const maintenance = await new MetasrvReads(session, options.clusterId).maintenance(context.signal);
  const version = maintenance === 'unknown' ? '' : '0.7.2';
  const sources = await optionalSources(context);
  return { api: 'metasrv', session, caller: session.caller, version, ...(sources ? { sources } : {}) };
}

async function optionalSources(context: DetectContext): Promise<SqlSources | undefined> {
  const { sql, api } = context.options;
  // With `auto` SQL was tried before, and does not fit.
  if (!sql || sql.endpoints.length === 0 || api === 'auto') return undefined;
  try {
    return await openSources(context, sql);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    context.dependencies.onWarning?.('The states of procedures cannot be read over SQL', {
      error: describeError(error),
    });
    return undefined;
  }
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

function openSession(context: DetectContext, options: MetasrvOptions): MetasrvSession {
  const { onWarning } = context.dependencies;
  return new MetasrvSession(options, { caller: createCaller(context, options.tls), onWarning });
}

export function createCaller(
  { options, dependencies, transport }: Omit<DetectContext, 'signal'>,
  tls: TlsOptions | undefined,
): Caller {
  return new Caller(
    {
      requestTimeoutMs: options.requestTimeoutMs,
      maxResponseBytes: options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
      tls,
    },
    {
      clock: dependencies.clock,
      prng: dependencies.prng ?? createPrng(randomUUID()),
      transport,
      onRequest: dependencies.onRequest,
      onRetry: dependencies.onRetry,
    },
  );
}

function parseEndpoints(texts: readonly string[]): Endpoint[] {
  return texts.map(parseEndpoint);
}

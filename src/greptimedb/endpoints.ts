import type { OperatingError } from '../domain/errors.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { CallError, dateOf } from './call-error.ts';
import { Caller } from './caller.ts';
import type { Call } from './caller.ts';
import { parseEndpoint } from './endpoint.ts';
import { transportOf } from './http.ts';
import type { TransportResponse } from './http.ts';
import { adminCall, readLeader } from './metasrv/admin.ts';
import type { ClusterDependencies, ClusterOptions } from './options.ts';
import type { CallOptions } from './port.ts';
import { SqlClient } from './sql/client.ts';
import { readSqlAnswer } from './sql/result.ts';

/** How one configured server answered a request that changes nothing. */
export interface EndpointReading {
  readonly list: 'sql' | 'metasrv';
  /** As configured, without credentials. */
  readonly endpoint: string;
  readonly roundTripMs: number;
  /** Absent: it answered as it should. */
  readonly error?: OperatingError;
  /** Absent where the server does not tell its time. */
  readonly clock?: ClockReading;
}

interface ClockReading {
  /** By how much the server's clock is ahead of ours, half the round trip taken off, in ms. */
  readonly aheadMs: number;
  /** How far the truth may be from that: half the round trip, and half a second more for a header that counts whole seconds. */
  readonly withinMs: number;
}

/** Asks every configured server, all at the same time, so that none waits for another one that is slow. */
export async function askEndpoints(
  options: ClusterOptions,
  dependencies: ClusterDependencies,
  { signal }: CallOptions,
): Promise<readonly EndpointReading[]> {
  const { sql, metasrv, requestTimeoutMs } = options;
  const transport = transportOf(dependencies.transport, requestTimeoutMs);
  const callerFor = (tls?: TlsOptions): Caller => new Caller(options, { ...dependencies, transport }, tls);
  const frontends = new SqlClient({ endpoints: [], login: sql?.login }, callerFor(sql?.tls));
  const metasrvs = callerFor(metasrv?.tls);
  const now = frontends.toCall({ operation: 'probe', statement: 'SELECT now()', signal });
  const leader = adminCall('leader', '/admin/leader', { signal });
  try {
    return await Promise.all([
      ...(sql?.endpoints ?? []).map((text) => ask('sql', text, frontends.caller, now, readNow)),
      ...(metasrv?.endpoints ?? []).map((text) => ask('metasrv', text, metasrvs, leader, requireLeader)),
    ]);
  } finally {
    await transport.close();
  }
}

/** @param readTime reads the server's time in ms since 1970, where its answer tells it. Throws what is wrong with the answer. */
async function ask(
  list: EndpointReading['list'],
  text: string,
  caller: Caller,
  call: Call,
  readTime: (response: TransportResponse, where: string) => number | undefined,
): Promise<EndpointReading> {
  const endpoint = parseEndpoint(text);
  const reading = { list, endpoint: endpoint.label } as const;
  const [sentMs, startedMs] = [caller.clock.now(), caller.clock.monotonicMs()];
  const sinceMs = (): number => caller.clock.monotonicMs() - startedMs;
  try {
    return await caller.call(endpoint, call, (response, where) => {
      const roundTripMs = sinceMs();
      const exactMs = readTime(response, where);
      const headerMs = dateOf(response);
      const serverMs = exactMs ?? (headerMs === undefined ? undefined : headerMs + HALF_SECOND_MS);
      if (serverMs === undefined) return { ...reading, roundTripMs };
      const aheadMs = serverMs - (sentMs + roundTripMs / 2);
      const withinMs = roundTripMs / 2 + (exactMs === undefined ? HALF_SECOND_MS : 0);
      return { ...reading, roundTripMs, clock: { aheadMs, withinMs } };
    });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return { ...reading, roundTripMs: sinceMs(), error };
  }
}

const HALF_SECOND_MS = 500;

/** The server's time in ms since 1970. The unit of a time stamp shows in its size: it has been different in versions. */
function readNow(response: TransportResponse, where: string): number | undefined {
  const value = Number(readSqlAnswer(response, where)?.first?.[0]);
  if (!Number.isFinite(value)) return undefined;
  const unit = [1e18, 1e15, 1e12].find((least) => value >= least);
  return unit === undefined ? undefined : value / (unit / 1e12);
}

/** Metasrv tells no time but in its header. @throws CallError where nobody leads: nothing could be moved. */
function requireLeader(response: TransportResponse, where: string): undefined {
  const leader = readLeader(response, where);
  if (leader.kind === 'none')
    throw new CallError(`${where}: metasrv says: ${leader.text}`, { failure: 'server' });
}

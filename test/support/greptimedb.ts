import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { asTransportError, simRequestFor } from '../harness/sim/network.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { createPrng } from '../../src/lib/prng.ts';
import { compileSelection } from '../../src/domain/selector.ts';
import type { TableSelector } from '../../src/domain/selector.ts';
import { TransportError } from '../../src/greptimedb/http.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../src/greptimedb/http.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import type { ClusterDependencies, ClusterOptions } from '../../src/greptimedb/options.ts';
import type { Cluster, SubmitResult } from '../../src/greptimedb/port.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { SimulatedCluster } from '../../src/simulator/index.ts';
import type { SimulatedClusterOptions } from '../../src/simulator/index.ts';

export const NEVER = new AbortController().signal;
export const everything: TableSelector = compileSelection({ include: [], exclude: ['greptime_private.*'] });

/** A transport into a simulated cluster: origins are `http://TARGET` or the addresses that the cluster tells. */
export function transportInto(cluster: SimulatedCluster): Transport {
  return {
    async request(request) {
      const simRequest = simRequestFor(cluster, request);
      return cluster.handle(simRequest, request.signal).catch((error: unknown) => {
        throw asTransportError(error);
      });
    },
    close: () => Promise.resolve(),
  };
}

export function simulated(options: SimulatedClusterOptions, clock: Clock, seed = 'test'): SimulatedCluster {
  return new SimulatedCluster(options, { clock, prng: createPrng(seed) });
}

/** A simulated cluster in virtual time, until the test ends, and what tests do with it. */
export function simulatedStage(options: SimulatedClusterOptions) {
  const clock = new VirtualClock();
  const sim = simulated(options, clock);
  onTestFinished(() => sim.close());
  const warnings: string[] = [];
  const run = <T>(work: Promise<T>): Promise<T> => clock.settled(work);
  return {
    clock,
    sim,
    warnings,
    run,
    open: (more: Partial<ClusterOptions>, transport = transportInto(sim)): Promise<Cluster> =>
      run(
        openCluster(
          { name: 'sim', api: 'auto', requestTimeoutMs: 5_000, ...more },
          { clock, transport, onWarning: (message, { what }) => warnings.push([message, what].join(' ')) },
          { signal: NEVER },
        ),
      ),
    read: (cluster: Cluster): Promise<Snapshot> =>
      run(cluster.readSnapshot({ selector: everything, signal: NEVER })),
    /** Default: from where it is to another datanode. */
    submit: (cluster: Cluster, regionId: string, from = sim.leaderOf(regionId)!, to = otherThan(from)) =>
      run<SubmitResult>(
        cluster.submitMigration({ regionId, from, to, replayTimeoutMs: 60_000 }, { signal: NEVER }),
      ),
  };
}

/** One of the first two datanodes. */
export function otherThan(datanode: string): string {
  return datanode === '0' ? '1' : '0';
}

export type Answer = Partial<TransportResponse> | string | Error;
/** Answers by `METHOD path?query`, or by `SQL statement`; the longest key that the request starts with wins. */
export type Script = Readonly<Record<string, Answer | ((request: TransportRequest) => Answer)>>;

export interface ScriptedTransport extends Transport {
  /** Every request as `origin METHOD path` or `origin SQL statement`. */
  readonly log: string[];
}

/** A transport that answers from a table, by origin where the table has origins. Unknown paths are an empty 404. */
export function scripted(script: Script | Readonly<Record<`http${string}`, Script>>): ScriptedTransport {
  const log: string[] = [];
  return {
    log,
    request(request) {
      const key = keyOf(request);
      log.push(`${request.origin} ${key}`);
      if (request.signal.aborted) return Promise.reject(new Error('aborted'));
      const answer = find(script, request.origin, key);
      const value = typeof answer === 'function' ? answer(request) : answer;
      if (value instanceof Error) return Promise.reject(value);
      const partial = typeof value === 'string' ? { body: value } : value;
      return Promise.resolve({ status: 200, headers: {}, body: '', ...(partial ?? { status: 404 }) });
    },
    close: () => Promise.resolve(),
  };
}

/** Opens a cluster that answers from a table. */
export async function openScripted(
  options: ClusterOptions,
  script: Parameters<typeof scripted>[0],
  dependencies: Partial<ClusterDependencies> = {},
) {
  const transport = scripted(script);
  const given = { clock: systemClock, transport, ...dependencies };
  return { cluster: await openCluster(options, given, { signal: NEVER }), transport };
}

function keyOf({ method, path, body }: TransportRequest): string {
  const statement = new URLSearchParams(body ?? '').get('sql');
  return statement === null ? `${method} ${path}` : `SQL ${statement}`;
}

function find(script: object, origin: string, key: string): Script[string] | undefined {
  const perOrigin = Object.entries(script).find(([name]) => name === origin)?.[1] as Script | undefined;
  const isPerOrigin = Object.keys(script).some((name) => name.startsWith('http'));
  if (isPerOrigin && !perOrigin) return refusal();
  const table: Script = perOrigin ?? (script as Script);
  const names = Object.keys(table).filter((name) => key.startsWith(name));
  const best = names.sort((a, b) => b.length - a.length)[0];
  return best === undefined ? undefined : table[best];
}

/** What a connection that is refused looks like. */
export function refusal(): TransportError {
  return new TransportError('connect ECONNREFUSED', { sent: false, code: 'ECONNREFUSED' });
}

/** A successful SQL answer. */
export function rows(columns: readonly string[], data: readonly (readonly unknown[])[]): string {
  return JSON.stringify({
    output: [
      {
        records: {
          schema: { column_schemas: columns.map((name) => ({ name, data_type: 'String' })) },
          rows: data,
          total_rows: data.length,
        },
      },
    ],
    execution_time_ms: 1,
  });
}

export function sqlError(code: number, error: string, status = 400): Partial<TransportResponse> {
  return { status, headers: { 'x-greptime-err-code': String(code) }, body: JSON.stringify({ code, error }) };
}

export function sqlOptions(endpoints: readonly string[], more: Partial<ClusterOptions> = {}): ClusterOptions {
  return { name: 'test', api: 'sql', sql: { endpoints }, requestTimeoutMs: 10_000, ...more };
}

export function metasrvOptions(
  endpoints: readonly string[],
  more: Partial<ClusterOptions> = {},
): ClusterOptions {
  return {
    name: 'test',
    api: 'metasrv',
    metasrv: { endpoints, clusterId: 0 },
    requestTimeoutMs: 10_000,
    ...more,
  };
}

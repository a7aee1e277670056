import { OperatingError } from '../domain/errors.ts';
import { sleep } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { CallError } from '../greptimedb/caller.ts';
import type { Endpoint } from '../greptimedb/endpoint.ts';
import { parseEndpoint } from '../greptimedb/endpoint.ts';
import { createCaller } from '../greptimedb/detect.ts';
import { createHttpTransport } from '../greptimedb/http.ts';
import type { Transport } from '../greptimedb/http.ts';
import type { ClusterDependencies, ClusterOptions } from '../greptimedb/options.ts';
import { SqlClient } from '../greptimedb/sql/client.ts';
import { readSqlAnswer, SqlError } from '../greptimedb/sql/result.ts';
import type { SqlRows } from '../greptimedb/sql/result.ts';

/** What statements are sent with. */
export interface Sent {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** The answer holds a row per inserted row. */
  readonly large?: boolean;
}

const TRIES = 4;
const PAUSE_MS = 500;
/** Creating and dropping are procedures of metasrv, for which a frontend waits. */
const DDL_PATIENCE_FACTOR = 3;

/** Sends statements of any kind to the frontends. Whoever has one of these can write: nothing but a trial may. */
export class ScratchSql {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly #client: SqlClient;
  readonly #transport: Transport;
  readonly #ownsTransport: boolean;

  /** @param options with at least one frontend. */
  constructor(options: ClusterOptions, dependencies: ClusterDependencies) {
    const { sql, requestTimeoutMs } = options;
    this.clock = dependencies.clock;
    this.#ownsTransport = !dependencies.transport;
    const transport = dependencies.transport ?? createHttpTransport({ connectTimeoutMs: requestTimeoutMs });
    this.#transport = transport;
    this.endpoints = (sql?.endpoints ?? []).map(parseEndpoint);
    const caller = createCaller({ options, dependencies, transport }, sql?.tls);
    this.#client = new SqlClient({ endpoints: this.endpoints, login: sql?.login }, caller);
  }

  /** One statement to one frontend, once. @throws CallError (SqlError for what the frontend reports) */
  run(
    endpoint: Endpoint,
    statement: string,
    { signal, timeoutMs, large }: Sent,
  ): Promise<SqlRows | undefined> {
    const query = { operation: 'probe', statement, signal, ...(large && { large }) } as const;
    const call = { ...this.#client.toCall(query), ...(timeoutMs !== undefined && { timeoutMs }) };
    return this.#client.caller.call(endpoint, call, readSqlAnswer);
  }

  /**
   * A statement that may be repeated, to one frontend after the other until one answers as it should.
   *
   * @throws CallError of the last try; at once when the user may not, or the statement is not understood.
   */
  async runSomewhere(statement: string, signal: AbortSignal, large = false): Promise<SqlRows | undefined> {
    const timeoutMs = this.#client.caller.requestTimeoutMs * DDL_PATIENCE_FACTOR;
    for (let attempt = 0; ; attempt += 1) {
      const endpoint = this.endpoints[attempt % this.endpoints.length];
      if (!endpoint) throw new OperatingError('no-frontend', 'There is no frontend to write through');
      try {
        return await this.run(endpoint, statement, { signal, timeoutMs, large });
      } catch (error) {
        if (!(error instanceof CallError) || isFinal(error) || attempt >= TRIES * this.endpoints.length)
          throw error;
        await sleep(this.clock, PAUSE_MS, signal);
      }
    }
  }

  async close(): Promise<void> {
    if (this.#ownsTransport) await this.#transport.close();
  }
}

/** Whether the statement would get the same answer again. */
function isFinal(error: CallError): boolean {
  return (
    error instanceof SqlError && (error.isAccessDenied || error.isSyntaxError || error.sqlCode === 1_001)
  );
}

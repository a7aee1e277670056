import { OperatingError } from '../domain/errors.ts';
import { sleep } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { CallError } from '../greptimedb/call-error.ts';
import { Caller } from '../greptimedb/caller.ts';
import type { Endpoint } from '../greptimedb/endpoint.ts';
import { parseEndpoint } from '../greptimedb/endpoint.ts';
import { createHttpTransport } from '../greptimedb/http.ts';
import type { Transport } from '../greptimedb/http.ts';
import type { ClusterOptions } from '../greptimedb/options.ts';
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

  /** @throws OperatingError `no-frontends` */
  constructor(options: ClusterOptions, clock: Clock) {
    const { sql, requestTimeoutMs } = options;
    this.endpoints = (sql?.endpoints ?? []).map(parseEndpoint);
    if (this.endpoints.length === 0)
      throw new OperatingError(
        'no-frontends',
        'Rows are written and read over SQL: the trial needs the frontends in cluster.sql.endpoints',
      );
    this.clock = clock;
    this.#transport = createHttpTransport({ connectTimeoutMs: requestTimeoutMs });
    const caller = new Caller(options, { clock, transport: this.#transport }, sql?.tls);
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
   * @param endpoints default: all of them.
   * @throws CallError of the last try; at once when the user may not, or the statement is not understood.
   */
  async runSomewhere(
    statement: string,
    sent: Omit<Sent, 'timeoutMs'>,
    endpoints = this.endpoints,
  ): Promise<SqlRows | undefined> {
    const timeoutMs = this.#client.caller.requestTimeoutMs * DDL_PATIENCE_FACTOR;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.run(endpoints[attempt % endpoints.length]!, statement, { ...sent, timeoutMs });
      } catch (error) {
        if (!(error instanceof CallError) || isFinal(error) || attempt >= TRIES * endpoints.length)
          throw error;
        await sleep(this.clock, PAUSE_MS, sent.signal);
      }
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

/** Whether the statement would get the same answer again. */
function isFinal(error: CallError): boolean {
  return (
    error instanceof SqlError && (error.isAccessDenied || error.isSyntaxError || error.sqlCode === 1_001)
  );
}

import type { Login } from '../../lib/secret.ts';
import { CallError } from '../call-error.ts';
import type { Call, Caller } from '../caller.ts';
import type { Endpoint } from '../endpoint.ts';
import type { TransportResponse } from '../http.ts';
import { rowLimits } from '../json-meter.ts';
import type { OperationName } from '../options.ts';
import { readWithRetries } from '../retry.ts';
import { readSqlAnswer, SqlError } from './result.ts';
import type { SqlRows } from './result.ts';

interface SqlClientOptions {
  readonly endpoints: readonly Endpoint[];
  readonly login?: Login | undefined;
}

export interface Query {
  readonly operation: OperationName;
  readonly statement: string;
  /** The answer holds a row per table or region. */
  readonly large?: boolean;
  readonly signal: AbortSignal;
  /** What one bad datanode can fail, or metasrv: a failure tells nothing about the frontend. */
  readonly optional?: boolean;
  /** Errors that are the answer, so that no other frontend is asked. */
  readonly isFinal?: (error: SqlError) => boolean;
}

const MAX_ENDPOINTS = 32;
/** Of the tables that have a row per region or table: some times a million regions. Metasrv forgets procedures after 10 to 20 minutes. */
const MAX_ROWS: Partial<Readonly<Record<OperationName, number>>> = {
  'sql-tables': 4_000_000,
  'sql-region-peers': 4_000_000,
  'sql-region-statistics': 4_000_000,
  'sql-region-info': 4_000_000,
  'sql-procedure-info': 100_000,
  'sql-cluster-info': 10_000,
};
const MAX_ROWS_OTHERWISE = 1_000;
/** How long a frontend that failed is asked last, and not asked for a second opinion. */
const AVOID_MS = 60_000;

/**
 * SQL over the HTTP interface of several frontends (GreptimeDB src/servers/src/http.rs). Reads stay with one frontend while it
 * answers, and go on to the next when it does not.
 */
export class SqlClient {
  readonly caller: Caller;
  readonly #endpoints: readonly Endpoint[];
  readonly #login: Login | undefined;
  readonly #failedAtMs = new Map<Endpoint, number>();
  #preferred = 0;

  constructor(options: SqlClientOptions, caller: Caller) {
    this.#endpoints = options.endpoints.slice(0, MAX_ENDPOINTS);
    this.#login = options.login;
    this.caller = caller;
  }

  /** All frontends, the preferred first, those that failed lately last. */
  inOrder(): readonly Endpoint[] {
    const rotated = [...this.#endpoints.slice(this.#preferred), ...this.#endpoints.slice(0, this.#preferred)];
    return rotated.sort((a, b) => Number(this.#isAvoided(a)) - Number(this.#isAvoided(b)));
  }

  /** Frontends besides the preferred one that did not fail lately. */
  others(): readonly Endpoint[] {
    return this.inOrder()
      .slice(1)
      .filter((endpoint) => !this.#isAvoided(endpoint));
  }

  /**
   * One reading statement that gives rows.
   *
   * @param only whom to ask, if nobody else may answer.
   * @throws CallError (SqlError for what a frontend reports); OperatingError when several failed in different ways.
   */
  async select(query: Query, only?: Endpoint): Promise<SqlRows> {
    const endpoints = only ? [only] : this.inOrder();
    return readWithRetries(this.caller, {
      endpoints: () => endpoints,
      attempt: async (endpoint) => {
        const rows = await this.#attempt(endpoint, query);
        if (!only) this.#preferred = this.#endpoints.indexOf(endpoint);
        return rows;
      },
      isFinal: (error) =>
        error instanceof SqlError && (!isServerSide(error) || query.isFinal?.(error) === true),
      who: 'frontend',
      signal: query.signal,
    });
  }

  async #attempt(endpoint: Endpoint, query: Query): Promise<SqlRows> {
    try {
      const rows = await this.caller.call(endpoint, this.toCall(query), readRows);
      this.#failedAtMs.delete(endpoint);
      return rows;
    } catch (error) {
      if (error instanceof CallError && !(error instanceof SqlError) && !query.optional)
        this.#failedAtMs.set(endpoint, this.caller.clock.monotonicMs());
      throw error;
    }
  }

  toCall({ operation, statement, large, signal }: Query): Call {
    return {
      operation,
      method: 'POST',
      path: '/v1/sql',
      title: statement,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(this.#login && { authorization: basicAuth(this.#login) }),
      },
      body: `sql=${encodeURIComponent(statement)}`,
      signal,
      limits: rowLimits(MAX_ROWS[operation] ?? MAX_ROWS_OTHERWISE),
      large,
    };
  }

  #isAvoided(endpoint: Endpoint): boolean {
    const failedAtMs = this.#failedAtMs.get(endpoint) ?? -Infinity;
    return this.caller.clock.monotonicMs() - failedAtMs < AVOID_MS;
  }
}

function readRows(response: TransportResponse, where: string): SqlRows {
  const rows = readSqlAnswer(response, where);
  if (rows) return rows;
  throw new CallError(`${where}: expected rows, got none`, { failure: 'answer' });
}

function basicAuth({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`;
}

const SERVER_SIDE: ReadonlySet<number> = new Set([1_000, 1_002, 1_003, 1_006, 3_001, 5_000, 6_000, 6_001]);

/** Whether another frontend may do better: the fault is with the servers, not with the statement or the account. */
function isServerSide({
  isAccessDenied,
  isUnknownName,
  isSyntaxError,
  sqlCode,
  status = 0,
}: SqlError): boolean {
  if (isAccessDenied || isUnknownName || isSyntaxError) return false;
  return status >= 500 || SERVER_SIDE.has(sqlCode);
}

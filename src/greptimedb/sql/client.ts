import { isAbort, OperatingError } from '../../domain/errors.ts';
import type { Login } from '../../lib/secret.ts';
import { CallError } from '../caller.ts';
import type { Call, Caller } from '../caller.ts';
import type { Endpoint } from '../endpoint.ts';
import type { TransportResponse } from '../http.ts';
import { rowLimits } from '../json-meter.ts';
import type { OperationName } from '../options.ts';
import { readWithRetries } from '../retry.ts';
import { readSqlAnswer, SqlError } from './result.ts';
import type { SqlRows } from './result.ts';

export interface SqlClientOptions {
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
  'sql-partitions': 4_000_000,
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
  readonly #endpoints: readonly Endpoint[];
  readonly #login: Login | undefined;
  readonly #caller: Caller;
  readonly #failedAtMs = new Map<string, number>();
  #preferred = 0;

  constructor(options: SqlClientOptions, caller: Caller) {
    this.#endpoints = options.endpoints.slice(0, MAX_ENDPOINTS);
    this.#caller = caller;
    this.#login = options.login;
  }

  get caller(): Caller {
    return this.#caller;
  }

  /** All frontends, the preferred first, those that failed lately last. */
  inOrder(): readonly Endpoint[] {
    const rotated = [...this.#endpoints.slice(this.#preferred), ...this.#endpoints.slice(0, this.#preferred)];
    return [
      ...rotated.filter((endpoint) => !this.#isAvoided(endpoint)),
      ...rotated.filter((endpoint) => this.#isAvoided(endpoint)),
    ];
  }

  /** Frontends besides the preferred one that did not fail lately. */
  others(): readonly Endpoint[] {
    return this.inOrder()
      .slice(1)
      .filter((endpoint) => !this.#isAvoided(endpoint));
  }

  /** One reading statement that gives rows. @throws CallError (SqlError for what a frontend reports) */
  async select(query: Query): Promise<SqlRows> {
    const { rows, endpoint } = await this.#read(query, this.inOrder());
    this.#preferred = this.#endpoints.indexOf(endpoint);
    return rows;
  }

  /** The same of one frontend. */
  async selectFrom(endpoint: Endpoint, query: Query): Promise<SqlRows> {
    return (await this.#read(query, [endpoint])).rows;
  }

  async #read(
    query: Query,
    endpoints: readonly Endpoint[],
  ): Promise<{ readonly rows: SqlRows; readonly endpoint: Endpoint }> {
    const result = await readWithRetries(this.#caller, {
      endpoints: () => endpoints,
      attempt: async (endpoint) => ({ rows: await this.#attempt(endpoint, query), endpoint }),
      isFinal: (error) =>
        error instanceof SqlError && (!isServerSide(error) || query.isFinal?.(error) === true),
      signal: query.signal,
    });
    if ('value' in result) return result.value;
    throw summary(result.failures);
  }

  async #attempt(endpoint: Endpoint, query: Query): Promise<SqlRows> {
    try {
      const rows = await this.#caller.call(endpoint, this.toCall(query), readRows);
      this.#failedAtMs.delete(endpoint.label);
      return rows;
    } catch (error) {
      if (error instanceof CallError && !(error instanceof SqlError) && !query.optional)
        this.#failedAtMs.set(endpoint.label, this.#caller.clock.monotonicMs());
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
      ...(large ? { large } : {}),
    };
  }

  #isAvoided(endpoint: Endpoint): boolean {
    const failedAtMs = this.#failedAtMs.get(endpoint.label);
    return failedAtMs !== undefined && this.#caller.clock.monotonicMs() - failedAtMs < AVOID_MS;
  }
}

function readRows(response: TransportResponse, where: string): SqlRows {
  const rows = readSqlAnswer(response, where);
  if (rows) return rows;
  throw new CallError(`${where}: expected rows, got none`, { failure: 'answer', sent: true });
}

function basicAuth({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`;
}

/** Whether another frontend may do better: the fault is with the servers, not with the statement or the account. */
function isServerSide(error: SqlError): boolean {
  if (error.isAccessDenied || error.isUnknownName || error.isSyntaxError) return false;
  const { sqlCode, status } = error;
  return (
    (status ?? 0) >= 500 ||
    [1_000, 1_002, 1_003, 1_006, 3_001, 6_000, 6_001].includes(sqlCode) ||
    sqlCode === 5_000
  );
}

function summary(failures: readonly CallError[]): Error {
  const [first] = failures;
  if (!first) return new OperatingError('cluster-unreachable', 'There is no frontend to ask');
  const messages = new Set(failures.map(({ message }) => message));
  if (messages.size === 1) return first;
  const text = [...messages].join('; ');
  return new OperatingError(first.code, `No frontend answered as it should. ${text}`, { cause: first });
}

/** Whether an error is one of the cluster's, rather than our being told to stop, or a defect of ours. */
export function isClusterError(error: unknown): error is OperatingError {
  return error instanceof OperatingError && !isAbort(error);
}

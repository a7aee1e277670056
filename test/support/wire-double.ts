import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerAdmin } from './wire-double-admin.ts';
import { answerSql } from './wire-double-sql.ts';

/**
 * A small fake GreptimeDB over real sockets, written from the wire reference alone. It shares no code with the simulator or the
 * adapters, so that an error of thought in one of these shows here. It knows two versions: 0.6 (metasrv's admin HTTP) and 1.3 (SQL).
 */
export type DoubleVersion = '0.6' | '1.3';

export interface DoubleTable {
  readonly id: bigint;
  readonly name: string;
  readonly schema?: string;
  readonly engine?: string;
  /** Leader of each region, by region number. */
  readonly leaders: readonly number[];
  /** A logical table of the metric engine, which lives in the regions of this table. */
  readonly logicalOf?: bigint;
  /** As releases before 0.5.1 stored routes: without `type`. */
  readonly isUntyped?: boolean;
}

export interface DoubleRegion {
  readonly id: bigint;
  readonly table: DoubleTable;
  leader: number;
}

export interface DoubleProcedure {
  readonly id: string;
  readonly region: bigint;
  readonly from: number;
  readonly to: number;
  status: 'Running' | 'Done' | 'Failed';
}

/** What becomes of a migration that was submitted. */
export type Fate = 'moves' | 'hangs' | 'done-not-moved' | 'failed-but-moved' | 'fails';

export interface SeenRequest {
  readonly server: 'metasrv' | 'frontend';
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly sql: string;
  readonly authorization: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Instead of the right answer: another one, silence, or a connection that breaks before or after the work was done. */
export type Interference = Answer | 'silence' | 'reset' | 'lose-answer' | undefined;

export interface DoubleOptions {
  readonly version: DoubleVersion;
  readonly datanodes: readonly number[];
  readonly tables: readonly DoubleTable[];
  /** How long a migration takes. Default 20. */
  readonly migrationMs?: number;
}

export class WireDouble {
  readonly version: DoubleVersion;
  readonly datanodes: Set<number>;
  readonly tables: DoubleTable[];
  readonly regions = new Map<bigint, DoubleRegion>();
  readonly procedures: DoubleProcedure[] = [];
  readonly seen: SeenRequest[] = [];
  /** Looked at for each request before it is answered. */
  interfere: (request: SeenRequest) => Interference = () => undefined;
  fate: (procedure: DoubleProcedure) => Fate = () => 'moves';
  readonly #migrationMs: number;
  readonly #servers: Server[] = [];
  readonly #waiting = new Set<{
    readonly test: (request: SeenRequest) => boolean;
    readonly done: () => void;
  }>();
  #metasrvUrl = '';
  #frontendUrl = '';

  private constructor({ version, datanodes, tables, migrationMs = 20 }: DoubleOptions) {
    this.version = version;
    this.datanodes = new Set(datanodes);
    this.tables = [...tables];
    this.#migrationMs = migrationMs;
    for (const table of tables) {
      if (table.logicalOf !== undefined) continue;
      for (const [number, leader] of table.leaders.entries()) {
        const id = (table.id << 32n) | BigInt(number);
        this.regions.set(id, { id, table, leader });
      }
    }
  }

  static async start(options: DoubleOptions): Promise<WireDouble> {
    const double = new WireDouble(options);
    double.#metasrvUrl = await double.#listen('metasrv');
    double.#frontendUrl = await double.#listen('frontend');
    return double;
  }

  get metasrvUrl(): string {
    return this.#metasrvUrl;
  }

  get frontendUrl(): string {
    return this.#frontendUrl;
  }

  /** The lines of a configuration that lead here. */
  get configuration(): string {
    return this.version === '0.6'
      ? `cluster: { name: double, metasrv: { endpoints: [${this.#metasrvUrl}] }, requestTimeout: 2s }`
      : `cluster: { name: double, sql: { endpoints: [${this.#frontendUrl}] }, requestTimeout: 2s }`;
  }

  /** Requests that could have changed something, whoever reads them: in 0.6 any method on these paths mutates. */
  mutations(): SeenRequest[] {
    return this.seen.filter(({ server, path, sql }) => {
      if (server === 'metasrv')
        return !/^\/admin\/(health|leader|node-lease|heartbeat|catalogs|schemas|tables?|route|maintenance(\/status)?|procedure-manager\/status)$/.test(
          path,
        );
      return !/^(SELECT (?!.*\b(migrate_region|flush_region|flush_table)\()|SHOW |(ADMIN|SELECT) procedure_state\()/is.test(
        sql,
      );
    });
  }

  submissions(): SeenRequest[] {
    return this.seen.filter(
      ({ path, sql }) => path === '/admin/region-migration' || /\bmigrate_region\(/.test(sql),
    );
  }

  /** Regions that each datanode leads. */
  counts(): Record<string, number> {
    const counts = Object.fromEntries([...this.datanodes].map((id) => [String(id), 0]));
    for (const { leader } of this.regions.values()) counts[leader] = (counts[leader] ?? 0) + 1;
    return counts;
  }

  /** Resolves when a request that fits has come, or had come. */
  async request(test: (request: SeenRequest) => boolean): Promise<void> {
    if (this.seen.some(test)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add({ test, done: resolve });
    });
  }

  /** Begins a migration as metasrv does once its checks have passed. */
  submit(region: DoubleRegion, to: number): DoubleProcedure {
    const number = String(this.procedures.length + 1).padStart(12, '0');
    const procedure: DoubleProcedure = {
      id: `538b7476-9f79-4e50-aa9c-${number}`,
      region: region.id,
      from: region.leader,
      to,
      status: 'Running',
    };
    this.procedures.push(procedure);
    const fate = this.fate(procedure);
    if (fate !== 'hangs') setTimeout(() => this.end(procedure, fate), this.#migrationMs).unref();
    return procedure;
  }

  end(procedure: DoubleProcedure, fate: Fate = 'moves'): void {
    const region = this.regions.get(procedure.region);
    const isMoved = fate === 'moves' || fate === 'failed-but-moved';
    if (region && isMoved) region.leader = procedure.to;
    procedure.status = fate === 'fails' || fate === 'failed-but-moved' ? 'Failed' : 'Done';
  }

  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    }
  }

  async #listen(role: SeenRequest['server']): Promise<string> {
    const server = createServer((request, response) => {
      void this.#serve(role, request, response);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('A server without an address');
    return `http://127.0.0.1:${address.port}`;
  }

  async #serve(
    role: SeenRequest['server'],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const seen = toSeen(role, request, body);
    this.seen.push(seen);
    for (const waiter of this.#waiting) {
      if (!waiter.test(seen)) continue;
      this.#waiting.delete(waiter);
      waiter.done();
    }
    const interference = this.interfere(seen);
    if (interference === 'silence') return;
    if (interference === 'reset') return void response.socket?.resetAndDestroy();
    const answer = typeof interference === 'object' ? interference : this.#answer(seen);
    if (interference === 'lose-answer') return void response.socket?.resetAndDestroy();
    response.writeHead(answer.status, answer.headers ?? {});
    response.end(answer.body);
  }

  #answer(seen: SeenRequest): Answer {
    return seen.server === 'metasrv' ? answerAdmin(this, seen) : answerSql(this, seen);
  }
}

function toSeen(server: SeenRequest['server'], request: IncomingMessage, body: string): SeenRequest {
  const url = new URL(request.url ?? '/', 'http://double');
  return {
    server,
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    sql: url.searchParams.get('sql') ?? new URLSearchParams(body).get('sql') ?? '',
    authorization: request.headers.authorization,
  };
}

/** JSON with bigint as bare numbers, as GreptimeDB writes ids. */
export function toJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${toJson(field)}`).join(',')}}`;
}

export function addressOf(datanode: number): string {
  return `10.0.0.${datanode}:4001`;
}

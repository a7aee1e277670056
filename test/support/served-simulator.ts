import type { TestContext } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createPrng } from '../../src/lib/prng.ts';
import { buildTable } from '../../src/simulator/cluster/state.ts';
import { serveSimulatedCluster, SimulatedCluster } from '../../src/simulator/index.ts';
import { respond, SimulatedNetworkError } from '../../src/simulator/serve/http.ts';
import type { SimExchange, SimRequest } from '../../src/simulator/serve/http.ts';
import { VirtualProcess } from '../harness/virtual-process.ts';

export interface PlacedTable {
  readonly id: number;
  readonly name: string;
  readonly schema?: string;
  readonly engine?: 'mito' | 'metric';
  /** The datanode that leads each region. None: a logical table of the last table before it. */
  readonly leaders?: readonly number[];
}

export interface ServedOptions {
  /** Version: `0.6` speaks metasrv's admin HTTP, `1.3` SQL. */
  readonly profile: '0.6' | '1.3';
  readonly tables: readonly PlacedTable[];
}

export interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly sql: string;
  readonly authorization: string | undefined;
}

/** What comes instead of the right answer: another one, silence, or a connection that breaks. */
export type BrokenAnswer = Partial<SimExchange> | 'silence' | 'reset';

const READ_PATHS =
  /^\/admin\/(health|leader|node-lease|heartbeat|catalogs|schemas|tables?|route|maintenance(\/status)?|procedure-manager\/status)$/;
const READ_SQL =
  /^(SELECT (?!.*\b(migrate_region|flush_region|flush_table)\()|SHOW |(ADMIN|SELECT) procedure_state\()/is;

/** A simulated cluster of three datanodes on real sockets, with tables where the test wants them, that keeps what it was asked. */
export class ServedSimulator extends SimulatedCluster {
  readonly tables: readonly PlacedTable[];
  /** Where the version in question is asked: metasrv or frontend. */
  urls: readonly string[] = [];
  readonly seen: SeenRequest[] = [];
  /** Looked at for each request before it is carried out. */
  breakAnswer: (request: SeenRequest) => BrokenAnswer | undefined = () => undefined;
  readonly #process: VirtualProcess;
  readonly #waiting = new Map<() => void, (request: SeenRequest) => boolean>();

  private constructor({ profile, tables }: ServedOptions, process: VirtualProcess) {
    const layout = { datanodes: 3, tables: 0, metricTables: 0, views: 0 };
    super(
      { profile, layout, migrationMs: 20, migrationEvents: false },
      { clock: process.clock, prng: createPrng('served') },
    );
    this.#process = process;
    this.tables = tables;
    let physical = null;
    for (const { leaders, schema = 'public', engine = 'mito', ...table } of tables) {
      const placements = (leaders ?? []).map((leader) => {
        return { leader: String(leader), followers: [], ...this.core.loads.forTable()(this.core.prng) };
      });
      const seed = { ...table, schema, engine, catalog: 'greptime', createdAtMs: this.nowMs, placements };
      const built = buildTable({ ...seed, physical: leaders ? null : physical });
      this.core.state.addTable(built);
      physical = built;
    }
  }

  /** Listens until the test ends. */
  static async start(
    options: ServedOptions,
    { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  ): Promise<ServedSimulator> {
    const cluster = new ServedSimulator(options, new VirtualProcess(systemClock));
    const served = await serveSimulatedCluster(cluster, { controlPort: null }, { clock: systemClock });
    onTestFinished(async () => {
      await served.close();
      cluster.close();
    });
    cluster.urls = cluster.profile.adminFunctions === null ? served.metasrv : served.frontend;
    return cluster;
  }

  /** The lines of a configuration that lead here, with further keys of the section. */
  configuration(name = 'sim', more = ''): string {
    const section = this.profile.adminFunctions === null ? 'metasrv' : 'sql';
    return `cluster: { name: ${name}, ${section}: { endpoints: [${this.urls.join()}]${more} }, requestTimeout: 2s }\n`;
  }

  override async exchange(request: SimRequest, signal: AbortSignal): Promise<SimExchange> {
    const seen = toSeen(request);
    this.seen.push(seen);
    for (const [done, test] of this.#waiting) if (test(seen)) done();
    const broken = this.breakAnswer(seen);
    if (broken === undefined) return super.exchange(request, signal);
    if (broken === 'reset') throw new SimulatedNetworkError('ECONNRESET', 'Connection was reset');
    if (broken === 'silence') return new Promise(() => undefined);
    return { ...respond(200, ''), bodyDelayMs: 0, ...broken };
  }

  /** Requests that could have changed something, whoever reads them: in 0.6 any method on these paths changes something. */
  mutations(): SeenRequest[] {
    return this.seen.filter(
      ({ path, sql }) => !(path === '/v1/sql' ? READ_SQL.test(sql) : READ_PATHS.test(path)),
    );
  }

  submissions(): SeenRequest[] {
    return this.seen.filter(
      ({ path, sql }) => path === '/admin/region-migration' || /\bmigrate_region\(/.test(sql),
    );
  }

  /** The region that each submission names. */
  submittedRegions(): string[] {
    return this.submissions().map(
      ({ query, sql }) => query.get('region_id') ?? /\((\d+)/.exec(sql)?.[1] ?? '',
    );
  }

  /** Regions that each datanode leads. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.regionsPerDatanode());
  }

  /** The nth migration, counted from 1, hangs in its first step until `release`. */
  hangMigration(nth: number): void {
    let started = 0;
    this.onEvent(({ kind }) => {
      if (kind === 'migration-started' && ++started === nth) this.#process.hold();
    });
  }

  release(): void {
    this.#process.release();
  }

  /** Resolves with the next request that fits. */
  async request(test: (request: SeenRequest) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const done = (): void => resolve(undefined);
    this.#waiting.set(done, test);
    await promise;
    this.#waiting.delete(done);
  }
}

function toSeen({ path, query, body, headers }: SimRequest): SeenRequest {
  const asked = new URLSearchParams(query);
  const sql = asked.get('sql') ?? new URLSearchParams(body).get('sql') ?? '';
  return { path, query: asked, sql, authorization: headers?.['authorization'] };
}

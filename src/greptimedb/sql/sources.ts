import type { RegionId } from '../../domain/ids.ts';
import type { Endpoint } from '../endpoint.ts';
import type { OperationName } from '../options.ts';
import { isClusterError } from './client.ts';
import type { Query, SqlClient } from './client.ts';
import { readClusterInfo } from './cluster-info.ts';
import type { ClusterInfoReading } from './cluster-info.ts';
import { hasColumn, hasTable, isFragile, probeFeatures } from './features.ts';
import type { SqlFeatures } from './features.ts';
import { readProcedures } from './procedures.ts';
import type { ProcedureRow } from './procedures.ts';
import { readRegionInfo } from './region-info.ts';
import type { RegionInfo } from './region-info.ts';
import { findPeerEntry, readRegionPeers, REGION_PEER_COLUMNS } from './region-peers.ts';
import type { PeerTable } from './region-peers.ts';
import { SqlError } from './result.ts';
import type { SqlRows } from './result.ts';
import { readStatistics } from './statistics.ts';
import type { StatisticsReading } from './statistics.ts';
import { readOwners, readTables } from './tables.ts';
import type { TableRow } from './tables.ts';

/** The cluster may be upgraded while we run. */
const FEATURES_MAX_AGE_MS = 600_000;

const TABLE_COLUMNS = [
  'table_catalog',
  'table_schema',
  'table_name',
  'table_type',
  'table_id',
  'engine',
  'create_options',
];
const REGION_INFO_COLUMNS = ['region_id', 'node_id', 'region_group', 'role', 'state', 'writable'];

/** Typed reads of information_schema, each in the form that this cluster takes. */
export class SqlSources {
  readonly #client: SqlClient;
  #features: SqlFeatures;
  #probedAtMs: number;
  #isStale = false;

  constructor(client: SqlClient, features: SqlFeatures) {
    this.#client = client;
    this.#features = features;
    this.#probedAtMs = client.caller.clock.monotonicMs();
  }

  get client(): SqlClient {
    return this.#client;
  }

  get features(): SqlFeatures {
    return this.#features;
  }

  has(table: string): boolean {
    return hasTable(this.#features, table);
  }

  /** Asks again what the cluster offers, when that was long ago or turned out wrong. Until an answer contradicts it, it holds. */
  async refresh(signal: AbortSignal): Promise<void> {
    const ageMs = this.#client.caller.clock.monotonicMs() - this.#probedAtMs;
    if (!this.#isStale && ageMs < FEATURES_MAX_AGE_MS) return;
    try {
      this.#features = await probeFeatures(this.#client, signal);
    } catch (error) {
      if (this.#isStale || !isClusterError(error) || error.code === 'api-mismatch') throw error;
      return;
    }
    this.#probedAtMs = this.#client.caller.clock.monotonicMs();
    this.#isStale = false;
  }

  /** Notes that the cluster does not have what it had. */
  doubt(): void {
    this.#isStale = true;
  }

  async tables(signal: AbortSignal): Promise<TableRow[]> {
    return readTables(
      await this.#read('sql-tables', 'tables', this.#columns('tables', TABLE_COLUMNS), signal),
    );
  }

  async owners(tables: readonly TableRow[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const columns = 'table_catalog, table_schema, table_name, greptime_partition_id';
    return readOwners(await this.#read('sql-partitions', 'partitions', columns, signal), tables);
  }

  async regionPeers(signal: AbortSignal, endpoint?: Endpoint): Promise<PeerTable> {
    const { regionPeers } = this.#features;
    const columns = this.#columns(regionPeers, REGION_PEER_COLUMNS);
    return readRegionPeers(await this.#read('sql-region-peers', regionPeers, columns, signal, endpoint));
  }

  /**
   * The rows of one region. Before 1.0 a predicate on the id loses rows, so that all must be read; later ones are asked for it alone, and
   * for all when nothing comes.
   */
  async regionPeersOf(regionId: RegionId, signal: AbortSignal): Promise<PeerTable> {
    if (!this.has('region_info')) return this.regionPeers(signal);
    const { regionPeers } = this.#features;
    const source = `${regionPeers} WHERE region_id = ${regionId}`;
    const columns = this.#columns(regionPeers, REGION_PEER_COLUMNS);
    const peers = await readRegionPeers(await this.#read('sql-region-peers', source, columns, signal));
    return findPeerEntry(peers, regionId) ? peers : this.regionPeers(signal);
  }

  async clusterInfo(signal: AbortSignal): Promise<ClusterInfoReading> {
    return readClusterInfo(await this.#read('sql-cluster-info', 'cluster_info', '*', signal));
  }

  async statistics(signal: AbortSignal): Promise<StatisticsReading> {
    return readStatistics(await this.#read('sql-region-statistics', 'region_statistics', '*', signal));
  }

  async procedures(signal: AbortSignal): Promise<ProcedureRow[]> {
    return readProcedures(await this.#read('sql-procedure-info', 'procedure_info', '*', signal));
  }

  async regionInfo(signal: AbortSignal, regionId?: RegionId): Promise<RegionInfo> {
    const source = `region_info${regionId === undefined ? '' : ` WHERE region_id = ${regionId}`}`;
    const columns = this.#columns('region_info', REGION_INFO_COLUMNS);
    return readRegionInfo(await this.#read('sql-region-info', source, columns, signal));
  }

  /** Those of the wanted columns that the table has, to keep large answers small. */
  #columns(table: string, wanted: readonly string[]): string {
    const present = wanted.filter((column) => hasColumn(this.#features, table, column));
    return present.length === 0 ? '*' : present.join(', ');
  }

  /**
   * One table of information_schema. Should a server not take the columns or the predicate, all of the table is read: readers pick what they
   * need.
   */
  async #read(
    operation: OperationName,
    source: string,
    columns: string,
    signal: AbortSignal,
    endpoint?: Endpoint,
  ): Promise<SqlRows> {
    const [table = source] = source.split(' ');
    const statement = `SELECT ${columns} FROM information_schema.${source}`;
    const whole = `SELECT * FROM information_schema.${table}`;
    const query = { operation, large: true, optional: isFragile(table), signal };
    try {
      return await this.#select({ ...query, statement }, endpoint);
    } catch (error) {
      if (!(error instanceof SqlError) || !(error.isUnknownName || error.isSyntaxError)) throw error;
      this.doubt();
      if (statement === whole) throw error;
      return this.#select({ ...query, statement: whole }, endpoint);
    }
  }

  #select(query: Query, endpoint: Endpoint | undefined): Promise<SqlRows> {
    return endpoint ? this.#client.selectFrom(endpoint, query) : this.#client.select(query);
  }
}

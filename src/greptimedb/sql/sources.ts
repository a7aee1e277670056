import { OperatingError } from '../../domain/errors.ts';
import type { ProcedureId, RegionId } from '../../domain/ids.ts';
import type { Endpoint } from '../endpoint.ts';
import type { NodeLook } from '../liveness.ts';
import type { OperationName } from '../options.ts';
import type { ProcedureReading } from '../port.ts';
import { procedureIdOf } from '../submission.ts';
import type { Query, SqlClient } from './client.ts';
import { readClusterInfo } from './cluster-info.ts';
import { isFragile, probeFeatures } from './features.ts';
import type { SqlFeatures } from './features.ts';
import { readProcedures, readProcedureState } from './procedures.ts';
import type { ProcedureRow } from './procedures.ts';
import { readRegionInfo } from './region-info.ts';
import type { RegionInfo } from './region-info.ts';
import { findPeerEntry, readRegionPeers, REGION_PEER_COLUMNS } from './region-peers.ts';
import type { PeerTable } from './region-peers.ts';
import { SqlError } from './result.ts';
import type { SqlRows } from './result.ts';
import { readStatistics } from './statistics.ts';
import type { StatisticsReading } from './statistics.ts';
import { readTables } from './tables.ts';
import type { TableRow } from './tables.ts';

/** The cluster may be upgraded while we run. */
const FEATURES_MAX_AGE_MS = 600_000;

/** Of tables with a row per region or table: what we need, to keep large answers small. Of others all columns are read. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  tables: [
    'table_catalog',
    'table_schema',
    'table_name',
    'table_type',
    'table_id',
    'engine',
    'create_options',
  ],
  region_peers: REGION_PEER_COLUMNS,
  greptime_region_peers: REGION_PEER_COLUMNS,
  region_info: ['region_id', 'node_id', 'region_group', 'role', 'state', 'writable'],
};

interface Part {
  /** Limits the reading to one region where the cluster can. */
  readonly regionId?: RegionId | undefined;
  /** Whom to ask, if nobody else may answer. */
  readonly endpoint?: Endpoint;
}

/** Typed reads of information_schema, each in the form that this cluster takes. */
export class SqlSources {
  readonly client: SqlClient;
  #features: SqlFeatures;
  #probedAtMs: number;
  #isStale = false;

  constructor(client: SqlClient, features: SqlFeatures) {
    this.client = client;
    this.#features = features;
    this.#probedAtMs = client.caller.clock.monotonicMs();
  }

  get features(): SqlFeatures {
    return this.#features;
  }

  has(table: string): boolean {
    return this.#features.columns.has(table);
  }

  /** Asks again what the cluster offers, when that was long ago or turned out wrong. Until an answer contradicts it, it holds. */
  async refresh(signal: AbortSignal): Promise<void> {
    const ageMs = this.client.caller.clock.monotonicMs() - this.#probedAtMs;
    if (!this.#isStale && ageMs < FEATURES_MAX_AGE_MS) return;
    try {
      this.#features = await probeFeatures(this.client, signal);
    } catch (error) {
      if (this.#isStale || !(error instanceof OperatingError) || error.code === 'api-mismatch') throw error;
      return;
    }
    this.#probedAtMs = this.client.caller.clock.monotonicMs();
    this.#isStale = false;
  }

  /** Notes that the cluster does not have what it had. */
  doubt(): void {
    this.#isStale = true;
  }

  async tables(signal: AbortSignal): Promise<TableRow[]> {
    return readTables(await this.#read('sql-tables', 'tables', signal));
  }

  async regionPeers(signal: AbortSignal, endpoint?: Endpoint): Promise<PeerTable> {
    return this.#regionPeers(signal, endpoint && { endpoint });
  }

  /**
   * The rows of one region. Before 1.0 a predicate on the id loses rows, so that all must be read; later ones are asked for it alone, and
   * for all when nothing comes.
   */
  async regionPeersOf(regionId: RegionId, signal: AbortSignal): Promise<PeerTable> {
    const peers = this.has('region_info') ? await this.#regionPeers(signal, { regionId }) : undefined;
    return peers && findPeerEntry(peers, regionId) ? peers : this.#regionPeers(signal);
  }

  async #regionPeers(signal: AbortSignal, part?: Part): Promise<PeerTable> {
    return readRegionPeers(await this.#read('sql-region-peers', this.#features.regionPeers, signal, part));
  }

  async clusterInfo(signal: AbortSignal): Promise<NodeLook> {
    return readClusterInfo(await this.#read('sql-cluster-info', 'cluster_info', signal));
  }

  async statistics(signal: AbortSignal): Promise<StatisticsReading> {
    return readStatistics(await this.#read('sql-region-statistics', 'region_statistics', signal));
  }

  async procedures(signal: AbortSignal): Promise<ProcedureRow[]> {
    return readProcedures(await this.#read('sql-procedure-info', 'procedure_info', signal));
  }

  async regionInfo(signal: AbortSignal, regionId?: RegionId): Promise<RegionInfo> {
    return readRegionInfo(await this.#read('sql-region-info', 'region_info', signal, { regionId }));
  }

  /** @throws OperatingError when the id is no procedure id, or the state cannot be read. */
  async procedureState(procedureId: ProcedureId, signal: AbortSignal): Promise<ProcedureReading> {
    const id = procedureIdOf(procedureId);
    if (id === undefined)
      throw new OperatingError('procedure-id', `Expected a procedure id, got ${JSON.stringify(procedureId)}`);
    const query: Query = {
      operation: 'sql-procedure-state',
      statement: `${this.#features.form} procedure_state('${id}')`,
      isFinal: (error) => error.isUnknownProcedure,
      signal,
    };
    try {
      return readProcedureState(await this.client.select(query));
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (error.isUnknownProcedure) return { kind: 'not-found' };
      if (error.isSyntaxError || error.isUnknownName) this.doubt();
      throw error;
    }
  }

  /**
   * One table of information_schema. Should a server not take the columns or the predicate, all of the table is read: readers pick what they
   * need.
   */
  async #read(
    operation: OperationName,
    table: string,
    signal: AbortSignal,
    { regionId, endpoint }: Part = {},
  ): Promise<SqlRows> {
    const known = this.#features.columns.get(table);
    const wanted = COLUMNS[table]?.filter((column) => known?.includes(column) ?? true);
    const source = `information_schema.${table}${regionId === undefined ? '' : ` WHERE region_id = ${regionId}`}`;
    const statement = `SELECT ${wanted?.length ? wanted.join(', ') : '*'} FROM ${source}`;
    const whole = `SELECT * FROM information_schema.${table}`;
    const query = { operation, large: true, optional: isFragile(table), signal };
    try {
      return await this.client.select({ ...query, statement }, endpoint);
    } catch (error) {
      if (!(error instanceof SqlError) || !(error.isUnknownName || error.isSyntaxError)) throw error;
      this.doubt();
      if (statement === whole) throw error;
      return this.client.select({ ...query, statement: whole }, endpoint);
    }
  }
}

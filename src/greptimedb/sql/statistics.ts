import type { RegionId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import type { LoadReading } from '../load.ts';
import { decimalId } from '../../lib/json.ts';
import { amountOf } from '../wire.ts';
import type { SqlRows } from './result.ts';
import { TableRange } from './table-range.ts';

/** What the datanode that leads a region last reported of it. At most about 9 s old, 30 s before 0.10. */
interface RegionStatistics {
  readonly load: LoadReading;
  readonly status: RegionStatus;
}

export interface StatisticsReading {
  /** Regions that exactly one leader reports. A dead datanode's last report stays: two leaders say nothing. */
  readonly regions: ReadonlyMap<RegionId, RegionStatistics>;
  /** The tables that own regions here: physical ones. */
  readonly tableIds: ReadonlySet<string>;
}

/** Reads `information_schema.region_statistics` (0.9.4 and later). */
export async function readStatistics(rows: SqlRows): Promise<StatisticsReading> {
  const at = {
    region: rows.require('region_id'),
    role: rows.find('region_role'),
    memtable: rows.find('memtable_size'),
    disk: rows.find('disk_size'),
    written: rows.find('written_bytes_since_open'),
    rows: rows.find('region_rows'),
    parts: ['manifest_size', 'sst_size', 'index_size'].map((name) => rows.find(name)),
  };
  const regions = new Map<RegionId, RegionStatistics>();
  const ambiguous = new Set<RegionId>();
  const tableIds = new Set<string>();
  let table: TableRange | undefined;
  await rows.each((row, index) => {
    const id = decimalId(row[at.region]);
    if (id === undefined) throw rows.bad(index, 'region_id', 'an unsigned integer', row[at.region]);
    if (!table?.has(id)) {
      table = new TableRange(id);
      tableIds.add(String(table.table));
    }
    const status = leaderStatus(row[at.role]);
    if (status === undefined) return;
    if (regions.has(id)) ambiguous.add(id);
    const diskBytes = at.disk === -1 ? sumOf(at.parts.map((part) => row[part])) : amountOf(row[at.disk]);
    const load = {
      memtableBytes: amountOf(row[at.memtable]),
      diskBytes,
      writtenBytes: amountOf(row[at.written]),
      rows: amountOf(row[at.rows]),
    };
    regions.set(id, { load, status });
  });
  for (const id of ambiguous) regions.delete(id);
  return { regions, tableIds };
}

/** `Leader`, `Leader(Staging)`, `Leader(Downgrading)`; undefined for a follower. */
function leaderStatus(role: unknown): RegionStatus | undefined {
  if (typeof role !== 'string' || !/leader/i.test(role)) return undefined;
  if (/staging/i.test(role)) return 'staging';
  return /downgrad/i.test(role) ? 'migrating' : 'alive';
}

/** Before 0.10 there is no total. Undefined when no part is known. */
function sumOf(values: readonly unknown[]): number | undefined {
  const amounts = values.map(amountOf).filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : amounts.reduce((sum, amount) => sum + amount, 0);
}

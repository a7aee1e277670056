import { tableIdOf } from '../../domain/ids.ts';
import type { RegionId, TableId } from '../../domain/ids.ts';
import type { RegionStatus } from '../../domain/snapshot.ts';
import type { LoadReading } from '../load.ts';
import { amountOf } from '../wire.ts';
import type { SqlRows } from './result.ts';

/** What the datanode that leads a region last reported of it. At most about 9 s old, 30 s before 0.10. */
interface RegionStatistics {
  readonly load: LoadReading;
  readonly status: RegionStatus;
}

export interface StatisticsReading {
  /** Regions that exactly one leader reports. A dead datanode's last report stays: two leaders say nothing. */
  readonly regions: ReadonlyMap<RegionId, RegionStatistics>;
  /** The tables that own regions here: physical ones. */
  readonly tableIds: ReadonlySet<TableId>;
}

/** Reads `information_schema.region_statistics` (0.9.4 and later). */
export async function readStatistics(rows: SqlRows): Promise<StatisticsReading> {
  const [id, role, written] = [
    rows.id('region_id'),
    rows.optional('region_role'),
    rows.find('written_bytes_since_open'),
  ];
  const [memtable, disk, count] = [
    rows.find('memtable_size'),
    rows.find('disk_size'),
    rows.find('region_rows'),
  ];
  const parts = ['manifest_size', 'sst_size', 'index_size'].map((name) => rows.find(name));
  const hasTotal = rows.columns.includes('disk_size');
  const regions = new Map<RegionId, RegionStatistics>();
  const ambiguous = new Set<RegionId>();
  const tableIds = new Set<TableId>();
  await rows.each((row) => {
    const region = id(row);
    tableIds.add(tableIdOf(region));
    const status = leaderStatus(role(row));
    if (status === undefined) return;
    if (regions.has(region)) ambiguous.add(region);
    regions.set(region, {
      status,
      load: {
        memtableBytes: amountOf(memtable(row)),
        diskBytes: hasTotal ? amountOf(disk(row)) : sumOf(parts.map((part) => part(row))),
        writtenBytes: amountOf(written(row)),
        rows: amountOf(count(row)),
      },
    });
  });
  for (const id of ambiguous) regions.delete(id);
  return { regions, tableIds };
}

/** `Leader`, `Leader(Staging)`, `Leader(Downgrading)`; undefined for a follower. */
function leaderStatus(role: string): RegionStatus | undefined {
  if (!/leader/i.test(role)) return undefined;
  if (/staging/i.test(role)) return 'staging';
  return /downgrad/i.test(role) ? 'migrating' : 'alive';
}

/** Before 0.10 there is no total. Undefined when no part is known. */
function sumOf(values: readonly unknown[]): number | undefined {
  const amounts = values.map(amountOf).filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : amounts.reduce((sum, amount) => sum + amount, 0);
}

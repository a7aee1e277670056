import type { Profile } from '../../profiles/profile.ts';
import { clusterInfo } from './cluster-info.ts';
import type { InformationTable, TableFactory } from './information-table.ts';
import { partitions } from './partitions.ts';
import { procedureInfo } from './procedure-info.ts';
import { regionInfo } from './region-info.ts';
import { regionPeers } from './region-peers.ts';
import { regionStatistics } from './region-statistics.ts';
import { tables } from './tables.ts';

const FACTORIES: readonly TableFactory[] = [
  tables,
  partitions,
  regionPeers,
  clusterInfo,
  regionStatistics,
  regionInfo,
  procedureInfo,
];

/** The tables of information_schema that a version has and somebody reads, by name. */
export function informationTables(profile: Profile): ReadonlyMap<string, InformationTable> {
  const own = FACTORIES.map((make) => make(profile)).filter((table) => table !== null);
  return new Map(own.map((table) => [table.name, table]));
}

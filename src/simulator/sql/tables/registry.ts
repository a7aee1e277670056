import type { Profile } from '../../profiles/profiles.ts';
import { partitions, schemata, tables } from './catalog.ts';
import { clusterInfo } from './nodes.ts';
import { regionPeers } from './region-peers.ts';
import { regionInfo, regionStatistics } from './regions.ts';
import { buildInfo, columnsTable, procedureInfo } from './system.ts';
import type { InformationTable, TableFactory } from './table.ts';

const FACTORIES: readonly TableFactory[] = [
  tables,
  schemata,
  partitions,
  regionPeers,
  clusterInfo,
  regionStatistics,
  regionInfo,
  procedureInfo,
  buildInfo,
];

/** The tables of information_schema that a version has, by name. */
export function informationTables(profile: Profile): ReadonlyMap<string, InformationTable> {
  const own = FACTORIES.map((make) => make(profile)).filter((table) => table !== null);
  return new Map([...own, columnsTable(own)].map((table) => [table.name, table]));
}

import type { Profile } from '../../profiles.ts';
import { clusterInfo } from './cluster-info.ts';
import { procedureInfo } from './procedure-info.ts';
import { regionInfo } from './region-info.ts';
import { regionPeers } from './region-peers.ts';
import { regionStatistics } from './region-statistics.ts';
import type { SqlTable } from './table.ts';
import { tables } from './tables.ts';

/** A table of information_schema; undefined where the version has none of that name, or nobody reads it. */
export function informationTable(profile: Profile, name: string): SqlTable | undefined {
  if (name === profile.regionPeers) return regionPeers(profile);
  switch (name) {
    case 'tables':
      return tables(profile);
    case 'cluster_info':
      return profile.clusterInfo === 'none' ? undefined : clusterInfo(profile);
    case 'region_statistics':
      return profile.regionStatistics.length > 0 ? regionStatistics(profile) : undefined;
    case 'region_info':
      return profile.regionInfo ? regionInfo : undefined;
    case 'procedure_info':
      return profile.procedureInfo ? procedureInfo : undefined;
    default:
      return undefined;
  }
}

import { UsageError } from '../../domain/errors.ts';
import type { Profile } from './profile.ts';
import { V051, V060, V070, V072, V082, V090, V095 } from './profiles-before-010.ts';

const STATISTICS_010 = [
  'region_id',
  'table_id',
  'region_number',
  'region_rows',
  'disk_size',
  'memtable_size',
  'manifest_size',
  'sst_size',
  'index_size',
  'engine',
  'region_role',
];

const V0102: Profile = {
  ...V095,
  version: '0.10.2',
  gitCommit: 'a0e3a5ac',
  statFlushBeats: 3,
  sql: { ...V095.sql, regionStatistics: STATISTICS_010 },
};

const V0120: Profile = {
  ...V0102,
  version: '0.12.0',
  gitCommit: 'a78d2a0d',
  migration: {
    ...V0102.migration,
    closeDowngraded: true,
    rollback: true,
    followerShortcut: false,
    tableLock: 'exclusive',
  },
};

const V0140: Profile = {
  ...V0120,
  version: '0.14.0',
  gitCommit: 'b9a7c2e1',
  admin: { ...V0120.admin, clusterId: false },
  sql: {
    ...V0120.sql,
    functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'bare' },
    partitions: { createTimeType: 'TimestampMicrosecond', splitExpression: false },
    regionPeers: { ...V0120.sql.regionPeers!, tableColumns: true, followers: true },
  },
  migration: {
    ...V0120.migration,
    openTimeoutMs: 10_000,
    refusesFollower: true,
    namesActualLeader: true,
    rootCauseErrors: true,
    maxRunning: 128,
  },
};

const V0155: Profile = {
  ...V0140,
  version: '0.15.5',
  gitCommit: 'c3f3a1d7',
  admin: {
    ...V0140.admin,
    workloads: true,
    maintenance: 'json',
    procedureManager: true,
    httpPort: { early: true },
  },
  migration: { ...V0140.migration, preFlush: true, tableLock: 'none', alreadyThere: 'error' },
};

const V0160: Profile = {
  ...V0155,
  version: '0.16.0',
  gitCommit: '5bf5c4d2',
  sql: { ...V0155.sql, regionStatistics: withAfter(STATISTICS_010, 'sst_size', ['sst_num']) },
};

const V0170: Profile = {
  ...V0160,
  version: '0.17.0',
  gitCommit: '8ce7b1f0',
  admin: { ...V0160.admin, httpPort: { early: false } },
  sql: {
    ...V0160.sql,
    functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'nested' },
    regionPeers: { ...V0160.sql.regionPeers!, staging: true },
  },
  migration: { ...V0160.migration, deadPeerIsInternal: false },
};

const V100: Profile = {
  ...V0170,
  version: '1.0.0',
  gitCommit: '2d1ab1ce',
  admin: { ...V0170.admin, heartbeat: 'current' },
  sql: {
    ...V0170.sql,
    errorMessageHeader: true,
    partitions: { createTimeType: 'TimestampSecond', splitExpression: true },
    regionPeers: { ...V0170.sql.regionPeers!, predicateBug: false },
    clusterInfo: 'detailed',
    regionStatistics: withAfter(V0160.sql.regionStatistics!, 'region_rows', ['written_bytes_since_open']),
  },
  migration: { ...V0170.migration, openTimeoutMs: 'budget' },
};

const V101: Profile = {
  ...V100,
  version: '1.0.1',
  gitCommit: '6f0c1b2a',
  sql: { ...V100.sql, functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'plain' } },
};

const V110: Profile = {
  ...V101,
  version: '1.1.0',
  gitCommit: '91d3c0aa',
  sql: {
    ...V101.sql,
    functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'coded' },
    regionInfo: true,
  },
};

const V130: Profile = {
  ...V110,
  version: '1.3.0',
  gitCommit: '7fd0a7bb',
  sql: {
    ...V110.sql,
    regionStatistics: withAfter(V110.sql.regionStatistics!, 'written_bytes_since_open', [
      'query_cpu_time_millis',
      'query_scanned_bytes',
    ]),
  },
};

function withAfter(columns: readonly string[], after: string, added: readonly string[]): readonly string[] {
  const at = columns.indexOf(after) + 1;
  return [...columns.slice(0, at), ...added, ...columns.slice(at)];
}

/** All profiles, the oldest first. */
export const PROFILES: readonly Profile[] = [
  V051,
  V060,
  V070,
  V072,
  V082,
  V090,
  V095,
  V0102,
  V0120,
  V0140,
  V0155,
  V0160,
  V0170,
  V100,
  V101,
  V110,
  V130,
];

/** Short names that do not simply mean the newest profile of that series. */
const ALIASES: Readonly<Record<string, string>> = {
  latest: '1.3.0',
  legacy: '0.6.0',
  '0.5': '0.5.1',
  '0.11': '0.10.2',
  '0.13': '0.12.0',
  '1.0': '1.0.0',
  '1.2': '1.3.0',
};

/** Every name that `findProfile` takes: full versions, `major.minor`, `latest`, `legacy`. */
export function profileNames(): readonly string[] {
  const series = PROFILES.map((profile) => seriesOf(profile.version));
  return [...new Set([...PROFILES.map((profile) => profile.version), ...series, ...Object.keys(ALIASES)])];
}

/**
 * The profile for `1.3.0`, `1.3`, `v0.6`, `latest` …; a series stands for its newest profile (0.7 is 0.7.2, 0.9 is 0.9.5), but
 * 1.0 for 1.0.0.
 *
 * @throws UsageError that lists the known names.
 */
export function findProfile(name: string): Profile {
  const wanted = name.trim().replace(/^v/, '');
  const version = ALIASES[wanted] ?? wanted;
  const found =
    PROFILES.find((profile) => profile.version === version) ??
    PROFILES.findLast((profile) => seriesOf(profile.version) === version);
  if (found) return found;
  throw new UsageError(
    `No simulated GreptimeDB profile ${JSON.stringify(name)}; known: ${profileNames().join(', ')}`,
  );
}

function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

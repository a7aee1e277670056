import { UsageError } from '../../domain/errors.ts';
import type { AdminFacts, MigrationFacts, Profile, RegionPeerFacts, SqlFacts } from './profile.ts';

/** What is different from the profile before. */
interface Change extends Partial<Pick<Profile, 'leaderLeaseMs' | 'statFlushBeats' | 'migrationEvents'>> {
  readonly admin?: Partial<AdminFacts>;
  readonly sql?: Partial<SqlFacts>;
  readonly regionPeers?: Partial<RegionPeerFacts>;
  readonly migration?: Partial<MigrationFacts>;
}

function after(before: Profile, version: string, change: Change): Profile {
  const { admin, sql, regionPeers, migration, ...rest } = change;
  const peers = before.sql.regionPeers && { ...before.sql.regionPeers, ...regionPeers };
  return {
    ...before,
    ...rest,
    version,
    admin: { ...before.admin, ...admin },
    sql: { ...before.sql, regionPeers: peers, ...sql },
    migration: { ...before.migration, ...migration },
  };
}

const V051: Profile = {
  version: '0.5.1',
  leaderLeaseMs: 3_000,
  statFlushBeats: 10,
  migrationEvents: false,
  admin: {
    legacy: { replayTimeout: false, doubleEncodedRoute: true, leaderDownSince: false },
    clusterId: true,
    workloads: false,
    heartbeat: 'legacy',
    maintenance: 'none',
    procedureManager: false,
    httpPort: null,
  },
  sql: {
    codeInSuccess: true,
    errorsAre200: true,
    oldStatusMap: true,
    totalRows: false,
    errorMessageHeader: false,
    dbInForm: false,
    dropDatabase: false,
    functions: null,
    longTables: null,
    numbersTable: true,
    partitions: null,
    regionPeers: null,
    clusterInfo: null,
    regionStatistics: null,
    regionInfo: false,
    procedureInfo: false,
  },
  migration: {
    openTimeoutMs: 1_000,
    preFlush: false,
    closeDowngraded: false,
    rollback: false,
    followerShortcut: true,
    catalogLocks: false,
    tableLock: 'none',
    duplicateRefused: false,
    refusesFollower: false,
    alreadyThere: 'null',
    namesActualLeader: false,
    deadPeerIsInternal: true,
    rootCauseErrors: false,
    maxRunning: null,
  },
};

const V060 = after(V051, '0.6.0', {
  admin: { legacy: { replayTimeout: true, doubleEncodedRoute: true, leaderDownSince: false } },
  migration: { tableLock: 'share' },
});

const V070 = after(V060, '0.7.0', {
  admin: { legacy: { replayTimeout: true, doubleEncodedRoute: false, leaderDownSince: true } },
  sql: {
    codeInSuccess: false,
    functions: { form: 'SELECT', defaultTimeoutS: 10, wrapping: 'bare' },
    partitions: { createTimeType: 'DateTime', splitExpression: false },
    regionPeers: {
      name: 'greptime_region_peers',
      tableColumns: false,
      followers: false,
      predicateBug: true,
      logicalRows: 'repeated',
      downgradedWord: 'DOWNGRADED',
      staging: false,
    },
  },
});

const V072 = after(V070, '0.7.2', {
  admin: { maintenance: 'legacy' },
  sql: { errorsAre200: false, dropDatabase: true },
  migration: { catalogLocks: true },
});

const V082 = after(V072, '0.8.2', {
  admin: { legacy: null, maintenance: 'text' },
  sql: { totalRows: true, clusterInfo: 'plain' },
  regionPeers: { name: 'region_peers' },
});

const V090 = after(V082, '0.9.0', {
  leaderLeaseMs: 5_000,
  sql: { oldStatusMap: false, longTables: { timeType: 'DateTime', updateTime: false } },
  regionPeers: { logicalRows: 'renumbered' },
  migration: { duplicateRefused: true },
});

const V095 = after(V090, '0.9.5', {
  admin: { heartbeat: 'sized' },
  sql: {
    dbInForm: true,
    functions: { form: 'ADMIN', defaultTimeoutS: 30, wrapping: 'bare' },
    regionStatistics: words(
      'region_id table_id region_number memtable_size manifest_size sst_size engine region_role',
    ),
    procedureInfo: true,
  },
  regionPeers: { downgradedWord: 'DOWNGRADING' },
});

const V0102 = after(V095, '0.10.2', {
  statFlushBeats: 3,
  sql: {
    regionStatistics: words(
      'region_id table_id region_number region_rows disk_size memtable_size manifest_size sst_size index_size engine region_role',
    ),
  },
});

const V0120 = after(V0102, '0.12.0', {
  sql: { errorMessageHeader: true },
  migration: { closeDowngraded: true, rollback: true, followerShortcut: false, tableLock: 'exclusive' },
});

const V0140 = after(V0120, '0.14.0', {
  admin: { clusterId: false },
  sql: {
    functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'bare' },
    longTables: { timeType: 'TimestampMicrosecond', updateTime: false },
    partitions: { createTimeType: 'TimestampMicrosecond', splitExpression: false },
  },
  regionPeers: { tableColumns: true, followers: true },
  migration: {
    openTimeoutMs: 10_000,
    refusesFollower: true,
    namesActualLeader: true,
    rootCauseErrors: true,
    maxRunning: 128,
  },
});

const V0155 = after(V0140, '0.15.5', {
  admin: { workloads: true, maintenance: 'json', procedureManager: true, httpPort: { early: true } },
  migration: { preFlush: true, tableLock: 'none', alreadyThere: 'error' },
});

const V0160 = after(V0155, '0.16.0', {
  migrationEvents: true,
  sql: {
    regionStatistics: words(
      'region_id table_id region_number region_rows disk_size memtable_size manifest_size sst_size sst_num index_size engine region_role',
    ),
  },
});

const V0170 = after(V0160, '0.17.0', {
  admin: { httpPort: { early: false } },
  sql: {
    functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'nested' },
    longTables: { timeType: 'TimestampSecond', updateTime: false },
  },
  regionPeers: { staging: true },
  migration: { deadPeerIsInternal: false },
});

const V100 = after(V0170, '1.0.0', {
  admin: { heartbeat: 'current' },
  sql: {
    longTables: { timeType: 'TimestampSecond', updateTime: true },
    numbersTable: false,
    partitions: { createTimeType: 'TimestampSecond', splitExpression: true },
    clusterInfo: 'detailed',
    regionStatistics: words(
      'region_id table_id region_number region_rows written_bytes_since_open disk_size memtable_size manifest_size sst_size sst_num index_size engine region_role',
    ),
  },
  regionPeers: { predicateBug: false },
  migration: { openTimeoutMs: 'budget' },
});

const V102 = after(V100, '1.0.2', {
  sql: { functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'plain' } },
});

const V110 = after(V102, '1.1.0', {
  sql: { functions: { form: 'ADMIN', defaultTimeoutS: 300, wrapping: 'coded' }, regionInfo: true },
});

const V130 = after(V110, '1.3.0', {
  sql: {
    regionStatistics: words(
      'region_id table_id region_number region_rows written_bytes_since_open query_cpu_time_millis query_scanned_bytes disk_size memtable_size manifest_size sst_size sst_num index_size engine region_role',
    ),
  },
});

function words(text: string): string[] {
  return text.split(' ');
}

/** All profiles, the oldest first: each one its predecessor with the differences named. */
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
  V102,
  V110,
  V130,
];

/** Names of versions that have no profile of their own, but speak like one that has, and others. */
const ALIASES: Readonly<Record<string, string>> = {
  latest: '1.3.0',
  legacy: '0.6.0',
  '0.11': '0.10.2',
  '0.13': '0.12.0',
  '1.0.1': '1.0.2',
  '1.2': '1.3.0',
};

/** Every name that `findProfile` takes: full versions, `major.minor`, `latest`, `legacy`. */
export function profileNames(): readonly string[] {
  const series = PROFILES.map((profile) => seriesOf(profile.version));
  return [...new Set([...PROFILES.map((profile) => profile.version), ...series, ...Object.keys(ALIASES)])];
}

/**
 * The profile for `1.3.0`, `1.3`, `v0.6`, `latest` …; a series stands for its newest profile (0.7 is 0.7.2, 0.9 is 0.9.5).
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

import type { Profile } from './profile.ts';

/** Versions up to 0.9, each one its predecessor with the differences named. */
export const V051: Profile = {
  version: '0.5.1',
  gitCommit: '9f1ed9d4',
  leaderLeaseMs: 3_000,
  statFlushBeats: 10,
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
    functions: null,
    longTables: false,
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

export const V060: Profile = {
  ...V051,
  version: '0.6.0',
  gitCommit: '1bd53567',
  admin: {
    ...V051.admin,
    legacy: { replayTimeout: true, doubleEncodedRoute: true, leaderDownSince: false },
  },
  migration: { ...V051.migration, tableLock: 'share' },
};

export const V070: Profile = {
  ...V060,
  version: '0.7.0',
  gitCommit: 'e1e39993',
  admin: {
    ...V060.admin,
    legacy: { replayTimeout: true, doubleEncodedRoute: false, leaderDownSince: true },
  },
  sql: {
    ...V060.sql,
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
};

export const V072: Profile = {
  ...V070,
  version: '0.7.2',
  gitCommit: '3a326775',
  admin: { ...V070.admin, maintenance: 'legacy' },
  sql: { ...V070.sql, errorsAre200: false },
  migration: { ...V070.migration, catalogLocks: true },
};

export const V082: Profile = {
  ...V072,
  version: '0.8.2',
  gitCommit: '48a0f39b',
  admin: { ...V072.admin, legacy: null, maintenance: 'text' },
  sql: {
    ...V072.sql,
    totalRows: true,
    regionPeers: { ...V072.sql.regionPeers!, name: 'region_peers' },
    clusterInfo: 'plain',
  },
};

export const V090: Profile = {
  ...V082,
  version: '0.9.0',
  gitCommit: 'e22a16d3',
  leaderLeaseMs: 5_000,
  sql: {
    ...V082.sql,
    oldStatusMap: false,
    longTables: true,
    regionPeers: { ...V082.sql.regionPeers!, logicalRows: 'renumbered' },
  },
  migration: { ...V082.migration, duplicateRefused: true },
};

const STATISTICS_095 = [
  'region_id',
  'table_id',
  'region_number',
  'memtable_size',
  'manifest_size',
  'sst_size',
  'engine',
  'region_role',
];

export const V095: Profile = {
  ...V090,
  version: '0.9.5',
  gitCommit: '9e83f8c1',
  admin: { ...V090.admin, heartbeat: 'sized' },
  sql: {
    ...V090.sql,
    dbInForm: true,
    functions: { form: 'ADMIN', defaultTimeoutS: 30, wrapping: 'bare' },
    regionPeers: { ...V090.sql.regionPeers!, downgradedWord: 'DOWNGRADING' },
    regionStatistics: STATISTICS_095,
    procedureInfo: true,
  },
};

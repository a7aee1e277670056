import { UsageError } from '../domain/errors.ts';

/** The versions that differ from the one before, the oldest first. */
const VERSIONS = [
  ...(['0.5.1', '0.6.0', '0.7.0', '0.7.2', '0.8.2', '0.9.0', '0.9.5', '0.10.2', '0.12.0'] as const),
  ...(['0.14.0', '0.15.5', '0.16.0', '0.17.0', '1.0.0', '1.0.2', '1.1.0', '1.3.0'] as const),
];
type Version = (typeof VERSIONS)[number];

export type TimeType = 'DateTime' | 'TimestampMicrosecond' | 'TimestampSecond';

const FIRST_SIZES = ['memtable_size', 'manifest_size', 'sst_size'];
const MORE_SIZES = [...FIRST_SIZES, 'region_rows', 'disk_size', 'index_size'];
const WRITES = [...MORE_SIZES, 'sst_num', 'written_bytes_since_open'];
const QUERIES = [...WRITES, 'query_cpu_time_millis', 'query_scanned_bytes'];

/** What one GreptimeDB version does on the wire and in behaviour, read from the public sources at its tag. */
function profileOf(version: Version) {
  const until = VERSIONS.slice(0, VERSIONS.indexOf(version) + 1);
  const since = (first: Version): boolean => until.includes(first);
  const before = (first: Version): boolean => !since(first);
  /** What it was in 0.5.1, and what it became with later versions. */
  const fact = <T>(oldest: T, changes: Readonly<Partial<Record<Version, T>>>): T =>
    until.reduce((held, each) => changes[each] ?? held, oldest);
  return {
    version: version as string,
    /** Leader lease of metasrv: also how long a cluster is without a leader when the old one vanishes. */
    leaderLeaseMs: fact(3_000, { '0.9.0': 5_000 }),
    /** The leader keeps a datanode's statistics of every n-th heartbeat. */
    statFlushBeats: fact(10, { '0.10.2': 3 }),
    /**
     * Metasrv records migrations in the table `greptime_private.events`, which comes into being with the first one, and knows who
     * asked for each.
     */
    migrationEvents: since('0.16.0'),

    /** Routes, catalogs, tables and migration over metasrv HTTP. */
    legacyAdmin: before('0.8.2'),
    replayTimeout: since('0.6.0'),
    /** `/admin/route` answers a JSON string that contains JSON. */
    doubleEncodedRoute: before('0.7.0'),
    leaderDownSince: since('0.7.0'),
    /** `cluster_id` is a required parameter of node-lease and a field of leases and heartbeats. */
    clusterId: before('0.14.0'),
    /** Leases tell workloads. */
    workloads: since('0.15.5'),
    heartbeat: fact<'legacy' | 'sized' | 'current'>('legacy', { '0.9.5': 'sized', '1.0.0': 'current' }),
    maintenance: fact<'none' | 'text' | 'json'>('none', { '0.7.2': 'text', '0.15.5': 'json' }),
    /**
     * The second, axum-served port. On the early one errors of maintenance and procedure-manager become 404; leases and heartbeats
     * are text/plain.
     */
    httpPort: fact<'none' | 'early' | 'current'>('none', { '0.15.5': 'early', '0.17.0': 'current' }),

    /** Successes of SQL say `"code":0`. */
    codeInSuccess: before('0.7.0'),
    /** Errors of SQL arrive with HTTP 200. */
    errorsAre200: before('0.7.2'),
    /** 1005 answers 200 and 7006 answers 401. */
    oldStatusMap: before('0.9.0'),
    totalRows: since('0.8.2'),
    /** Errors come with their text, and not with the time they took, as a header. */
    errorMessageHeader: since('0.12.0'),
    dbInForm: since('0.9.5'),
    dropDatabase: since('0.7.2'),
    /** The statement that calls `migrate_region` and `procedure_state`. */
    adminFunctions: fact<'SELECT' | 'ADMIN' | null>(null, { '0.7.0': 'SELECT', '0.9.5': 'ADMIN' }),
    defaultTimeoutS: fact(10, { '0.9.5': 30, '0.14.0': 300 }),
    /** How a text of metasrv reaches the client of SQL. */
    errorWrapping: fact<'bare' | 'nested' | 'plain' | 'coded'>('bare', {
      '0.17.0': 'nested',
      '1.0.2': 'plain',
      '1.1.0': 'coded',
    }),
    /** `tables` has sizes, times and create_options. */
    longTables: since('0.9.0'),
    tablesTimeType: fact<TimeType>('DateTime', {
      '0.14.0': 'TimestampMicrosecond',
      '0.17.0': 'TimestampSecond',
    }),
    /** `tables.update_time` is told. */
    updateTime: since('1.0.0'),
    /** `public.numbers`, which has no regions. */
    numbersTable: before('1.0.0'),
    /** Name of the table of regions and peers. */
    regionPeers: fact<string | null>(null, { '0.7.0': 'greptime_region_peers', '0.8.2': 'region_peers' }),
    peersNameTables: since('0.14.0'),
    peersTellFollowers: since('0.14.0'),
    peersTellStaging: since('0.17.0'),
    /** The first row of a table that fails a predicate hides the rest of the table. */
    peersPredicateBug: before('1.0.0'),
    /** Regions of logical tables have ids of their own; before, those of the physical table are repeated. */
    peersRenumberLogical: since('0.9.0'),
    downgradedWord: fact('DOWNGRADED', { '0.9.5': 'DOWNGRADING' }),
    clusterInfo: fact<'none' | 'plain' | 'detailed'>('none', { '0.8.2': 'plain', '1.0.0': 'detailed' }),
    /** Measures that `region_statistics` and heartbeats tell; without any there is no such table. */
    regionStatistics: fact<readonly string[]>([], {
      '0.9.5': FIRST_SIZES,
      '0.10.2': MORE_SIZES,
      '0.16.0': [...MORE_SIZES, 'sst_num'],
      '1.0.0': WRITES,
      '1.3.0': QUERIES,
    }),
    regionInfo: since('1.1.0'),
    procedureInfo: since('0.9.5'),

    /** How long the candidate may take to open; `budget` is max(budget / 2, region lease). */
    openTimeoutMs: fact<number | 'budget'>(1_000, { '0.14.0': 10_000, '1.0.0': 'budget' }),
    preFlush: since('0.15.5'),
    closeDowngraded: since('0.12.0'),
    /** A procedure that cannot go on is rolled back; before, it stays as it is. */
    rollback: since('0.12.0'),
    /** A target that already follows the region needs no opening. */
    followerShortcut: before('0.12.0'),
    catalogLocks: since('0.7.2'),
    tableLock: fact<'none' | 'Share' | 'Exclusive'>('none', {
      '0.6.0': 'Share',
      '0.12.0': 'Exclusive',
      '0.15.5': 'none',
    }),
    duplicateRefused: since('0.9.0'),
    refusesFollower: since('0.14.0'),
    /** A region that is there already is an error; before, it is a null. */
    refusesArrived: since('0.15.5'),
    namesActualLeader: since('0.14.0'),
    /** A dead peer is told as an internal error, which SQL masks. */
    deadPeerIsInternal: before('0.17.0'),
    rootCauseErrors: since('0.14.0'),
    maxRunning: fact(Number.POSITIVE_INFINITY, { '0.14.0': 128 }),
  };
}

export type Profile = Readonly<ReturnType<typeof profileOf>>;

/** All profiles, the oldest first. */
export const PROFILES: readonly Profile[] = VERSIONS.map(profileOf);

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
  return [...new Set([...VERSIONS, ...VERSIONS.map(seriesOf), ...Object.keys(ALIASES)])];
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

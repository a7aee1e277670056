/**
 * The schema, as steps. Step n takes a database of version n - 1 to n. A step that was ever released is never edited; the next
 * change is the next step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE moves (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_id          TEXT NOT NULL,
    cycle_id         INTEGER NOT NULL,
    region_id        TEXT NOT NULL,
    table_id         TEXT NOT NULL,
    table_name       TEXT NOT NULL,
    from_id          TEXT NOT NULL,
    to_id            TEXT NOT NULL,
    reason           TEXT NOT NULL,
    state            TEXT NOT NULL,
    -- 1 while something of the move may still happen in the cluster.
    unresolved       INTEGER NOT NULL,
    procedure_id     TEXT,
    cause            TEXT,
    detail           TEXT,
    created_at_ms    INTEGER NOT NULL,
    -- Set before the request leaves: the move counts as submitted from then on.
    intent_at_ms     INTEGER,
    submitted_at_ms  INTEGER,
    downgraded_at_ms INTEGER,
    ended_at_ms      INTEGER,
    late_outcome     TEXT,
    late_cause       TEXT,
    late_detail      TEXT,
    late_at_ms       INTEGER,
    undone_at_ms     INTEGER
  ) STRICT;
  CREATE INDEX moves_unresolved ON moves (id) WHERE unresolved = 1;
  CREATE INDEX moves_region     ON moves (region_id, id);
  CREATE INDEX moves_cycle      ON moves (cycle_id, id);
  CREATE INDEX moves_procedure  ON moves (procedure_id) WHERE procedure_id IS NOT NULL;
  CREATE INDEX moves_intent     ON moves (intent_at_ms) WHERE intent_at_ms IS NOT NULL;
  CREATE INDEX moves_ended      ON moves (ended_at_ms);
  CREATE INDEX moves_undone     ON moves (undone_at_ms) WHERE undone_at_ms IS NOT NULL;

  CREATE TABLE transitions (
    move_id    INTEGER NOT NULL REFERENCES moves (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (move_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE cycles (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger        TEXT NOT NULL,
    started_at_ms  INTEGER NOT NULL,
    ended_at_ms    INTEGER,
    outcome        TEXT,
    moved          INTEGER,
    detail         TEXT,
    table_skew_max REAL,
    node_skew      REAL
  ) STRICT;

  CREATE TABLE plans (
    plan_id       TEXT PRIMARY KEY,
    cycle_id      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    moves         INTEGER NOT NULL,
    json          TEXT
  ) STRICT;
  CREATE INDEX plans_created ON plans (created_at_ms);

  CREATE TABLE samples (
    cycle_id INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    regions  TEXT NOT NULL
  ) STRICT;
  CREATE INDEX samples_at ON samples (at_ms);

  CREATE TABLE cooldowns (
    region_id TEXT PRIMARY KEY,
    until_ms  INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE quarantine (
    region_id TEXT PRIMARY KEY,
    failures  INTEGER NOT NULL,
    until_ms  INTEGER NOT NULL,
    detail    TEXT NOT NULL
  ) STRICT;

  CREATE TABLE pause (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    reason   TEXT NOT NULL,
    by       TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    until_ms INTEGER
  ) STRICT;

  CREATE TABLE drains (
    datanode TEXT PRIMARY KEY,
    by       TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who   TEXT NOT NULL,
    what  TEXT NOT NULL,
    why   TEXT NOT NULL
  ) STRICT;

  CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- The procedures of the region that the cluster listed right before the intent, as a JSON list: none of them is ours.
  ALTER TABLE moves ADD COLUMN known_before TEXT;
  `,
  `
  -- How even the cluster was, with each plan and while moves are made: no longer once a cycle.
  CREATE TABLE balance_samples (
    id             INTEGER PRIMARY KEY,
    at_ms          INTEGER NOT NULL,
    -- Regions moved since the sample before.
    moved          INTEGER NOT NULL,
    table_skew_max REAL,
    node_skew      REAL,
    -- Regions of the emptiest and of the fullest target.
    least          INTEGER,
    most           INTEGER
  ) STRICT;
  CREATE INDEX balance_samples_at ON balance_samples (at_ms);
  INSERT INTO balance_samples (at_ms, moved, table_skew_max, node_skew, least, most)
    SELECT samples.at_ms, coalesce(cycles.moved, 0), cycles.table_skew_max, cycles.node_skew,
      (SELECT min(value) FROM json_each(samples.regions)), (SELECT max(value) FROM json_each(samples.regions))
    FROM samples LEFT JOIN cycles ON cycles.id = samples.cycle_id ORDER BY samples.at_ms;
  DROP TABLE samples;
  ALTER TABLE cycles DROP COLUMN table_skew_max;
  ALTER TABLE cycles DROP COLUMN node_skew;
  CREATE INDEX cycles_ended ON cycles (ended_at_ms);
  `,
  `
  -- One word for one thing: outcomes as the metrics spell them, causes as the plan's blockers.
  CREATE TEMP TABLE words (old TEXT PRIMARY KEY, new TEXT NOT NULL) STRICT;
  INSERT INTO words VALUES
    ('rolled-back', 'rolled_back'),
    ('timed-out', 'timed_out'),
    ('region-migrating', 'migrating'),
    ('region-busy', 'migrating'),
    ('region-staging', 'staging'),
    ('source-dead', 'leader-dead'),
    ('target-unknown', 'target-dead'),
    ('target-is-follower', 'follower-on-target'),
    ('refused-target-is-follower', 'follower-on-target'),
    ('refused-leader-changed', 'leader-changed'),
    ('refused-region-gone', 'region-gone'),
    ('check-failed', 'gate-closed'),
    ('no-verdict', 'outcome-unknown');
  UPDATE moves SET state = (SELECT new FROM words WHERE old = state) WHERE state IN (SELECT old FROM words);
  UPDATE moves SET cause = (SELECT new FROM words WHERE old = cause) WHERE cause IN (SELECT old FROM words);
  UPDATE moves SET late_cause = (SELECT new FROM words WHERE old = late_cause) WHERE late_cause IN (SELECT old FROM words);
  UPDATE transitions SET to_state = (SELECT new FROM words WHERE old = to_state) WHERE to_state IN (SELECT old FROM words);
  DROP TABLE words;
  `,
  `
  -- Nothing ever read them.
  DROP TABLE plans;
  DROP TABLE transitions;
  `,
  `
  -- Migrations that failed in a row, by the datanode that they were from or to. It rests while until_ms lies ahead.
  CREATE TABLE datanode_failures (
    datanode TEXT NOT NULL,
    role     TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (datanode, role)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Whose state this is, once it was claimed: at most one row.
  CREATE TABLE cluster (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    name       TEXT NOT NULL,
    -- The number of the cluster at metasrv, as far as it has one.
    metasrv_id INTEGER,
    -- Ids and full names of some tables, as a JSON list of pairs.
    tables     TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- When cycles began, now and then: whether time passed is seen from these, not from one reading of a clock.
  CREATE TABLE clock_marks (at_ms INTEGER PRIMARY KEY) STRICT;
  INSERT INTO clock_marks SELECT max(started_at_ms) FROM cycles GROUP BY started_at_ms / 86400000;
  `,
  `
  -- Datanodes that somebody asked to cordon while running, as the drains.
  CREATE TABLE cordons (
    datanode TEXT PRIMARY KEY,
    by       TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What was learned of loads: at most one row each. The means are packed: eight bytes an id, and four numbers of eight bytes a region.
  CREATE TABLE load_memory (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    cycles_above INTEGER NOT NULL,
    active       INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE loads (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    by      TEXT NOT NULL,
    ids     BLOB NOT NULL,
    numbers BLOB NOT NULL
  ) STRICT;
  `,
  `
  -- Failures over time, without a look at each move that succeeded.
  CREATE INDEX moves_failed ON moves (ended_at_ms) WHERE state IN ('failed', 'rolled_back', 'timed_out');
  `,
];

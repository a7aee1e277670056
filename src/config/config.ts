import { DEFAULT_EXCLUDES } from '../domain/selector.ts';
import type { z } from 'zod';
import { balance } from './balance.ts';
import * as field from './fields.ts';
import type { ConfigKey } from './key.ts';
import { key, keysOf, mapOf, optionalKey, requiredKey, section } from './key.ts';

/** Also the levels of the logger. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const APIS = ['auto', 'sql', 'metasrv'] as const;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const tls = section(
  {
    caFile: optionalKey(
      field.path,
      'Certificates (PEM) of the authorities to trust instead of the built-in ones.',
    ),
    certFile: optionalKey(field.path, 'Client certificate (PEM) for mutual TLS; needs keyFile.'),
    keyFile: optionalKey(field.path, 'Private key (PEM) of the client certificate; needs certFile.'),
    insecureSkipVerify: key(
      field.boolean,
      false,
      'Accept any server certificate. Anybody on the way can then read and change what is sent.',
    ),
  },
  'TLS for https endpoints.',
);

const cluster = section(
  {
    name: key(field.text('a name'), 'greptimedb', 'Name of the cluster in logs, snapshots and the web page.'),
    api: key(
      field.choice(APIS),
      'auto',
      'How to talk to GreptimeDB: sql (0.7 and later), metasrv (0.5.1 to 0.7), or auto: find out.',
    ),
    sql: section(
      {
        endpoints: key(field.endpoints, [], 'HTTP addresses of the frontends.'),
        username: optionalKey(
          field.text('a user name without ":"', (name) => !name.includes(':')),
          'User for HTTP Basic authentication; needs passwordFile.',
        ),
        passwordFile: optionalKey(field.path, 'File that holds the password.'),
        tls,
      },
      'The frontends.',
    ),
    metasrv: section(
      {
        endpoints: key(
          field.endpoints,
          [],
          'HTTP addresses of the metasrvs. With api sql optional: for maintenance mode and fresher routes.',
        ),
        clusterId: key(
          field.whole(0, Number.MAX_SAFE_INTEGER),
          0,
          'Cluster id that metasrvs before GreptimeDB 0.12 need.',
        ),
        allowedHosts: key(
          field.hosts,
          [],
          "Hosts besides the endpoints' own that the leader's address may name; empty: those near the endpoints.",
        ),
        tls,
      },
      'The metasrvs.',
    ),
    requestTimeout: key(
      field.duration({ maxMs: HOUR_MS }),
      '10s',
      'Time limit of one request to the cluster.',
    ),
  },
  'The GreptimeDB cluster to balance.',
);

const execution = section(
  {
    dryRun: key(field.boolean, true, 'Plan and report, but move nothing.'),
    maxMovesPerCycle: key(field.whole(1, 100_000), 20, 'Most moves per cycle; later cycles do the rest.'),
    maxMovesPerHour: key(field.whole(0, 1_000_000), 0, 'Most moves per hour; 0 means no limit.'),
    replayTimeout: key(
      field.duration({ minMs: 1_000, maxMs: DAY_MS }),
      '5m',
      'Time limit that GreptimeDB gets for the steps of one migration, such as replaying the write-ahead log.',
    ),
    moveTimeout: key(
      field.duration({ minMs: 1_000, maxMs: 7 * DAY_MS }),
      '15m',
      'Give up watching a migration after this time. Set it to at least replayTimeout + 10m.',
    ),
    pauseBetweenMoves: key(field.duration({ minMs: 0, maxMs: DAY_MS }), '2s', 'Wait between two moves.'),
    pollInterval: key(field.duration({ maxMs: HOUR_MS }), '1s', 'How often a running migration is checked.'),
    regionCooldown: key(
      field.duration({ minMs: 0 }),
      '1h',
      'How long a moved region stays where it is. A change counts for later moves.',
    ),
    maxConsecutiveFailures: key(
      field.whole(1, 1_000),
      3,
      'The rebalancer pauses itself after so many failed moves in a row.',
    ),
    maxSnapshotAge: key(field.duration(), '2m', 'Nothing is moved when the snapshot is older than this.'),
    minAliveShare: key(
      field.share,
      0.5,
      'Nothing is moved while fewer of the datanodes than this share are alive.',
    ),
    quarantine: section(
      {
        base: key(
          field.duration(),
          '10m',
          'How long a region is left alone after its first failed move, and a datanode after its second in a row; doubles each time.',
        ),
        max: key(field.duration(), '24h', 'The longest such time.'),
      },
      'Regions and datanodes whose moves fail.',
    ),
    thrash: section(
      {
        undoneMoves: key(
          field.whole(1, 1_000),
          3,
          'The rebalancer pauses itself after somebody else undid so many moves.',
        ),
        window: key(field.duration(), '1h', 'The time in which they are counted.'),
      },
      'What to do when somebody else keeps undoing moves.',
    ),
  },
  'How moves are carried out.',
);

const window = {
  cron: requiredKey(field.cron, 'When the window opens, in schedule.timezone.'),
  // As long as executor/windows.ts looks back.
  duration: requiredKey(field.duration({ maxMs: 31 * DAY_MS }), 'How long it stays open.'),
};

const schedule = section(
  {
    cron: key(field.cron, '*/5 * * * *', 'When a cycle starts; six fields start with seconds.'),
    timezone: key(field.timezone, 'UTC', 'Time zone of schedule.cron and of the windows.'),
    windows: key(
      field.maps(mapOf(window), window, '[{cron: "0 1 * * *", duration: 4h}]'),
      [],
      'When regions may be moved; without windows, always. Plans are made at all times.',
    ),
  },
  'When the rebalancer works.',
);

const ha = section(
  {
    provider: key(
      field.choice(['none', 'etcd', 'kubernetes']),
      'none',
      'Where replicas elect their leader; none: there is only one replica.',
    ),
    identity: optionalKey(
      field.text('a name'),
      'Name of this replica for the others and for people; the host name if absent.',
    ),
    leaseDuration: key(
      field.duration({ minMs: 2_000, maxMs: HOUR_MS }),
      '15s',
      'How long a leader that no longer renews its lease is still respected.',
    ),
    renewDeadline: key(
      field.duration({ minMs: 1_000, maxMs: HOUR_MS }),
      '10s',
      'A leader that could not renew its lease for this time stops leading. The rest of the lease is the safety margin.',
    ),
    retryPeriod: key(
      field.duration({ minMs: 100, maxMs: HOUR_MS }),
      '2s',
      'How often to renew the lease, or to try to get it.',
    ),
    etcd: section(
      {
        endpoints: key(field.endpoints, [], 'Client addresses of etcd (3.4 or later).'),
        prefix: key(
          field.text('a prefix of keys'),
          '/greptime-rebalancer',
          'Keys are PREFIX/NAME/leader and PREFIX/NAME/handover with the name of the cluster.',
        ),
        username: optionalKey(field.text('a user name'), 'User of etcd; needs passwordFile.'),
        passwordFile: optionalKey(field.path, 'File that holds the password.'),
        tls,
      },
      'The lock in etcd.',
    ),
    kubernetes: section(
      {
        endpoint: key(field.url, 'https://kubernetes.default.svc', 'The API server.'),
        namespace: optionalKey(field.text('a name'), "Namespace of the Lease; the pod's own if absent."),
        lease: key(field.text('a name'), 'greptime-rebalancer', 'Name of the Lease.'),
        serviceAccount: key(
          field.folder,
          '/var/run/secrets/kubernetes.io/serviceaccount',
          "Folder with the service account's token, ca.crt and namespace.",
        ),
      },
      'The lock in a Lease of Kubernetes.',
    ),
  },
  'High availability: several replicas, of which one leads and acts.',
);

const NOTIFICATION_EVENTS = ['started', 'finished', 'blocked', 'failed', 'paused'] as const;

const notifications = section(
  {
    url: optionalKey(field.webhook, 'Where to post to. Without url and urlFile nothing is sent.'),
    urlFile: optionalKey(
      field.path,
      'File that holds the URL, for those that are secrets themselves; wins over url.',
    ),
    format: key(
      field.choice(['generic', 'slack']),
      'generic',
      'generic: JSON of our own; slack: what Slack, Mattermost and others take.',
    ),
    events: key(field.choices(NOTIFICATION_EVENTS), [...NOTIFICATION_EVENTS], 'Which events to send.'),
    tokenFile: optionalKey(field.path, 'File that holds a bearer token for the receiver.'),
    timeout: key(field.duration({ maxMs: 60_000 }), '10s', 'Time limit of one attempt; there are five.'),
  },
  'Messages to a webhook. They are sent in a dry run too.',
);

/** Every key of the configuration, with its default and its meaning. */
const keys = {
  cluster,
  tables: section(
    {
      include: key(field.patterns, [], 'Tables to balance; without any, all.'),
      exclude: key(field.patterns, [...DEFAULT_EXCLUDES], 'Tables to leave alone; wins over include.'),
    },
    'Which tables are balanced: ids, schema.table or catalog.schema.table, with * and ?.',
  ),
  datanodes: section(
    {
      expected: key(field.ids, [], 'The datanodes, for clusters that cannot list them.'),
      weights: key(field.weights, {}, 'Weight of each datanode; those not named here have 1.'),
      drain: key(field.ids, [], 'Datanodes to empty.'),
      cordon: key(field.ids, [], 'Datanodes that keep their regions and receive none.'),
    },
    'Settings for single datanodes.',
  ),
  pins: section(
    {
      tables: key(field.patterns, [], 'Tables whose regions stay where they are, but are counted.'),
      regions: key(field.ids, [], 'Regions that stay where they are, but are counted.'),
    },
    'What stays where it is.',
  ),
  balance,
  schedule,
  planning: section(
    {
      timeBudget: key(
        field.duration({ maxMs: HOUR_MS }),
        '5s',
        'Time limit for finding the fewest moves, counted in steps (10 000 in 1 ms); then the best plan so far is taken.',
      ),
      planExpiry: key(field.duration(), '1h', 'apply refuses plan files older than this.'),
    },
    'How plans are made.',
  ),
  execution,
  state: section(
    {
      path: key(field.folder, './data', 'Folder for the state of one cluster. It must survive restarts.'),
      retention: key(field.duration({ minMs: HOUR_MS }), '365d', 'How long history is kept.'),
    },
    'Where the rebalancer keeps its state.',
  ),
  server: section(
    {
      listen: key(
        field.listen,
        '127.0.0.1:9480',
        'Address of metrics, API and web page; port 0 takes a free one.',
      ),
      tokenFile: optionalKey(
        field.path,
        'File with the API token. With it, every change (POST) needs the token.',
      ),
      allowedHosts: key(
        field.hosts,
        [],
        'Host names that clients use besides the listen address and loopback, such as those of proxies and services.',
      ),
      protectReads: key(field.boolean, false, 'Reads need the token too; needs tokenFile.'),
      tls: section(
        {
          certFile: optionalKey(
            field.path,
            'Certificate (PEM) of this server, with its chain; with it only https is served. Needs keyFile.',
          ),
          keyFile: optionalKey(field.path, 'Private key (PEM) of the certificate; needs certFile.'),
        },
        'TLS of this server.',
      ),
    },
    'HTTP server.',
  ),
  ha,
  notifications,
  log: section(
    { level: key(field.choice(LOG_LEVELS), 'info', 'Lines of this level and above are written.') },
    'Log lines.',
  ),
};

export const configSchema = section(keys, 'The whole file.');

/** A configuration is checked once: compiling the schema for that takes longer than the check. */
export const PARSE_ONCE = { jitless: true };

/** Every section and key, parents first, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysOf(keys);

/**
 * The effective configuration: what the schema makes of a file. Times in milliseconds, ids as decimal texts, paths absolute, every
 * default filled in.
 */
export type Config = z.output<typeof configSchema>;

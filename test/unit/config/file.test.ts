import { describe, expect, test } from 'vitest';
import { configFrom, refusalOf } from '../../support/config.ts';

const DEFAULTS = {
  cluster: {
    name: 'greptimedb',
    api: 'auto',
    sql: { endpoints: [], tls: { insecureSkipVerify: false } },
    metasrv: { endpoints: [], clusterId: 0, allowedHosts: [], tls: { insecureSkipVerify: false } },
    requestTimeoutMs: 10_000,
  },
  tables: { include: [], exclude: ['greptime_private.*'] },
  datanodes: { expected: [], weights: {}, drain: [], cordon: [] },
  pins: { tables: [], regions: [] },
  balance: {
    objective: 'count',
    load: { by: 'writes', tolerance: 0.1, trigger: 0.2, stableFor: 3, minimum: 1_048_576 },
  },
  schedule: { cron: '*/5 * * * *', timezone: 'UTC', windows: [] },
  planning: { timeBudgetMs: 5_000, planExpiryMs: 3_600_000 },
  execution: {
    dryRun: true,
    maxMovesPerCycle: 20,
    maxMovesPerHour: 0,
    replayTimeoutMs: 300_000,
    moveTimeoutMs: 900_000,
    pauseBetweenMovesMs: 2_000,
    pollIntervalMs: 1_000,
    regionCooldownMs: 3_600_000,
    maxConsecutiveFailures: 3,
    maxSnapshotAgeMs: 120_000,
    minAliveShare: 0.5,
    quarantine: { baseMs: 600_000, maxMs: 86_400_000 },
    thrash: { undoneMoves: 3, windowMs: 3_600_000 },
  },
  state: { path: '/etc/rebalancer/data', retentionMs: 31_536_000_000 },
  server: { listen: { host: '127.0.0.1', port: 9480 }, allowedHosts: [], protectReads: false, tls: {} },
  ha: {
    provider: 'none',
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    etcd: { endpoints: [], prefix: '/greptime-rebalancer', tls: { insecureSkipVerify: false } },
    kubernetes: {
      endpoint: 'https://kubernetes.default.svc',
      lease: 'greptime-rebalancer',
      serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
    },
  },
  notifications: {
    format: 'generic',
    events: ['started', 'finished', 'blocked', 'failed', 'paused'],
    timeoutMs: 10_000,
  },
  log: { level: 'info' },
};

const EVERYTHING = `
cluster:
  name: prod
  api: auto
  sql:
    endpoints: [http://greptimedb-frontend:4000]
    username: rebalancer
    passwordFile: /run/secrets/greptimedb-password
    tls: { caFile: ca.pem, certFile: c.pem, keyFile: k.pem, insecureSkipVerify: false }
  metasrv:
    endpoints: [http://metasrv-0:3002, http://metasrv-1:3002/]
    clusterId: 0
  requestTimeout: 10s
tables:
  include: ["public.*", 1024]
  exclude: ["greptime_private.*"]
datanodes:
  expected: [0, "1", 2]
  weights: { 3: 2 }
  drain: [18446744073709551615]
  cordon: [9007199254740993]
pins: { tables: [], regions: [4398046511104] }
balance: { objective: count }
schedule: { cron: "*/5 * * * *", timezone: Europe/Berlin, windows: [{ cron: "0 1 * * *", duration: 4h }] }
execution:
  dryRun: false
  maxMovesPerCycle: 20
  replayTimeout: 5m
  moveTimeout: 15m
  pauseBetweenMoves: 0s
  regionCooldown: 1h30m
  maxConsecutiveFailures: 3
state: { path: ./data }
server: { listen: "[::1]:9480", tokenFile: token }
log: { level: debug }
`;

/** Each case is a file and, after `=>`, the place and text of its refusal. */
function cases(text: string): string[][] {
  return [...text.matchAll(/\n([^]+?)\n=> (.+)/g)].map(([, file, refusal]) => [file!, refusal!]);
}

describe('a configuration file', () => {
  test.each(['', '# nothing\n', '---\n', '{}', 'cluster:\ntables:\n', 'datanodes: { drain: , weights: }'])(
    'that says nothing (%j) means the defaults',
    (text) => {
      expect(configFrom(text)).toEqual(DEFAULTS);
    },
  );

  test('is read with every key: ids as texts, durations in milliseconds, file names from its own folder', () => {
    const config = configFrom(EVERYTHING);
    expect(config).toMatchObject({
      cluster: {
        name: 'prod',
        sql: {
          username: 'rebalancer',
          passwordFile: '/run/secrets/greptimedb-password',
          tls: {
            caFile: '/etc/rebalancer/ca.pem',
            certFile: '/etc/rebalancer/c.pem',
            keyFile: '/etc/rebalancer/k.pem',
          },
        },
        metasrv: { endpoints: ['http://metasrv-0:3002', 'http://metasrv-1:3002'], clusterId: 0 },
      },
      tables: { include: ['public.*', '1024'] },
      datanodes: {
        expected: ['0', '1', '2'],
        weights: { '3': 2 },
        drain: ['18446744073709551615'],
        cordon: ['9007199254740993'],
      },
      pins: { regions: ['4398046511104'] },
      schedule: { timezone: 'Europe/Berlin', windows: [{ cron: '0 1 * * *', durationMs: 14_400_000 }] },
      execution: { dryRun: false, pauseBetweenMovesMs: 0, regionCooldownMs: 5_400_000 },
      state: { path: '/etc/rebalancer/data' },
      server: { listen: { host: '::1', port: 9480 }, tokenFile: '/etc/rebalancer/token' },
      log: { level: 'debug' },
    });
  });

  test('may use anchors, and aliases are checked like what they stand for', () => {
    const text = 'datanodes:\n  drain: &ids [1, 2]\n  expected: *ids\n';
    expect(configFrom(text).datanodes).toMatchObject({ drain: ['1', '2'], expected: ['1', '2'] });
    expect(refusalOf('datanodes:\n  drain: &ids [-1]\n  expected: *ids\n')).toEqual([
      'rebalancer.yaml:2:16: datanodes.expected[0]: found -1, wanted an id: a whole number from 0 to 18446744073709551615',
      'rebalancer.yaml:2:16: datanodes.drain[0]: found -1, wanted an id: a whole number from 0 to 18446744073709551615',
    ]);
  });

  test('may hold values of Windows line ends and a byte order mark', () => {
    expect(configFrom('\uFEFFlog:\r\n  level: warn\r\n').log.level).toBe('warn');
  });
});

describe('a wrong value is refused with line, column, what was found and what was wanted', () => {
  test.each(
    cases(`
schedule:
  cron: every 5 minutes
=> 2:9: schedule.cron: found "every 5 minutes", wanted a cron expression such as "*/5 * * * *"
schedule: { cron: "@daily" }
=> 1:19: schedule.cron: found "@daily", wanted a cron expression such as "*/5 * * * *"
schedule: { cron: "60 * * * *" }
=> 1:19: schedule.cron: found "60 * * * *", wanted a cron expression such as "*/5 * * * *"
schedule: { timezone: Mars }
=> 1:23: schedule.timezone: found "Mars", wanted an IANA time zone such as UTC or Europe/Berlin
schedule: { windows: [{ cron: "0 1 * * *" }] }
=> 1:23: schedule.windows[0].duration: found nothing, wanted a duration such as 500ms, 30s, 5m or 1h30m
schedule: { windows: [{ cron: "0 1 1 * *", duration: 745h }] }
=> 1:54: schedule.windows[0].duration: found "745h", wanted a duration of at most 31d
schedule: { windows: [1] }
=> 1:23: schedule.windows[0]: found 1, wanted a map of keys
execution: { moveTimeout: 900 }
=> 1:27: execution.moveTimeout: found 900, wanted a duration such as 500ms, 30s, 5m or 1h30m (the unit is missing)
execution: { moveTimeout: "900" }
=> 1:27: execution.moveTimeout: found "900", wanted a duration such as 500ms, 30s, 5m or 1h30m (the unit is missing)
execution: { moveTimeout: 15 min }
=> 1:27: execution.moveTimeout: found "15 min", wanted a duration such as 500ms, 30s, 5m or 1h30m
execution: { moveTimeout: 0s }
=> 1:27: execution.moveTimeout: found "0s", wanted a duration of at least 1s
execution: { pollInterval: 0ms }
=> 1:28: execution.pollInterval: found "0ms", wanted a duration of at least 1ms
execution: { pollInterval: 2h }
=> 1:28: execution.pollInterval: found "2h", wanted a duration of at most 1h
execution: { dryRun: yes }
=> 1:22: execution.dryRun: found "yes", wanted true or false
execution: { dryRun: }
=> 1:22: execution.dryRun: found nothing, wanted true or false
execution: { maxMovesPerCycle: 0 }
=> 1:32: execution.maxMovesPerCycle: found 0, wanted a whole number from 1 to 100000
execution: { maxMovesPerCycle: 1.5 }
=> 1:32: execution.maxMovesPerCycle: found 1.5, wanted a whole number from 1 to 100000
execution: { maxMovesPerCycle: "5" }
=> 1:32: execution.maxMovesPerCycle: found "5", wanted a whole number from 1 to 100000
execution: { minAliveShare: 50 }
=> 1:29: execution.minAliveShare: found 50, wanted a number from 0 to 1
execution: { minAliveShare: .nan }
=> 1:29: execution.minAliveShare: found NaN, wanted a number from 0 to 1
execution: { maxMovesPerCycle: -.inf }
=> 1:32: execution.maxMovesPerCycle: found -Infinity, wanted a whole number from 1 to 100000
execution: 5
=> 1:12: execution: found 5, wanted a map of keys
cluster: { name: 5 }
=> 1:18: cluster.name: found 5, wanted a name, in quotes
cluster: { name: "" }
=> 1:18: cluster.name: found "", wanted a name
cluster: { api: http }
=> 1:17: cluster.api: found "http", wanted "auto" or "sql" or "metasrv"
cluster: { sql: { endpoints: http://a:4000 } }
=> 1:30: cluster.sql.endpoints: found "http://a:4000", wanted a list of at most 10000 entries, such as [http://host:4000]
cluster: { sql: { endpoints: [a:4000] } }
=> 1:31: cluster.sql.endpoints[0]: found "a:4000", wanted a URL such as http://host:4000
cluster: { sql: { endpoints: [http://me:geheim@a:4000] } }
=> 1:31: cluster.sql.endpoints[0]: found "http://***@a:4000", wanted a URL without user name and password (they go into username and passwordFile)
cluster: { sql: { endpoints: ["http://a:4000/v1/sql?db=x"] } }
=> 1:31: cluster.sql.endpoints[0]: found "http://a:4000/v1/sql?db=x", wanted a URL without path, query and fragment, such as http://host:4000
cluster: { metasrv: { clusterId: -1 } }
=> 1:34: cluster.metasrv.clusterId: found -1, wanted a whole number from 0 to 9007199254740991
datanodes: { drain: [18446744073709551616] }
=> 1:22: datanodes.drain[0]: found 18446744073709551616, wanted an id: a whole number from 0 to 18446744073709551615
datanodes: { weights: { 3: 0 } }
=> 1:28: datanodes.weights.3: found 0, wanted a whole number from 1 to 1000000
datanodes: { weights: { dn: 1 } }
=> 1:29: datanodes.weights.dn: found "dn", wanted a datanode id as the key
datanodes: { weights: [2] }
=> 1:23: datanodes.weights: found a list, wanted a map of datanode ids to weights, such as {3: 2}
tables: { include: [cpu] }
=> 1:21: tables.include[0]: found "cpu", wanted a table id, or a pattern such as "public.*" or "greptime.public.cpu"
balance: { objective: evenly }
=> 1:23: balance.objective: found "evenly", wanted "count" or "load"
balance: { load: { tolerance: 0.1 } }
=> 1:31: balance.load.tolerance: found 0.1, wanted a percentage such as 10%, from 1% to 100%
balance: { load: { minimum: 1 MiB/h } }
=> 1:29: balance.load.minimum: found "1 MiB/h", wanted a size such as 1MiB/s or 1GiB, or a whole number
server: { listen: 9480 }
=> 1:19: server.listen: found 9480, wanted an address such as 127.0.0.1:9480 or [::1]:9480
server: { listen: "::1:9480" }
=> 1:19: server.listen: found "::1:9480", wanted an address such as 127.0.0.1:9480 or [::1]:9480
server: { listen: "a:65536" }
=> 1:19: server.listen: found "a:65536", wanted an address such as 127.0.0.1:9480 or [::1]:9480
server: { listen: "1.2.3.400:1" }
=> 1:19: server.listen: found "1.2.3.400:1", wanted an address such as 127.0.0.1:9480 or [::1]:9480
log: { level: loud }
=> 1:15: log.level: found "loud", wanted "debug" or "info" or "warn" or "error" or "silent"
- 1
=> 1:1: found a list, wanted a map of keys
hello
=> 1:1: found "hello", wanted a map of keys
`),
  )('%s', (text, message) => {
    expect(refusalOf(text)).toEqual([`rebalancer.yaml:${message}`]);
  });
});

describe('the password of a URL is shown by no refusal', () => {
  test.each([
    ['http://me:geheim@a:4000', 'http://***@a:4000'],
    ['http:/me:geheim@a:4000', 'http:/***@a:4000'],
    ['http:me:geheim@a:4000', 'http:***@a:4000'],
    ['https:///me:geheim@a', 'https:///***@a'],
    ['htp:/me:geheim@a', '***@a'],
    ['me:geheim@a:4000', '***@a:4000'],
    ['http://me:geheim/geheim@a', 'http://***@a'],
    ['http://me:geheim%40a', 'http://***@a'],
  ])('where an endpoint is %s', (endpoint, shown) => {
    const [line] = refusalOf(`cluster: { sql: { endpoints: ["${endpoint}"] } }`);
    expect(line).toContain(`cluster.sql.endpoints[0]: found "${shown}", wanted a URL`);
  });

  test.each([
    'cluster: { sql: { http://me:geheim@a:4000: x } }',
    'cluster: { sql: { http:/me:geheim@a: 1, http:/me:geheim@a: 1 } }',
    'cluster: { sql: http:/me:geheim@a }',
    'cluster: { sql: !http:/me:geheim@a {} }',
    'cluster:\n  sql: > http:/me:geheim@a\n',
    'notifications: { url: "htps:/me:geheim@a" }',
    'http:/me:geheim@a',
  ])('in %j', (text) => {
    const lines = refusalOf(text).join('\n');
    expect(lines).toContain('***@a');
    expect(lines).not.toContain('geheim');
  });
});

describe('an unknown key is refused, with the one that was probably meant', () => {
  test.each(
    cases(`
execution:
  dry_run: true
=> 2:3: execution.dry_run: unknown key; did you mean execution.dryRun?
dryRun: true
=> 1:1: dryRun: unknown key; did you mean execution.dryRun?
cluster: { sql: { password: geheim } }
=> 1:19: cluster.sql.password: unknown key; did you mean cluster.sql.passwordFile?
clusters: {}
=> 1:1: clusters: unknown key; did you mean cluster?
schedule: { windows: [{ cron: "0 1 * * *", duration: 4h, for: 4h }] }
=> 1:58: schedule.windows[0].for: unknown key
schedule: { windows: [{ crn: x, cron: "0 1 * * *", duration: 4h }] }
=> 1:25: schedule.windows[0].crn: unknown key; did you mean schedule.windows[0].cron?
zebra: 1
=> 1:1: zebra: unknown key
"": 1
=> 1:1: : unknown key
`),
  )('%s', (text, message) => {
    expect(refusalOf(text)).toEqual([`rebalancer.yaml:${message}`]);
  });
});

describe('what is no YAML is refused with its place', () => {
  test.each([
    ['log: {}\nlog: {}', /^rebalancer\.yaml:2:1: log: given twice$/],
    ['datanodes:\n  weights: {3: 1, "3": 2}', /^rebalancer\.yaml:2:19: datanodes\.weights\.3: given twice$/],
    ['log: [', /^rebalancer\.yaml:1:7: Flow sequence/],
    ['log:\n\tlevel: info', /^rebalancer\.yaml:2:1: Tabs are not allowed/],
    ['a: 1\n---\nb: 2', /^rebalancer\.yaml:2:1: found a second document, wanted one$/],
    ['log: !secret x', /^rebalancer\.yaml:1:6: Unresolved tag: !secret$/],
    ['? {a: b}\n: 1', /^rebalancer\.yaml:1:3: found a key that is not text/],
    ['__proto__: { x: 1 }', /^rebalancer\.yaml:1:1: found a key that is not text/],
    [
      'x: *nowhere',
      'rebalancer.yaml:1:4: x: found *nowhere, wanted an alias of an anchor that stands before it',
    ],
    ['log: &a [*a]', /^rebalancer\.yaml:1:10: too large/],
    [`log: ${'['.repeat(100_000)}`, /^rebalancer\.yaml: nested too deeply$/],
    [`datanodes: { drain: [${'1,'.repeat(200_001)}] }`, /^rebalancer\.yaml:1:\d+: too large/],
  ])('%j', (text, message) => {
    expect(refusalOf(text)[0]).toMatch(message);
  });
});

describe('keys that contradict each other are refused', () => {
  test.each(
    cases(`
datanodes:
  drain: [1, 2]
  cordon: [3, 2]
=> 3:15: datanodes.cordon[1]: found 2, which is in datanodes.drain too, wanted it in one of the two
cluster: { api: metasrv, sql: { endpoints: [http://a] } }
=> 1:17: cluster.api: found "metasrv" without cluster.metasrv.endpoints, wanted at least one endpoint
cluster: { api: sql }
=> 1:17: cluster.api: found "sql" without cluster.sql.endpoints, wanted at least one endpoint
cluster: { sql: { username: me } }
=> 1:29: cluster.sql.username: found "me" without cluster.sql.passwordFile, wanted both or neither
cluster: { sql: { passwordFile: p } }
=> 1:33: cluster.sql.passwordFile: found "/etc/rebalancer/p" without cluster.sql.username, wanted both or neither
cluster: { metasrv: { tls: { certFile: c } } }
=> 1:40: cluster.metasrv.tls.certFile: found "/etc/rebalancer/c" without cluster.metasrv.tls.keyFile, wanted both or neither
execution: { replayTimeout: 20m }
=> 1:29: execution.replayTimeout: found replayTimeout 20m and moveTimeout 15m, wanted replayTimeout no longer than moveTimeout
execution: { moveTimeout: 1m }
=> 1:27: execution.moveTimeout: found replayTimeout 5m and moveTimeout 1m, wanted replayTimeout no longer than moveTimeout
execution: { quarantine: { max: 1m } }
=> 1:33: execution.quarantine.max: found base 10m and max 1m, wanted base no longer than max
server: { protectReads: true }
=> 1:25: server.protectReads: found true without server.tokenFile, wanted a token that reads can show
balance: { load: { trigger: 5% } }
=> 1:29: balance.load.trigger: found tolerance 10% and trigger 5%, wanted tolerance below trigger
`),
  )('%s', (text, message) => {
    expect(refusalOf(text)).toEqual([`rebalancer.yaml:${message}`]);
  });

  test('and they are found beside wrong values, but not among them', () => {
    const text = 'datanodes: { drain: [1], cordon: [1] }\nexecution: { moveTimeout: 5, replayTimeout: 1h }';
    expect(refusalOf(text)).toEqual([
      'rebalancer.yaml:2:27: execution.moveTimeout: found 5, wanted a duration such as 500ms, 30s, 5m or 1h30m (the unit is missing)',
      'rebalancer.yaml:1:35: datanodes.cordon[0]: found 1, which is in datanodes.drain too, wanted it in one of the two',
    ]);
  });
});

describe('a broken or hostile file is refused soon, in few and short lines:', () => {
  const times = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => text(i));
  const hostile: readonly (readonly [string, string, string])[] = [
    ['unknown keys', times(60_000, (i) => `key${i}: 1`).join('\n'), 'and 59980 more problems'],
    [
      'unknown keys in a section',
      `execution:\n${times(50_000, (i) => `  key${i}: 1`).join('\n')}`,
      'and 49980 more problems',
    ],
    ['wrong entries', `datanodes: { drain: [${'-1, '.repeat(5_000)}] }`, 'and 4980 more problems'],
    [
      'more entries than a list may have',
      `datanodes: { drain: [${'1, '.repeat(60_000)}] }`,
      'rebalancer.yaml:1:21: datanodes.drain: found a list, wanted a list of at most 10000 entries, such as [0, 1, 2]',
    ],
    [
      'wrong keys of a map',
      `datanodes: { weights: {${times(60_000, (i) => `x${i}: 1`).join(', ')}} }`,
      'and 59980 more problems',
    ],
    ['a key given again and again', 'log: {}\n'.repeat(60_000), 'and 59979 more problems'],
    ['a long key', `${'k'.repeat(1_000)}: 1`, `rebalancer.yaml:1:1: ${'k'.repeat(80)}…: unknown key`],
    [
      'a long number',
      `datanodes: { drain: [0x${'f'.repeat(500_000)}] }`,
      'an id: a whole number from 0 to 18446744073709551615',
    ],
    ['a long word of the language', '%'.repeat(500_000), `%…`],
    ['deep lists', `log: ${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'rebalancer.yaml: nested too deeply'],
    ['deep entries', '- '.repeat(200_000), 'rebalancer.yaml: nested too deeply'],
    [
      'deep maps',
      times(100, (i) => `${' '.repeat(i)}log:`).join('\n'),
      'rebalancer.yaml:2:2: log.log: unknown key',
    ],
    [
      'aliases of aliases',
      ['a0: &a0 [x]', ...times(15, (i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`)].join('\n'),
      'rebalancer.yaml:16:1: a15: unknown key',
    ],
    ['aliases of nothing', `log: [${times(10_000, (i) => `*a${i}`).join(', ')}]`, 'and 182 more problems'],
    ['an alias of itself', 'log: &log [*log]', 'found a list, wanted a map of keys'],
    ['commas', `log: [${','.repeat(300_000)}]`, 'rebalancer.yaml:1:12: Unexpected , in flow sequence'],
    ['quotes', '"'.repeat(300_000), 'rebalancer.yaml:1:11: Unexpected double-quoted-scalar at node end'],
  ];

  test.each(hostile)('%s', (_, text, last) => {
    const lines = refusalOf(text);
    expect(lines.length).toBeLessThanOrEqual(21);
    for (const line of lines) expect(line.length).toBeLessThan(500);
    expect(lines.at(-1)).toContain(last);
  });
});

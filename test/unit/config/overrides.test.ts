import { describe, expect, test } from 'vitest';
import { variableOf } from '../../../src/config/overrides.ts';
import { CONFIG_KEYS } from '../../../src/config/config.ts';
import { configFrom, refusalOf } from '../../support/config.ts';

const PREFIX = 'GREPTIME_REBALANCER_';
const DRY_RUN = 'GREPTIME_REBALANCER_EXECUTION__DRY_RUN';

describe('the environment', () => {
  test('stands over the file', () => {
    const config = configFrom('execution: { dryRun: true, maxMovesPerCycle: 7 }', {
      env: { [DRY_RUN]: 'false' },
    });
    expect(config.execution).toMatchObject({ dryRun: false, maxMovesPerCycle: 7 });
  });

  test.each([
    [
      'CLUSTER__SQL__ENDPOINTS',
      '[http://a:1, "http://b:2"]',
      { cluster: { sql: { endpoints: ['http://a:1', 'http://b:2'] } } },
    ],
    ['CLUSTER__SQL__ENDPOINTS', '["http://a:1"]', { cluster: { sql: { endpoints: ['http://a:1'] } } }],
    ['CLUSTER__NAME', '2026', { cluster: { name: '2026' } }],
    [
      'CLUSTER__METASRV__CLUSTER_ID',
      '9007199254740991',
      { cluster: { metasrv: { clusterId: 9007199254740991 } } },
    ],
    ['DATANODES__WEIGHTS', '{3: 2, "4": 5}', { datanodes: { weights: { '3': 2, '4': 5 } } }],
    [
      'DATANODES__WEIGHTS__18446744073709551615',
      '5',
      { datanodes: { weights: { '18446744073709551615': 5 } } },
    ],
    ['DATANODES__DRAIN', '[]', { datanodes: { drain: [] } }],
    [
      'PINS',
      '{regions: [18446744073709551615]}',
      { pins: { tables: [], regions: ['18446744073709551615'] } },
    ],
    ['EXECUTION__MAX_MOVES_PER_CYCLE', '5', { execution: { maxMovesPerCycle: 5 } }],
    ['EXECUTION__MIN_ALIVE_SHARE', '0.75', { execution: { minAliveShare: 0.75 } }],
    ['EXECUTION__QUARANTINE__BASE', '1m', { execution: { quarantine: { baseMs: 60_000 } } }],
    ['SCHEDULE__CRON', '0 * * * *', { schedule: { cron: '0 * * * *' } }],
    [
      'SCHEDULE__WINDOWS',
      '[{cron: "0 1 * * *", duration: 4h}]',
      { schedule: { windows: [{ cron: '0 1 * * *', durationMs: 14_400_000 }] } },
    ],
    ['SERVER__LISTEN', '[::]:80', { server: { listen: { host: '::', port: 80 } } }],
    ['SERVER__TOKEN_FILE', 'token', { server: { tokenFile: '/srv/token' } }],
  ])('gives %s=%s', (name, text, expected) => {
    expect(configFrom('', { env: { [PREFIX + name]: text } })).toMatchObject(expected);
  });

  test('gives a list as a whole and a section before its keys', () => {
    const text = 'datanodes: { drain: [1, -2] }';
    expect(configFrom(text, { env: { [`${PREFIX}DATANODES__DRAIN`]: '[3]' } }).datanodes.drain).toEqual([
      '3',
    ]);
    const env = { [`${PREFIX}LOG__LEVEL`]: 'error', [`${PREFIX}LOG`]: '{level: debug}' };
    expect(configFrom('', { env }).log.level).toBe('error');
  });

  test.each([
    ['EXECUTION__DRY_RUN', 'nope', ': execution.dryRun: found "nope", wanted true or false'],
    ['EXECUTION__DRY_RUN', '', ': execution.dryRun: found nothing, wanted true or false'],
    [
      'EXECUTION__MOVE_TIMEOUT',
      '900',
      ': execution.moveTimeout: found "900", wanted a duration such as 500ms, 30s, 5m or 1h30m (the unit is missing)',
    ],
    [
      'DATANODES__DRAIN',
      '[1, x]',
      ': datanodes.drain[1]: found "x", wanted an id: a whole number from 0 to 18446744073709551615',
    ],
    ['DATANODES__WEIGHTS__DN', '1', ': datanodes.weights.dn: found "dn", wanted a datanode id as the key'],
    ['EXECUTION__DRYRUN', 'x', ': unknown variable; did you mean GREPTIME_REBALANCER_EXECUTION__DRY_RUN?'],
    ['EXECUTION_DRY_RUN', 'x', ': unknown variable; did you mean GREPTIME_REBALANCER_EXECUTION__DRY_RUN?'],
    ['LOG__LEVL', 'x', ': unknown variable; did you mean GREPTIME_REBALANCER_LOG__LEVEL?'],
    ['execution__dryRun', 'x', ': unknown variable; did you mean GREPTIME_REBALANCER_EXECUTION__DRY_RUN?'],
    ['', 'x', ': unknown variable'],
    [
      'PASSWORD',
      'geheim',
      ': unknown variable; did you mean GREPTIME_REBALANCER_CLUSTER__SQL__PASSWORD_FILE?',
    ],
    [
      'SCHEDULE__WINDOWS__0__CRON',
      'x',
      ': unknown variable; did you mean GREPTIME_REBALANCER_SCHEDULE__WINDOWS?',
    ],
  ])('is refused where wrong: %s=%s', (name, text, message) => {
    const lines = refusalOf('', { env: { [PREFIX + name]: text } });
    expect(lines).toEqual([`${PREFIX}${name}${message}`]);
  });

  test('text that is no YAML is refused where YAML is wanted', () => {
    const [line] = refusalOf('', { env: { [`${PREFIX}DATANODES__DRAIN`]: '[1' } });
    expect(line).toMatch(
      /^GREPTIME_REBALANCER_DATANODES__DRAIN: datanodes\.drain: found "\[1", wanted list of ids as YAML: /,
    );
  });

  test.each([
    'CONFIG',
    'URL',
    'TOKEN_FILE',
    'SERVICE_HOST',
    'SERVICE_PORT',
    'SERVICE_PORT_HTTP',
    'PORT',
    'PORT_9480_TCP',
    'PORT_9480_TCP_ADDR',
    'METRICS_SERVICE_HOST',
    'METRICS_PORT_9480_TCP_PROTO',
  ])('may hold %s, which is for the commands or comes from Kubernetes', (name) => {
    expect(refusalOf('', { env: { [PREFIX + name]: 'tcp://10.0.0.1:9480' } })).toEqual([]);
  });

  test('has a variable of its own for every key', () => {
    const paths = CONFIG_KEYS.map(({ path }) => path).filter((path) => !path.includes('[]'));
    const names = paths.map(variableOf);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, name] of names.entries())
      expect(refusalOf('', { env: { [name]: '!' } }).join('\n'), paths[index]).not.toContain(
        'unknown variable',
      );
  });
});

describe('flags', () => {
  test('stand over environment and file, and over --set', () => {
    const env = { [`${PREFIX}LOG__LEVEL`]: 'warn', [DRY_RUN]: 'true' };
    const flags = { 'log.level': 'error', 'execution.dryRun': false, 'server.listen': undefined };
    const set = ['log.level=silent', 'execution.pauseBetweenMoves=7s'];
    const config = configFrom('log: { level: debug }', { env, flags, set });
    expect(config).toMatchObject({
      log: { level: 'error' },
      execution: { dryRun: false, pauseBetweenMovesMs: 7_000 },
    });
  });

  test('may be values or text', () => {
    const flags = { 'datanodes.drain': ['1', '2'], 'datanodes.cordon': '[3]', 'datanodes.weights.4': 2 };
    expect(configFrom('', { flags }).datanodes).toMatchObject({
      drain: ['1', '2'],
      cordon: ['3'],
      weights: { '4': 2 },
    });
  });

  test('take relative file names from the working directory', () => {
    expect(configFrom('', { set: ['server.tokenFile=t=1'] }).server.tokenFile).toBe('/srv/t=1');
    expect(configFrom('', { flags: { 'state.path': 'there' } }).state.path).toBe('/srv/there');
    expect(configFrom('', { set: ['state={ retention: 2d }'] }).state.path).toBe('/etc/rebalancer/data');
  });

  test.each([
    [{ set: ['execution.dryRun=maybe'] }, '--set: execution.dryRun: found "maybe", wanted true or false'],
    [
      { set: ['execution.dryrun=true'] },
      '--set: execution.dryrun: unknown key; did you mean execution.dryRun?',
    ],
    [{ set: ['log.level'] }, '--set: found "log.level", wanted KEY=VALUE such as log.level=debug'],
    [
      { set: ['cluster.sql.endpoints:http:/me:geheim@a'] },
      '--set: found "***@a", wanted KEY=VALUE such as log.level=debug',
    ],
    [{ set: ['=x'] }, '--set: found "=x", wanted KEY=VALUE such as log.level=debug'],
    [{ set: ['__proto__.x=1'] }, '--set: __proto__.x: unknown key'],
    [
      { flags: { 'server.listen': 'x' } },
      'command line: server.listen: found "x", wanted an address such as 127.0.0.1:9480 or [::1]:9480',
    ],
    [
      { flags: { 'execution.maxMovesPerCycle': -1 } },
      'command line: execution.maxMovesPerCycle: found -1, wanted a whole number from 1 to 100000',
    ],
  ])('are refused where wrong: %j', (sources, message) => {
    expect(refusalOf('', sources)).toEqual([message]);
  });
});

test('all problems of all sources are listed at once', () => {
  const lines = refusalOf('log: { level: loud }\nfoo: 1', {
    env: { [DRY_RUN]: 'maybe', [`${PREFIX}FOO`]: '1' },
    set: ['state.path='],
  });
  expect(lines).toHaveLength(5);
});

test('very many unknown variables are told of in few lines', () => {
  const names = Array.from({ length: 30_000 }, (_, index) => [`${PREFIX}EXECUTION__KEY_${index}`, '1']);
  const lines = refusalOf('', { env: Object.fromEntries(names) });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('and 29980 more problems');
});

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeChanges, printConfig, toPolicy } from '../../../src/config/effective.ts';
import { CONFIG_KEYS } from '../../../src/config/config.ts';
import { requireCluster } from '../../../src/config/config-file.ts';
import { configFrom } from '../../support/config.ts';
import { DEFAULT_POLICY } from '../../support/plans.ts';

const FULL = `
cluster:
  name: "yes"
  sql: { endpoints: [https://a, http://b:4000], username: me, passwordFile: p, tls: { caFile: ca, certFile: c, keyFile: k } }
  metasrv: { endpoints: [http://c:3002], clusterId: 7, tls: { caFile: ca, certFile: c, keyFile: k } }
tables: { include: [1024, "a.*"], exclude: [] }
datanodes: { expected: [0], weights: { 18446744073709551615: 2 }, drain: [1], cordon: [2] }
pins: { tables: ["a.b"], regions: [4398046511104] }
schedule: { cron: "*/5 * * * *", windows: [{ cron: "0 1 * * *", duration: 90m }] }
execution: { dryRun: false, pollInterval: 1500ms, pauseBetweenMoves: 0s }
server: { listen: "[::1]:0", tokenFile: t, protectReads: true, tls: { certFile: c, keyFile: k } }
ha:
  provider: etcd
  identity: r-0
  etcd: { endpoints: [http://e:2379], username: me, passwordFile: p, tls: { caFile: ca, certFile: c, keyFile: k } }
  kubernetes: { namespace: n }
notifications: { url: https://h/p, urlFile: u, tokenFile: n, format: slack, events: [failed] }
`;

describe('the printed configuration', () => {
  test.each(['', FULL])('loads to the same configuration', async (text) => {
    const config = configFrom(text);
    expect(configFrom(await printConfig(config))).toEqual(config);
  });

  test('has every key of the schema', async () => {
    const printed: unknown = parse(await printConfig(configFrom(FULL)));
    const paths = CONFIG_KEYS.map(({ path }) => path.replace('[]', '.0'));
    for (const path of paths) {
      let level = printed;
      for (const name of path.split('.')) {
        expect(level, path).toHaveProperty([name]);
        level = Object(level)[name];
      }
    }
  });

  test('shows durations with their unit and secrets as paths', async () => {
    const text = await printConfig(configFrom(FULL));
    expect(text).toContain('pollInterval: 1s500ms');
    expect(text).toContain('duration: 1h30m');
    expect(text).toContain('passwordFile: /etc/rebalancer/p');
  });
});

test('the default configuration is the default policy', () => {
  expect(toPolicy(configFrom(''))).toEqual(DEFAULT_POLICY);
});

test('the policy is what the configuration says', () => {
  expect(toPolicy(configFrom(FULL))).toEqual({
    objective: 'count',
    tables: { include: ['1024', 'a.*'], exclude: [] },
    weights: { '18446744073709551615': 2 },
    drain: ['1'],
    cordon: ['2'],
    pins: { tables: ['a.b'], regions: ['4398046511104'] },
  });
});

describe('changes', () => {
  test('are none between equal configurations', () => {
    expect(describeChanges(configFrom(FULL), configFrom(FULL))).toEqual([]);
  });

  test.each([
    ['execution: { dryRun: false }', ['execution.dryRun: true -> false']],
    ['execution: { moveTimeout: 20m }', ['execution.moveTimeout: "15m" -> "20m"']],
    ['datanodes: { drain: [1, 2] }', ['datanodes.drain: [] -> ["1","2"]']],
    ['datanodes: { weights: { 3: 2 } }', ['datanodes.weights.3: none -> 2']],
    [
      'server: { listen: "[::]:1", tokenFile: t }',
      ['server.listen: "127.0.0.1:9480" -> "[::]:1"', 'server.tokenFile: none -> "/etc/rebalancer/t"'],
    ],
  ])('%s', (text, changes) => {
    expect(describeChanges(configFrom(''), configFrom(text))).toEqual(changes);
  });
});

describe('a command that needs a cluster', () => {
  test.each(['sql', 'metasrv'])('is content with endpoints of %s', (api) => {
    expect(() =>
      requireCluster(configFrom(`cluster: { ${api}: { endpoints: [http://a] } }`), 'c.yaml'),
    ).not.toThrow();
  });

  test('refuses a configuration without endpoints', () => {
    expect(() => requireCluster(configFrom(''), 'c.yaml')).toThrow(
      'cluster: found no endpoints, wanted cluster.sql.endpoints',
    );
  });
});

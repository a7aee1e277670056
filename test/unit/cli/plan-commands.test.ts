import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planCurl, planSql, shellQuote } from '../../../src/cli/render/plan-commands.ts';
import type { CommandOptions } from '../../../src/cli/render/plan-commands.ts';
import { makeMove, makePlan } from '../../support/plans.ts';

const PLAN = makePlan({
  moves: [makeMove(1), makeMove(2, { table: "greptime.public.it's\n$(rm -rf /)" })],
});

function optionsFor(
  api: 'sql' | 'metasrv',
  version: string,
  change: Partial<CommandOptions> = {},
): CommandOptions {
  return { cluster: { name: 'prod', api, version }, replayTimeoutMs: 300_000, ...change };
}

describe('plan -o sql', () => {
  it('prints one statement a line, which can be pasted', () => {
    expect([...planSql(PLAN, optionsFor('sql', '1.3.0'))]).toEqual([
      `-- prod (GreptimeDB 1.3.0): 2 moves of plan ${PLAN.planId}`,
      '-- made from a snapshot taken 2026-11-22T13:00:00.000Z.',
      '-- Run one migration at a time. Start the next when the target leads the region:',
      '-- two at once can leave a region without a leader.',
      'ADMIN migrate_region(4398046511104, 0, 3, 300); -- 1: greptime.public.cpu, table-spread',
      "ADMIN migrate_region(4398046511105, 0, 3, 300); -- 2: greptime.public.it's\\u{a}$(rm -rf /), table-spread",
    ]);
  });

  it.each([
    ['sql', '0.7.0', 'SELECT'],
    ['sql', '0.7.2', 'SELECT'],
    ['sql', '0.9.2', 'SELECT'],
    ['sql', '0.9.3', 'ADMIN'],
    ['sql', '0.9', 'SELECT'],
    ['sql', 'v0.10.1', 'ADMIN'],
    ['sql', '1.0.0-rc.1', 'ADMIN'],
    ['sql', '', 'ADMIN'],
    ['metasrv', '0.7.1', 'SELECT'],
    ['metasrv', '', 'SELECT'],
  ] as const)('speaks to %s %j with %s', (api, version, keyword) => {
    expect([...planSql(PLAN, optionsFor(api, version))][4]).toMatch(
      new RegExp(`^${keyword} migrate_region\\(`),
    );
  });

  it('refuses where there is no such statement', () => {
    expect(() => [...planSql(PLAN, optionsFor('metasrv', '0.6.0'))]).toThrow(
      'GreptimeDB 0.6.0 has no SQL statement that migrates a region; use -o curl',
    );
  });

  it.each([
    [1, 1],
    [1_499, 2],
    [90_000, 90],
  ])('rounds a timeout of %i ms up to %i s, never to none', (replayTimeoutMs, seconds) => {
    const [, , , , line] = planSql(PLAN, optionsFor('sql', '1.3.0', { replayTimeoutMs }));
    expect(line).toContain(`0, 3, ${seconds});`);
  });
});

describe('plan -o curl', () => {
  it('calls the metasrv where it is the one that migrates', () => {
    const lines = [...planCurl(PLAN, optionsFor('metasrv', '0.6.0', { endpoint: 'http://metasrv-0:3002' }))];
    expect(lines.slice(4, 6)).toEqual([
      'METASRV=http://metasrv-0:3002',
      'curl -sS "$METASRV/admin/region-migration?cluster_id=0&region_id=4398046511104&from_peer_id=0&to_peer_id=3&replay_timeout=300s" # 1: greptime.public.cpu, table-spread',
    ]);
  });

  it('names the cluster id where it is not the usual one', () => {
    const lines = [...planCurl(PLAN, optionsFor('metasrv', '0.6.0', { clusterId: 7 }))];
    expect(lines[4]).toBe('METASRV=http://127.0.0.1:3002 # set this to the metasrv that leads');
    expect(lines[5]).toContain('/admin/region-migration?cluster_id=7&region_id=4398046511104&');
  });

  it('posts SQL to a frontend otherwise, without the password', () => {
    const options = optionsFor('sql', '1.3.0', {
      endpoint: 'http://frontend:4000/',
      username: "o'hara",
      passwordFile: '/run/secrets/greptime db',
    });
    const lines = [...planCurl(PLAN, options)];
    expect(lines[4]).toBe('FRONTEND=http://frontend:4000');
    expect(lines[5]).toBe(
      `curl -sS -u 'o'\\''hara:'"$(cat '/run/secrets/greptime db')" "$FRONTEND/v1/sql" --data-urlencode 'sql=ADMIN migrate_region(4398046511104, 0, 3, 300)' # 1: greptime.public.cpu, table-spread`,
    );
  });

  it('is a script that a shell runs as it was meant', () => {
    const script = [
      ...planCurl(PLAN, optionsFor('metasrv', '0.6.0', { endpoint: "http://h:1/'$(touch x)" })),
    ];
    const ran = execFileSync('sh', ['-c', `curl() { printf '%s|' "$@"; }\n${script.join('\n')}`], {
      encoding: 'utf8',
    });
    const call = (region: string): string =>
      `-sS|http://h:1/'$(touch x)/admin/region-migration?cluster_id=0&region_id=${region}&from_peer_id=0&to_peer_id=3&replay_timeout=300s|`;
    expect(ran).toBe(call('4398046511104') + call('4398046511105'));
  });
});

describe('shellQuote', () => {
  it.each(['plain', "it's", '$HOME', '`id`', 'a b', '', '\\', '"', '!', '*', 'line\nbreak', '日本'])(
    'gives %j back as one word',
    (text) => {
      expect(execFileSync('sh', ['-c', `printf %s ${shellQuote(text)}`], { encoding: 'utf8' })).toBe(text);
    },
  );
});

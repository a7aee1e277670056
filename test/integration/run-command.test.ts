import { expect, it } from 'vitest';
import { z } from 'zod';
import { createCommandRig, EVEN } from '../support/command-rig.ts';
import { metricsOf, samplesOf } from '../support/running-daemon.ts';

const ACT = ['-c', 'rebalancer.yaml', '--no-dry-run'];

/** Contract of the metrics: each with its type and its labels. */
const METRICS: readonly [name: string, type: string, labels: string][] = [
  ['datanode_regions', 'gauge', 'datanode'],
  ['table_skew_max', 'gauge', ''],
  ['node_skew', 'gauge', ''],
  ['datanodes', 'gauge', 'state'],
  ['plan_moves', 'gauge', ''],
  ['plan_minimum_moves', 'gauge', ''],
  ['plan_blocked', 'gauge', 'code'],
  ['migrations_total', 'counter', 'outcome,reason'],
  ['migration_duration_seconds', 'histogram', 'outcome'],
  ['migrations_in_flight', 'gauge', ''],
  ['moves_remaining', 'gauge', ''],
  ['eta_seconds', 'gauge', ''],
  ['cycles_total', 'counter', 'outcome'],
  ['cycle_duration_seconds', 'histogram', ''],
  ['plan_duration_seconds', 'histogram', ''],
  ['last_success_timestamp_seconds', 'gauge', ''],
  ['snapshot_age_seconds', 'gauge', ''],
  ['dry_run', 'gauge', ''],
  ['paused', 'gauge', ''],
  ['leader', 'gauge', ''],
  ['redundant_moves_total', 'counter', ''],
  ['cluster_request_duration_seconds', 'histogram', 'endpoint,outcome'],
  ['build_info', 'gauge', 'version'],
];

/** Type and labels of each metric in a Prometheus text. */
function shapesOf(text: string): Map<string, string> {
  const shapes = new Map<string, string>();
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE greptime_rebalancer_(\S+) (\S+)$/gm)) {
    const sample = new RegExp(`^greptime_rebalancer_${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(text);
    const labels = [...(sample?.[1] ?? '').matchAll(/(\w+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le');
    shapes.set(name, `${type} ${labels.toSorted().join(',')}`);
  }
  return shapes;
}

it(
  'a daemon is told what to do, stops in the middle of a migration, and finds it again',
  { timeout: 120_000 },
  async (context) => {
    const { cluster, run, start, write } = await createCommandRig(context);
    write('token', 'hunter2\n');
    cluster.hangMigration(3);
    const daemonArgs = ['run', ...ACT, '--set', 'server.tokenFile=token'];
    const first = start(daemonArgs);
    const url = await first.url();
    await cluster.request(({ sql }) => sql.includes('procedure_state') && cluster.submissions().length === 3);
    await first.waitFor(/cycle skipped/);

    const text = await (await fetch(`${url}/metrics`)).text();
    const shapes = shapesOf(text);
    for (const [name, type, labels] of METRICS) expect(shapes.get(name), name).toBe(`${type} ${labels}`);
    // No label and no name holds anything as long as a region id.
    expect(text.replace(/\} .*$| \S+$/gm, '')).not.toMatch(/\d{12}/);
    const samples = samplesOf(text);
    expect(samples.get('migrations_in_flight')).toBe(1);
    expect(samples.get('migrations_total{outcome="succeeded",reason="table-spread"}')).toBe(2);
    expect(samples.get('cycles_total{outcome="missed"}')).toBeGreaterThan(0);
    expect(samples.get('build_info{version="0.1.0"}')).toBe(1);

    const env = { GREPTIME_REBALANCER_URL: url };
    const asked = await Promise.all([
      run(['pause', '--for', '2h', '--reason', 'test', '--token-file', 'token'], { env }),
      run(['trigger', '--token-file', 'token'], { env }),
      run(['resume'], { env }),
    ]);
    expect(asked.map(({ status }) => status)).toEqual([0, 1, 1]);
    const [paused, triggered, resumed] = asked;
    expect(paused.out).toMatch(/^Paused by .* until .*: test\n$/);
    expect(triggered.err).toMatch(/409 cycle-running/);
    expect(resumed.err).toMatch(/401 unauthorized/);
    const once = await run(['once', ...ACT]);
    expect(once.status).toBe(1);
    expect(once.err).toMatch(
      /^error: The work is for the daemon at http:\S+ \(process \d+\), which is paused by .* until .*: test\./,
    );

    first.kill('SIGTERM');
    const ended = await first.ended();
    expect({ ...ended, out: '' }).toEqual({ status: 0, signal: null, out: '', err: '' });
    expect(ended.out).not.toContain('hunter2');
    for (const line of ended.out.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });

    const second = start(daemonArgs);
    const again = await second.url();
    await second.waitFor(/unfinished move watched again/);
    const after = { env: { GREPTIME_REBALANCER_URL: again, GREPTIME_REBALANCER_TOKEN_FILE: 'token' } };
    const status = await run(['status'], after);
    expect(status.out).toMatch(
      /^paused {2}Paused by .*\n(?:.*\n)*moving +3 of 8: region \d+ of \S+ from 0 to \d, migrating/,
    );
    expect((await metricsOf(again)).get('migrations_in_flight')).toBe(1);
    expect(cluster.submissions()).toHaveLength(3);
    expect(await run(['resume'], after)).toMatchObject({ status: 0, out: 'Resumed.\n' });
    cluster.release();
    await second.waitFor(/"outcome":"balanced"/);
    expect(cluster.counts()).toEqual(EVEN);
    expect(new Set(cluster.submittedRegions()).size).toBe(8);
    expect(cluster.submissions()).toHaveLength(8);
    const history = await run(['history', '-o', 'json', '--outcome', 'succeeded'], after);
    expect(
      z.object({ moves: z.array(z.object({ id: z.string() })) }).parse(JSON.parse(history.out)).moves,
    ).toHaveLength(8);
  },
);

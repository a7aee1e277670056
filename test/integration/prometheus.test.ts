import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { fillIn, readAlerts, readDashboard } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/listen.ts';
import { startSimulatedDaemon } from '../support/running-daemon.ts';
import type { SimulatedDaemon } from '../support/running-daemon.ts';
import { describeWith } from '../support/tools.ts';

const answerSchema = z.object({ status: z.literal('success'), data: z.unknown() });
const resultSchema = z.object({ result: z.array(z.unknown()) });
const targetsSchema = z.object({ activeTargets: z.array(z.object({ health: z.string() })) });
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
    }),
  ),
});

const { panels } = readDashboard();
const queries = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ title, expr: fillIn(expr) })),
);
/** A rate needs two samples, and the first one of some counters comes with the first request. */
const SAMPLES = 4;

describeWith('prometheus', 'with a real Prometheus', ([prometheus = '', promtool = '']) => {
  let folder: string;
  let daemon: SimulatedDaemon;
  let process: ChildProcess;
  let url: string;

  async function api(path: string, parameters: Record<string, string> = {}): Promise<unknown> {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    return answerSchema.parse(await answer.json()).data;
  }

  async function query(text: string): Promise<unknown[]> {
    return resultSchema.parse(await api('query', { query: text })).result;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rebalancer-prometheus-'));
    // The objective load, because with the other one the panels of loads are empty.
    const set = ['balance.objective=load', 'balance.load.by=disk'];
    daemon = await startSimulatedDaemon({ folder, cluster: { migrationTimeMs: 100 }, set });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const configuration = join(folder, 'prometheus.yml');
    const rules = join(folder, 'alerts.yaml');
    writeFileSync(rules, rulesEverySecond());
    writeFileSync(configuration, configurationFor(daemon.url, rules));
    process = spawn(
      prometheus,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    await eventually('the daemon is scraped often enough', async () => {
      const counts = z
        .array(z.object({ value: z.tuple([z.number(), z.string()]) }))
        .parse(await query('count_over_time(greptime_rebalancer_build_info[1m])'));
      return Number(counts[0]?.value[1] ?? 0) >= SAMPLES ? true : undefined;
    });
  }, 60_000);

  afterAll(async () => {
    process.kill('SIGKILL');
    await daemon.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the daemon is scraped without an error', async () => {
    const { activeTargets } = targetsSchema.parse(await api('targets'));
    expect(activeTargets.map(({ health }) => health)).toEqual(['up']);
  });

  test('it sees a rebalance: moves that succeeded', async () => {
    const moves = await eventually('a move is counted', async () => {
      const result = await query('greptime_rebalancer_migrations_total{outcome="succeeded"} > 0');
      return result.length > 0 ? result : undefined;
    });
    expect(moves.length).toBeGreaterThan(0);
  });

  test.each(queries)('panel "$title" shows something for $expr', async ({ expr }) => {
    const result = await eventually('there is data', async () => {
      const found = await query(expr);
      return found.length > 0 ? found : undefined;
    });
    expect(result.length).toBeGreaterThan(0);
  });

  test.each(panels)('panel "$title" has no two series of one name', async ({ targets }) => {
    const names = await Promise.all(
      targets.map(async ({ expr, legendFormat }) =>
        z
          .array(z.object({ metric: z.record(z.string(), z.string()) }))
          .parse(await query(fillIn(expr)))
          .map(({ metric }) =>
            legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
          ),
      ),
    );
    expect(names.flat()).toEqual([...new Set(names.flat())]);
  });

  test('every rule is evaluated without an error', async () => {
    const rules = await eventually('all rules were evaluated', async () => {
      const { groups } = rulesSchema.parse(await api('rules'));
      const all = groups.flatMap((group) => group.rules);
      return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.map(({ name }) => name)).toEqual(readAlerts().map(({ alert }) => alert));
  });

  // It computes for several seconds, longer on a busy machine.
  test('promtool finds that every alert fires where it should, and only there', { timeout: 120_000 }, () => {
    expect(
      execFileSync(promtool, ['test', 'rules', 'grafana/alerts.test.yaml'], { encoding: 'utf8' }),
    ).toContain('SUCCESS');
  });

  test('promtool has nothing to say against names and help of the metrics', async () => {
    const text = await (await fetch(`${daemon.url}/metrics`)).text();
    expect(execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  });
});

/** The rules as they are, but evaluated so often that nobody has to wait for it. */
function rulesEverySecond(): string {
  const { groups } = z
    .object({ groups: z.array(z.looseObject({})) })
    .parse(parse(readFileSync('grafana/alerts.yaml', 'utf8')));
  return stringify({ groups: groups.map((group) => ({ ...group, interval: '1s' })) });
}

function configurationFor(daemonUrl: string, rules: string): string {
  return stringify({
    global: { scrape_interval: '500ms', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [
      { job_name: 'greptime-rebalancer', static_configs: [{ targets: [new URL(daemonUrl).host] }] },
    ],
  });
}

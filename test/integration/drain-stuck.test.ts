import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { SimulatedCluster } from '../../src/simulator/index.ts';
import { postTo, startSimulatedDaemon } from '../support/running-daemon.ts';
import type { SimulatedDaemon } from '../support/running-daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describeWith } from '../support/tools.ts';

interface Cause {
  /** As the runbook names it: a blocker or a gate. */
  readonly code: string;
  readonly set?: readonly string[];
  readonly before?: (daemon: SimulatedDaemon) => unknown;
  readonly after?: (daemon: SimulatedDaemon) => unknown;
}

const NOTHING = 'nothing';
const RUNBOOK_WORDS: Readonly<Record<string, string>> = {
  'dry-run': 'dry run',
  paused: 'pause',
  'outside-window': 'outside of every window',
};

const CAUSES: readonly Cause[] = [
  { code: NOTHING },
  { code: 'dry-run', set: ['execution.dryRun=true'] },
  { code: 'paused', before: (daemon) => postTo(daemon.url, 'pause') },
  { code: 'pinned', set: ['pins.tables=["public.*"]'] },
  { code: 'no-target', set: ['datanodes.cordon=["1","2","3"]'] },
  {
    code: 'leader-dead',
    before: (daemon) => postTo(daemon.url, 'pause'),
    after: ({ listening }) => listening.cluster.killDatanode('0'),
  },
  {
    code: 'outside-window',
    set: ['schedule.windows=[{cron: "0 0 29 2 *", duration: 1m}]'],
  },
  {
    code: 'follower-on-target',
    before: ({ listening: { cluster } }) => {
      for (const id of ['1', '2', '3']) cluster.setFollower(regionOn0(cluster), id);
    },
  },
  {
    code: 'staging',
    before: ({ listening: { cluster } }) => cluster.setRegionState(regionOn0(cluster), 'staging'),
  },
  {
    code: 'migrating',
    before: ({ listening: { cluster } }) => cluster.setRegionState(regionOn0(cluster), 'downgrading'),
  },
  // Of all migrations the next one fails.
  { code: 'quarantined', before: ({ listening: { cluster } }) => cluster.faults.set('rollback') },
  {
    code: 'unsupported-engine',
    before: ({ listening: { cluster } }) => {
      cluster.createTable({ name: 'external', engine: 'file', regions: 1, on: ['0'] });
    },
  },
];

function regionOn0(cluster: SimulatedCluster): string {
  const [id] = [...cluster.leaders()].find(([, leader]) => leader === '0') ?? [];
  if (id === undefined) throw new Error('Datanode 0 leads nothing');
  return id;
}

/** What keeps regions now: blockers of the plan, and closed gates. */
function causesOf({ running }: SimulatedDaemon): string[] {
  const { blocked, gates } = running.work.state();
  return [...blocked.keys(), ...gates.keys()];
}

/** The samples of a daemon as they would be read for an hour without a change. */
function seriesOf(metrics: string): object[] {
  return metrics
    .split('\n')
    .filter((line) =>
      /^greptime_rebalancer_(?:regions_on_draining|migrations_total|leader|cluster_info)\b/.test(line),
    )
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const own = ['job="greptime-rebalancer"', 'instance="it"', ...(labels === '' ? [] : [labels])];
      return { series: `${name}{${own.join(',')}}`, values: `${value}x60` };
    });
}

describeWith('prometheus', 'the alert DrainStuck', ([, promtool = '']) => {
  test.each(CAUSES)(
    'is true of a drain with $code in the way',
    async ({ code, set = [], before, after }) => {
      const folder = tempFolder();
      const daemon = await startSimulatedDaemon({ folder, set });
      try {
        await daemon.until(({ type }) => type === 'cycle-finished');
        await before?.(daemon);
        const isThere = (): boolean =>
          code === NOTHING
            ? daemon.listening.cluster.regionsPerDatanode().get('0') === 0
            : causesOf(daemon).includes(code);
        const shown = daemon.until((event) => event.type === 'cycle-finished' && isThere());
        expect((await postTo(daemon.url, 'drain', { datanodes: ['0'] })).status).toBe(200);
        await after?.(daemon);
        await shown;
        const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
        copyFileSync('grafana/alerts.yaml', join(folder, 'alerts.yaml'));
        writeFileSync(
          join(folder, 'test.yaml'),
          stringify({
            rule_files: ['alerts.yaml'],
            tests: [
              {
                interval: '1m',
                input_series: seriesOf(metrics),
                promql_expr_test: [
                  {
                    expr: 'count(ALERTS{alertname="GreptimeRebalancerDrainStuck",alertstate="firing"})',
                    eval_time: '50m',
                    exp_samples: code === NOTHING ? [] : [{ labels: '{}', value: 1 }],
                  },
                ],
              },
            ],
          }),
        );
        const verdict = execFileSync(promtool, ['test', 'rules', join(folder, 'test.yaml')], {
          encoding: 'utf8',
        });
        expect(verdict).toContain('SUCCESS');
        if (code !== NOTHING) expect(stuckSection()).toContain(RUNBOOK_WORDS[code] ?? code);
      } finally {
        await daemon.close();
      }
    },
    30_000,
  );
});

function stuckSection(): string {
  const [, section = ''] = readFileSync('docs/runbook.md', 'utf8').split('## GreptimeRebalancerDrainStuck');
  return section.split('\n## ')[0] ?? '';
}

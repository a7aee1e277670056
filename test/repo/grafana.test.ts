import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { renderDashboard } from '../../scripts/grafana-dashboard.ts';
import { METRIC_PREFIX, METRICS } from '../../src/observability/metric-definitions.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { readAlerts, readDashboard } from '../support/dashboard.ts';
import { readText } from '../support/repository.ts';

const { shown, panels, variables } = readDashboard();
const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const alerts = readAlerts();

/** Every series name that `/metrics` has. */
async function seriesNames(): Promise<Set<string>> {
  const metrics = createMetrics({ version: '1' });
  const names = [...(await metrics.render()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(
    ([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set(names);
}

function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:greptime_rebalancer|process|nodejs)_\w+/g)].map(([name]) => name);
}

test('grafana/dashboard.json is what its script writes', async () => {
  expect(readText('grafana/dashboard.json')).toBe(await renderDashboard());
});

describe('the dashboard', () => {
  test('shows every metric', () => {
    const shown = new Set(queries.flatMap(metricsIn).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    const missing = Object.keys(METRICS)
      .map((name) => METRIC_PREFIX + name)
      .filter((name) => !shown.has(name));
    expect(missing).toEqual([]);
  });

  test('asks for no metric that is none', async () => {
    const known = await seriesNames();
    expect(queries.flatMap(metricsIn).filter((name) => !known.has(name))).toEqual([]);
    expect(queries.filter((expr) => metricsIn(expr).length === 0)).toEqual([]);
  });

  test('asks every query only of what was chosen at its top', () => {
    const chosen = /\w\{job=~"\$job", instance=~"\$instance"(\}|, )/g;
    const free = queries.filter((expr) => [...expr.matchAll(chosen)].length !== metricsIn(expr).length);
    expect(free).toEqual([]);
    expect(variables.map(({ name }) => name)).toEqual([
      'datasource',
      'cluster',
      'job',
      'instance',
      'runbook',
    ]);
  });

  test('asks of the cluster only the replica that leads: what a standby knows is older, and without drains', () => {
    const leads =
      'and on (job, instance) greptime_rebalancer_leader{job=~"$job", instance=~"$instance"} == 1';
    const ofEachReplica = ['leader', 'snapshot_age_seconds', 'schedule_interval_seconds', 'config_refused'];
    const ofCluster = Object.entries(METRICS)
      .filter(
        ([name, { type }]) => type === 'gauge' && !name.endsWith('_info') && !ofEachReplica.includes(name),
      )
      .map(([name]) => METRIC_PREFIX + name);
    const asked = queries.filter((expr) => metricsIn(expr).some((name) => ofCluster.includes(name)));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((expr) => !expr.includes(leads))).toEqual([]);
  });

  test('has the rows verdict, balance, load, migrations and health', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Verdict', 'Balance', 'Load, with the objective load', 'Migrations', 'Health']);
  });

  test('explains every panel, and lays no panel over another', () => {
    const explained = panels.filter(({ type }) => type !== 'row');
    expect(explained.filter(({ description = '' }) => !description.endsWith('.'))).toEqual([]);
    const cells = shown.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    // And leaves no hole.
    const height = Math.max(...shown.map(({ gridPos: { y, h } }) => y + h));
    expect(cells.length).toBe(24 * height);
  });

  test('cuts no title in a window of 1024 pixels', () => {
    // A letter of a panel's title is about 7.5 pixels wide; beside it are the sign of the description, and edges.
    const cut = panels.filter(({ title, gridPos: { w } }) => title.length * 7.5 + 60 > (w / 24) * 1_000 - 8);
    expect(cut.map(({ title }) => title)).toEqual([]);
  });

  test('begins bars at nothing: a bar of the smallest value would look empty', () => {
    const bars = panels.filter(({ type }) => type === 'bargauge');
    expect(bars.map(({ fieldConfig }) => fieldConfig?.defaults.min)).toEqual(bars.map(() => 0));
  });

  test('counts an event in one window, not in the four that overlap by default, and shows it as a bar', () => {
    const counting = panels.filter(({ targets }) => targets.some(({ expr }) => expr.includes('increase(')));
    const how = counting.map(({ interval, fieldConfig }) => [
      interval,
      fieldConfig?.defaults.custom?.drawStyle,
    ]);
    expect(how).toEqual(counting.map(() => ['5m', 'bars']));
  });

  test('draws no lines around what is stacked: those of zeros would hide the colours below', () => {
    const custom = panels.flatMap(({ fieldConfig }) => fieldConfig?.defaults.custom ?? []);
    const stacked = custom.filter(({ stacking }) => stacking?.mode === 'normal');
    expect(stacked.length).toBeGreaterThan(0);
    expect(stacked.map(({ lineWidth }) => lineWidth)).toEqual(stacked.map(() => 0));
  });

  test('has no stat that is green whatever it says, or while there is nothing to tell', () => {
    const green = panels.filter(({ type, fieldConfig }) => {
      if (type !== 'stat' || !fieldConfig) return false;
      const { mappings, thresholds } = fieldConfig.defaults;
      const differs = thresholds.steps.length > 1 || mappings.some((mapping) => mapping.type === 'value');
      const tellsNothing = mappings.some((mapping) => mapping.type === 'special');
      return thresholds.steps[0]?.color === 'green' && !(differs && tellsNothing);
    });
    expect(green.map(({ title }) => title)).toEqual([]);
  });
});

describe('the alert rules', () => {
  test('ask for no metric that is none', async () => {
    const known = await seriesNames();
    expect(alerts.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !known.has(name))).toEqual([]);
  });

  test.each(alerts)('$alert has a section in the runbook', ({ alert, annotations }) => {
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(readText('docs/runbook.md')).toContain(`\n## ${alert}\n`);
  });

  test('are the only sections of the runbook', () => {
    const sections = [...readText('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
  });

  test.each(alerts)('$alert is tested where it fires and where it does not', ({ alert }) => {
    const cases = z
      .object({
        tests: z.array(
          z.object({
            alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
          }),
        ),
      })
      .parse(parse(readText('grafana/alerts.test.yaml')))
      .tests.flatMap((each) => each.alert_rule_test)
      .filter(({ alertname }) => alertname === alert);
    expect(cases.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(cases.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { renderDashboard } from '../../scripts/grafana-dashboard.ts';
import { METRIC_PREFIX, METRICS } from '../../src/observability/metric-definitions.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { readAlerts, readDashboard } from '../support/dashboard.ts';
import { readText } from '../support/repository.ts';

const { panels, variables } = readDashboard();
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
    const chosen = '{job=~"$job", instance=~"$instance"}';
    const free = queries.filter((expr) => expr.split(chosen).length - 1 !== metricsIn(expr).length);
    expect(free).toEqual([]);
    expect(variables.map(({ name }) => name)).toEqual([
      'datasource',
      'cluster',
      'job',
      'instance',
      'runbook',
    ]);
  });

  test('has the rows verdict, balance, migrations and health', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Verdict', 'Balance', 'Migrations', 'Health']);
  });

  test('explains every panel, and lays no panel over another', () => {
    const shown = panels.filter(({ type }) => type !== 'row');
    expect(shown.filter(({ description = '' }) => !description.endsWith('.'))).toEqual([]);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    // And leaves no hole.
    const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
    expect(cells.length).toBe(24 * height);
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

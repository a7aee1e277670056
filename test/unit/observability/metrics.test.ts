import { describe, expect, it } from 'vitest';
import { MOVE_REASON_CODES, OUTCOME_CODES } from '../../../src/domain/codes.ts';
import { METRIC_PREFIX, METRICS } from '../../../src/observability/metric-definitions.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import type { Metrics } from '../../../src/observability/metrics.ts';

function metricsOf(processMetrics = false): Metrics {
  return createMetrics({ version: '1.2.3', processMetrics });
}

/** The value of one series, by its text without the prefix. */
async function valueOf(metrics: Metrics, series: string): Promise<string | undefined> {
  const lines = (await metrics.render()).split('\n');
  return lines
    .find((line) => line.startsWith(`${METRIC_PREFIX}${series} `))
    ?.split(' ')
    .at(-1);
}

describe('createMetrics', () => {
  it('has every defined metric with its type and no other of its prefix', async () => {
    const text = await metricsOf().render();
    const found = [...text.matchAll(/^# TYPE greptime_rebalancer_(\S+) (\S+)$/gm)].map((match) => [
      match[1],
      match[2],
    ]);
    expect(found.sort()).toEqual(
      Object.entries(METRICS)
        .map(([name, { type }]) => [name, type])
        .sort(),
    );
  });

  it('shows every combination of closed labels from the start, at 0', async () => {
    const text = await metricsOf().render();
    const lines = text.split('\n').filter((line) => line.startsWith('greptime_rebalancer_migrations_total{'));
    expect(lines).toHaveLength(OUTCOME_CODES.length * MOVE_REASON_CODES.length);
    expect(lines.every((line) => line.endsWith(' 0'))).toBe(true);
  });

  it.each([
    ['build_info{version="1.2.3"}', '1'],
    ['dry_run', '0'],
    ['leader', '0'],
    ['paused', '0'],
    ['snapshot_age_seconds', 'Nan'],
    ['eta_seconds', '0'],
    ['last_success_timestamp_seconds', '0'],
    ['closed_gates{code="paused"}', '0'],
    ['migration_duration_seconds_count{outcome="failed"}', '0'],
  ])('starts with %s at %s', async (series, value) => {
    expect(await valueOf(metricsOf(), series)).toBe(value);
  });

  it('asks for values that age before each scrape, and shows the rest when one fails', async () => {
    const metrics = metricsOf();
    let age = 0;
    metrics.onScrape(() => {
      throw new Error('the disk is gone');
    });
    metrics.onScrape(() => metrics.snapshot_age_seconds.set(++age));
    expect(await valueOf(metrics, 'snapshot_age_seconds')).toBe('1');
    expect(await valueOf(metrics, 'snapshot_age_seconds')).toBe('2');
  });

  it('has one series that tells of the cluster', async () => {
    const metrics = metricsOf();
    metrics.setClusterInfo({ cluster: 'prod', api: '', version: '' });
    metrics.setClusterInfo({ cluster: 'prod', api: 'sql', version: '1.3.0' });
    const lines = (await metrics.render()).match(/^greptime_rebalancer_cluster_info\{.*$/gm);
    expect(lines).toEqual(['greptime_rebalancer_cluster_info{cluster="prod",api="sql",version="1.3.0"} 1']);
  });

  it('forgets the series of a datanode that left', async () => {
    const metrics = metricsOf();
    metrics.setDatanodes([
      { id: '0', regions: 5 },
      { id: '1', regions: 6 },
    ]);
    metrics.setDatanodes([{ id: '1', regions: 7 }]);
    expect(await valueOf(metrics, 'datanode_regions{datanode="0"}')).toBeUndefined();
    expect(await valueOf(metrics, 'datanode_regions{datanode="1"}')).toBe('7');
  });

  it.each([
    ['route', 'route'],
    ['sql-procedure-state', 'sql-procedure-state'],
    ['http://user:secret@frontend:4000/v1/sql', 'other'],
    ['', 'other'],
  ])('labels a request of kind "%s" as %s', async (endpoint, label) => {
    const metrics = metricsOf();
    metrics.observeRequest({ endpoint, outcome: 'ok', durationMs: 12 });
    const series = `cluster_request_duration_seconds_count{endpoint="${label}",outcome="ok"}`;
    expect(await valueOf(metrics, series)).toBe('1');
  });

  it('bounds the kinds of requests', async () => {
    const metrics = metricsOf();
    const words = Array.from(
      { length: 100 },
      (_, index) => 'a'.repeat(1 + (index % 40)) + '-'.repeat(index / 40),
    );
    for (const endpoint of new Set(words))
      metrics.observeRequest({ endpoint, outcome: 'timeout', durationMs: 1 });
    const text = await metrics.render();
    expect(text.match(/^greptime_rebalancer_cluster_request_duration_seconds_count\{/gm)).toHaveLength(65);
    expect(text).toContain('endpoint="other",outcome="timeout"');
  });

  it('keeps a registry of its own, with the process metrics only where wanted', async () => {
    const [first, second] = [metricsOf(true), metricsOf()];
    first.ticks_missed_total.inc();
    expect(await valueOf(second, 'ticks_missed_total')).toBe('0');
    expect(await first.render()).toContain('process_resident_memory_bytes');
    expect(await second.render()).not.toContain('process_');
  });
});

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

  it('keeps a registry of its own, with the process metrics only where wanted', async () => {
    const [first, second] = [metricsOf(true), metricsOf()];
    first.ticks_missed_total.inc();
    expect(await valueOf(second, 'ticks_missed_total')).toBe('0');
    expect(await first.render()).toContain('process_resident_memory_bytes');
    expect(await second.render()).not.toContain('process_');
  });
});

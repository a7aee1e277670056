import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRIC_PREFIX, METRICS } from '../../../src/observability/metric-definitions.ts';
import type { MetricDefinition } from '../../../src/observability/metric-definitions.ts';

const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith(`| \`${METRIC_PREFIX}`))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const definitions: MetricDefinition[] = Object.values(METRICS);

describe('docs/metrics.md', () => {
  it('lists every metric once, with type, labels and meaning as the code has them', () => {
    const wanted = definitions.map(({ name, type, labels, help }) => [
      `\`${METRIC_PREFIX}${name}\``,
      type,
      Object.keys(labels)
        .map((label) => `\`${label}\``)
        .join(', '),
      help,
    ]);
    expect(rows).toEqual(wanted);
  });

  it('lists every value of every closed label', () => {
    const missing = definitions.flatMap(({ labels }) =>
      Object.values(labels).flatMap((values) =>
        values === 'any' ? [] : values.filter((value) => !text.includes(`\`${value}\``)),
      ),
    );
    expect(missing).toEqual([]);
  });
});

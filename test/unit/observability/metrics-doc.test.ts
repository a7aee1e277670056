import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../src/observability/metric-definitions.ts';
import type { MetricDefinition } from '../../../src/observability/metric-definitions.ts';

/** The tables of codes are in explain.md. */
const text = ['metrics', 'explain']
  .map((page) => readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8'))
  .join('');
const definitions: MetricDefinition[] = Object.values(METRICS);

describe('docs/metrics.md', () => {
  it('lists every value of every closed label', () => {
    const missing = definitions.flatMap(({ labels = {} }) =>
      Object.values(labels).flatMap((values) =>
        values === 'any' ? [] : values.filter((value) => !text.includes(`\`${value}\``)),
      ),
    );
    expect(missing).toEqual([]);
  });
});

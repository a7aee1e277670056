import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../src/observability/metric-definitions.ts';
import type { MetricDefinition } from '../../../src/observability/metric-definitions.ts';

/** The tables of codes are in explain.md. */
const text = ['metrics', 'explain']
  .map((page) => readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8'))
  .join('');
const definitions = new Map<string, MetricDefinition>(Object.entries(METRICS));

describe('docs/metrics.md', () => {
  it('lists every value of every closed label', () => {
    const missing = [...definitions.values()].flatMap(({ labels = {} }) =>
      Object.values(labels).flatMap((values) =>
        values === 'any' ? [] : values.filter((value) => !text.includes(`\`${value}\``)),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('has exactly the values of the label in each table of them', () => {
    const tables = [...text.matchAll(/^### (\w+) of (\w+)\n+((?:\|.*\n)+)/gm)].filter(([, , name = '']) =>
      definitions.has(name),
    );
    expect(tables.length).toBeGreaterThan(0);
    for (const [, label = '', name = '', rows = ''] of tables) {
      const listed = [...rows.matchAll(/^\| `([^`]+)`/gm)].map(([, value]) => value);
      expect(listed, name).toEqual(definitions.get(name)?.labels?.[label]);
    }
  });
});

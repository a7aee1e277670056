import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { filesBelow, readText } from '../repository.ts';

export const CHART = 'deploy/helm/greptime-rebalancer';
export const RENDERED = 'test/support/chart';

/** What Helm makes of the chart: by itself, and with all that can be asked for. */
export const RENDERINGS = [
  { name: 'default', values: [] },
  { name: 'full', values: [join(RENDERED, 'full.values.yaml')] },
] as const;

/** What a rendering says first: which chart it was made of. The files that the chart only carries are left out of both. */
export function headerOf(values: readonly string[]): string {
  const hash = createHash('sha256');
  const paths = [
    ...['Chart.yaml', 'values.yaml', 'values.schema.json'].map((name) => join(CHART, name)),
    ...filesBelow(join(CHART, 'templates'), ''),
    ...values,
  ];
  for (const path of paths) hash.update(`${path}\n${readText(path)}\n`);
  return `# Made by scripts/render-chart.ts of a chart with the hash ${hash.digest('hex')}`;
}

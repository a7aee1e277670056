/*
 * Renders the Helm chart into test/support/chart, where tests look at it. Needs helm 3 on the PATH; what comes of it is committed, so that
 * the tests need none:
 *
 *   node scripts/render-chart.ts
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { CHART, headerOf, RENDERED, RENDERINGS } from '../test/support/chart/chart.ts';

/** The oldest version that Chart.yaml allows. */
const OLDEST = '1.25.0';

const folder = mkdtempSync(join(tmpdir(), 'render-chart-'));
try {
  const copy = join(folder, 'greptime-rebalancer');
  const isCarried = (path: string): boolean => path.startsWith(join(CHART, 'files'));
  cpSync(CHART, copy, { recursive: true, filter: (path) => !isCarried(path) });
  // The real ones are links to grafana/, are compared with it elsewhere, and change more often than the chart.
  mkdirSync(join(copy, 'files'));
  writeFileSync(join(copy, 'files/dashboard.json'), '{}\n');
  writeFileSync(join(copy, 'files/alerts.yaml'), 'groups: []\n');
  const helm = (...args: string[]): string => execFileSync('helm', args, { encoding: 'utf8' });
  for (const { name, values } of RENDERINGS) {
    const flags = values.flatMap((path) => ['--values', path]);
    helm('lint', '--strict', copy, ...flags);
    const where = ['--namespace', 'greptimedb', '--kube-version', OLDEST];
    const text = helm('template', 'rebalancer', copy, ...where, ...flags);
    const path = join(RENDERED, `${name}.yaml`);
    const options = { ...(await resolveConfig(path)), parser: 'yaml' };
    writeFileSync(path, await format(`${headerOf(values)}\n${text}`, options));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

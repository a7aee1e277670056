import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import type { ListeningCluster, ListenRequest } from '../../src/app/commands/simulate.ts';
import type { Parts } from '../../src/app/compose.ts';
import type { App } from '../../src/app/index.ts';
import { createPlanner } from '../../src/app/planning/planner.ts';
import type { Check, PreflightReport } from '../../src/app/preflight/check.ts';
import { preflight, preflightWithTrial } from '../../src/app/preflight/preflight.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import { runCommand } from './cli.ts';
import { listenCrowded } from './running-daemon.ts';
import type { CliRun, CliSetup } from './cli.ts';
import { tempFolder } from './temp-folder.ts';

export const PARTS: Parts = {
  ...{ version: '1.2.3', clock: systemClock, logger: silentLogger, openCluster },
  planner: createPlanner(systemClock),
};

/** The commands that look at a cluster, without the rest. */
export const APP: Partial<App> = {
  preflight: (config, { signal }) => preflight(config, PARTS, signal),
  preflightWithTrial: (config, call) => preflightWithTrial(config, PARTS, call),
};

export interface Rig {
  readonly listening: ListeningCluster;
  readonly folder: string;
  run(args: readonly string[], setup?: CliSetup): Promise<CliRun>;
  report(args?: readonly string[]): Promise<PreflightReport & { status: number }>;
}

export async function preflightRig(
  context: TestContext,
  cluster: Partial<ListenRequest> = {},
  more = '',
  endpoints: (listening: ListeningCluster) => string = ({ served, cluster: { profile } }) =>
    `${profile.adminFunctions ? `  sql: { endpoints: [${served.frontend.join()}] }\n` : ''}  metasrv: { endpoints: [${served.metasrv.join()}] }\n`,
): Promise<Rig> {
  const listening = await listenCrowded({
    ...{ emptyDatanodes: 1, tables: 3, regions: 4, metasrvs: 1, migrationTimeMs: 20, seed: 'preflight' },
    ...cluster,
  });
  context.onTestFinished(() => listening.close());
  const folder = tempFolder(context);
  writeFileSync(
    join(folder, 'r.yaml'),
    `cluster:\n  name: test\n  requestTimeout: 500ms\n${endpoints(listening)}state: { path: state }\n${more}`,
  );
  const run: Rig['run'] = (args, setup) =>
    runCommand([...args, '-c', 'r.yaml'], { app: APP, cwd: folder, ...setup });
  return {
    listening,
    folder,
    run,
    async report(args = []) {
      const { out, err, status } = await run(['preflight', '-o', 'json', ...args]);
      if (out === '') throw new Error(err);
      const answer: PreflightReport = JSON.parse(out);
      return { ...answer, status };
    },
  };
}

/** Only the frontends, with further keys of their section; no metasrv. */
export const sqlAlone =
  (more = '') =>
  ({ served }: ListeningCluster): string =>
    `  sql: { endpoints: [${served.frontend.join()}]${more} }\n`;

/** `verdict: sentence` of each check of that name. */
export function found(report: PreflightReport, check: Check['check']): string[] {
  return report.checks
    .filter((one) => one.check === check)
    .map(({ verdict, detail }) => `${verdict}: ${detail}`);
}

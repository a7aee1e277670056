/*
 * Shows on a scratch cluster what moving its regions does to writes: it makes a table of its own, writes to it, drains and refills one datanode
 * after the other, lets a command of yours kill what it likes meanwhile, and counts what was lost.
 *
 *   npm run acceptance -- -c rebalancer.yaml --for 5m --nemesis './kill-something.sh'
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createPlanner } from '../src/app/planning/planner.ts';
import { loadConfig, requireCluster } from '../src/config/config-file.ts';
import { describeError, isAbort, UsageError } from '../src/domain/errors.ts';
import { openCluster } from '../src/greptimedb/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import { parseDuration } from '../src/lib/duration.ts';
import { createLogger } from '../src/observability/logger.ts';
import { describeFigures, isAccepted } from './acceptance-report.ts';
import { runAcceptance } from './acceptance-run.ts';

const HELP = `Usage: npm run acceptance -- -c FILE [options]

Moves regions of every table of the cluster back and forth: for a scratch cluster only.

  -c, --config FILE   configuration of the rebalancer; execution.dryRun does not count
  --for DURATION      how long, such as 5m or 1h (default 5m)
  --nemesis CMD       a command that the shell runs again and again meanwhile, with its number in $NEMESIS
  --every DURATION    the pause between two of them (default 10s)
  --out FILE          also writes the figures there, as JSON
  --yes               do the work: without it nothing is done`;

const { values: flags } = parseArgs({
  options: {
    config: { type: 'string', short: 'c' },
    for: { type: 'string', default: '5m' },
    nemesis: { type: 'string' },
    every: { type: 'string', default: '10s' },
    out: { type: 'string' },
    yes: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new DOMException(`Told to stop by ${name}`, 'AbortError')));

try {
  if (flags.help) console.log(HELP);
  else process.exitCode = await main();
} catch (error) {
  if (isAbort(error)) console.error('Stopped before the end.');
  else console.error(`error: ${describeError(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(): Promise<number> {
  const config = await loadConfig({ file: flags.config, env: process.env, cwd: process.cwd() });
  requireCluster(config, flags.config);
  if (!flags.yes)
    throw new UsageError(
      `Regions of every table in ${config.cluster.name} would move back and forth: wanted --yes`,
    );
  const options = {
    forMs: durationOf('--for', flags.for),
    everyMs: durationOf('--every', flags.every),
    nemesis: flags.nemesis,
  };
  const parts = {
    version: randomUUID(),
    clock: systemClock,
    planner: createPlanner(systemClock),
    logger: createLogger({ level: 'error', destination: 'person' }),
    openCluster,
  };
  const say = (line: string): void => console.error(line);
  const figures = await runAcceptance(options, config, parts, { signal: stopping.signal, say });
  if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(figures, null, 2)}\n`);
  for (const line of describeFigures(figures)) console.log(line);
  return isAccepted(figures) ? 0 : 1;
}

function durationOf(option: string, text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs > 0) return durationMs;
  throw new UsageError(`${option}: found ${JSON.stringify(text)}, wanted a duration such as 30s or 5m`);
}

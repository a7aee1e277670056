import type { Command } from 'commander';
import { OperatingError } from '../../domain/errors.ts';
import { parsePlanFile } from '../../domain/plan-file.ts';
import { configOf, withConfig, withDryRun, withProgress } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';
import { parseInput, readInput } from '../io.ts';
import { findDaemon } from '../running-daemon.ts';
import { reportWork } from './work.ts';

export function addApply(program: Command, cli: Cli): void {
  withDryRun(withConfig(program.command('apply <planfile>')))
    .summary('execute exactly the moves of a plan file')
    .description(
      'Executes exactly the moves of a plan file that plan --out wrote. Each move is checked again first. Refuses the plan when ' +
        'the file was changed, the cluster is no longer what it was, or a daemon works on it. - reads standard input.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ greptime-rebalancer plan -c rebalancer.yaml --out plan.json
  $ greptime-rebalancer apply plan.json -c rebalancer.yaml --no-dry-run`,
    )
    .action(async (path: string, flags: ConfigFlags) => {
      const file = parseInput(path, await readInput(path, cli.io.stdin), parsePlanFile);
      const config = await configOf(cli, flags);
      const daemon = await findDaemon(cli, config);
      if (daemon)
        throw new OperatingError(
          'daemon-running',
          `The cluster is the work of ${daemon.name}: no plan is applied beside it. Stop it first, or let it plan and move by itself`,
        );
      const result = await withProgress(cli, (call) => cli.app.apply(config, file, call));
      cli.exitWith(await reportWork(cli, result));
    });
}

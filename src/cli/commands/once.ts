import type { Command } from 'commander';
import { configOf, withConfig, withDryRun, withProgress } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';
import { reportWork } from './work.ts';

export function addOnce(program: Command, cli: Cli): void {
  withDryRun(withConfig(program.command('once')))
    .summary('one cycle, then exit')
    .description('Reads the cluster, plans, and carries out at most execution.maxMovesPerCycle of the moves.')
    .addHelpText(
      'after',
      `
Example:
  $ greptime-rebalancer once -c rebalancer.yaml --no-dry-run`,
    )
    .action(async (flags: ConfigFlags) => {
      const config = await configOf(cli, flags);
      const result = await withProgress(cli, (call) => cli.app.once(config, call));
      cli.exitWith(await reportWork(cli, result));
    });
}

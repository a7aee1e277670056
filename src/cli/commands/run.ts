import { resolve } from 'node:path';
import type { Command } from 'commander';
import { configFileOf, configOf, withConfig, withDryRun } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';

export function addRun(program: Command, cli: Cli): void {
  withDryRun(withConfig(program.command('run')))
    .summary('the daemon')
    .description(
      'Runs the daemon until it is told to stop. Logs to standard output: lines to read on a terminal, else JSON lines.',
    )
    .addHelpText(
      'after',
      `
Example:
  $ greptime-rebalancer run -c rebalancer.yaml

SIGTERM and SIGINT stop it; a migration under way is left to the cluster and
found again at the next start.
SIGHUP reads the configuration again.`,
    )
    .action(async (flags: ConfigFlags) => {
      const reload = () => configOf(cli, flags);
      const file = configFileOf(cli, flags);
      await cli.app.run(
        {
          config: await reload(),
          reload,
          file: file === undefined ? undefined : resolve(cli.cwd, file),
          onHangup: cli.io.onHangup,
        },
        { signal: cli.io.signal },
      );
    });
}

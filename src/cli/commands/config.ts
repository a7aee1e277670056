import type { Command } from 'commander';
import { printConfig } from '../../config/effective.ts';
import { readSecrets } from '../../config/secrets.ts';
import { configOf, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';

export function addConfig(program: Command, cli: Cli): void {
  const group = program
    .command('config')
    .summary('check or print the configuration')
    .description(
      'Checks or prints the configuration: the file, over it the environment, over both the command line.',
    )
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer config check -c rebalancer.yaml');
  withConfig(group.command('check'))
    .description('Reads the whole configuration, with its secret files, and names everything that is wrong.')
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer config check -c rebalancer.yaml')
    .action(async (flags: ConfigFlags) => {
      const config = await configOf(cli, flags);
      await readSecrets(config);
      const mode = config.execution.dryRun
        ? 'dry run: plans and reports, moves nothing'
        : 'acting: moves regions';
      await cli.io.out.write(`The configuration is valid (${mode}).\n`);
    });
  withConfig(group.command('print'))
    .description(
      'Prints the effective configuration with every default filled in. Secrets stay in their files.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ greptime-rebalancer config print -c rebalancer.yaml --set log.level=debug',
    )
    .action(async (flags: ConfigFlags) => {
      await cli.io.out.write(printConfig(await configOf(cli, flags, true)));
    });
}

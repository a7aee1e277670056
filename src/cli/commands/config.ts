import type { Command } from 'commander';
import { configOf, examples, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';
import { writeReport } from './preflight.ts';

export function addConfig(program: Command, cli: Cli): void {
  const group = program
    .command('config')
    .summary('check or print the configuration')
    .description(
      'Checks or prints the configuration. The environment overrides the file, the command line overrides both.',
    )
    .addHelpText('after', examples('config check -c rebalancer.yaml'));
  withConfig(group.command('check'))
    .description('Reads the whole configuration and its secret files, and lists every mistake.')
    .option('--connect', 'look at the cluster too, as preflight does; changes nothing')
    .addHelpText('after', examples('config check -c rebalancer.yaml --connect'))
    .action(async ({ connect, ...flags }: ConfigFlags & { readonly connect?: boolean }) => {
      const config = await configOf(cli, flags);
      const { readSecrets } = await import('../../config/secrets.ts');
      await readSecrets(config);
      const mode = config.execution.dryRun
        ? 'dry run: plans and reports, moves nothing'
        : 'active: moves regions';
      await cli.io.out.write(`The configuration is valid (${mode}).\n`);
      if (!connect) return;
      const report = await cli.app.preflight(config, { signal: cli.io.signal });
      cli.exitWith(await writeReport(cli, report, 'table'));
    });
  withConfig(group.command('print'))
    .description(
      'Prints the effective configuration with every default filled in. Secrets stay in their files.',
    )
    .addHelpText('after', examples('config print -c rebalancer.yaml --set log.level=debug'))
    .action(async (flags: ConfigFlags) => {
      const { printConfig } = await import('../../config/effective.ts');
      await cli.io.out.write(await printConfig(await configOf(cli, flags, true)));
    });
}

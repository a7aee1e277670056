import type { Command } from 'commander';
import type { DrainVerdict } from '../../domain/regions-left.ts';
import {
  configOf,
  daemonOf,
  examples,
  hasConfig,
  withConfig,
  withDaemon,
  withDryRun,
  withProgress,
} from '../cli.ts';
import type { Cli, ConfigFlags, DaemonFlags, ExitStatus } from '../cli.ts';
import { writeText } from '../io.ts';
import { parseIds } from '../options.ts';
import { findDaemon, refuseOtherDryRun } from '../running-daemon.ts';
import { drainVerdict, isDrained } from '../render/drain-verdict.ts';
import { drainByDaemon, previewByDaemon } from './drain-by-daemon.ts';

export function addDrain(program: Command, cli: Cli): void {
  withDaemon(withDryRun(withConfig(program.command('drain <id...>'))))
    .summary('empty datanodes, then say what is left and why')
    .description(
      'Moves every region off the datanodes, also those of tables that are not selected, then names every region that is left and why. ' +
        'Ends with status 0 only when none is left, also in a dry run. Where a daemon works on the cluster of the configuration, the command ' +
        'asks that daemon to drain and shows its progress; with --url it asks the daemon there, and without a configuration the local one. ' +
        'A daemon keeps the datanodes empty until "undrain".',
    )
    .addHelpText(
      'after',
      examples('drain 2 5 -c rebalancer.yaml --no-dry-run', 'drain 2 --url http://rebalancer:9480'),
    )
    .action(async (words: string[], flags: DrainFlags) => {
      const ids = parseIds('drain', words.join(','));
      const verdict = await drain(cli, ids, flags);
      cli.exitWith(await report(cli, verdict));
    });
}

async function drain(cli: Cli, ids: readonly string[], flags: DrainFlags): Promise<DrainVerdict> {
  if (flags.url !== undefined || !hasConfig(cli, flags)) {
    const client = daemonOf(cli, flags);
    return flags.dryRun === true ? previewByDaemon(client, ids) : drainByDaemon(cli, client, ids);
  }
  const config = await configOf(cli, flags);
  const daemon = await findDaemon(cli, config);
  if (!daemon) return withProgress(cli, (call) => cli.app.drain(config, ids, call));
  if (config.execution.dryRun) return previewByDaemon(daemon.client, ids);
  refuseOtherDryRun(daemon, config);
  await writeText(cli.io.err, [`Asked ${daemon.name} to drain; this command only follows it.`]);
  return drainByDaemon(cli, daemon.client, ids);
}

interface DrainFlags extends ConfigFlags, DaemonFlags {}

async function report(cli: Cli, verdict: DrainVerdict): Promise<ExitStatus> {
  const { canvas } = cli.io.out;
  await writeText(cli.io.out, drainVerdict(verdict, canvas));
  return isDrained(verdict) ? 0 : 1;
}

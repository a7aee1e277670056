import type { Command } from 'commander';
import type { PreflightReport } from '../../app/preflight/check.ts';
import { configOf, examples, outputOption, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags, ExitStatus } from '../cli.ts';
import { UsageError } from '../../domain/errors.ts';
import { wrap } from '../../lib/wrap.ts';
import { confirm, writeJson, writeLines, writeSoon } from '../io.ts';
import { printable } from '../render/text.ts';
import { preflightTable } from '../render/preflight-table.ts';

interface PreflightFlags extends ConfigFlags {
  readonly output: ReportFormat;
  readonly migrate?: boolean;
  readonly yes?: boolean;
}

type ReportFormat = 'table' | 'json';

export function addPreflight(program: Command, cli: Cli): void {
  withConfig(program.command('preflight'))
    .addOption(outputOption('table', 'json'))
    .summary('check that everything is ready')
    .description(
      'Looks at endpoints, logins, clocks, version, rights, datanodes, selection, gates and the state folder, and says pass, warn or fail for ' +
        'each. Changes nothing, and works beside a running daemon. Ends with status 1 when a check fails.',
    )
    .option(
      '--migrate',
      'then make a database and a table, write to it, move one of its regions to another datanode and back, read every row again, and drop both; ' +
        'execution.dryRun does not forbid it, because you ask for it here',
    )
    .option('--yes', 'do not ask before --migrate')
    .addHelpText(
      'after',
      examples('preflight -c rebalancer.yaml', 'preflight -c rebalancer.yaml --migrate --yes'),
    )
    .action(async (flags: PreflightFlags) => {
      const config = await configOf(cli, flags);
      const { signal, err } = cli.io;
      if (flags.migrate) await mayMigrate(cli, flags, config.cluster.name);
      const say = (line: string): void => writeSoon(err, `${printable(line)}\n`);
      const report = await (flags.migrate
        ? cli.app.preflightWithTrial(config, { signal, say })
        : cli.app.preflight(config, { signal }));
      cli.exitWith(await writeReport(cli, report, flags.output));
    });
}

/** @throws UsageError unless somebody says yes. */
async function mayMigrate({ io }: Cli, { yes }: PreflightFlags, cluster: string): Promise<void> {
  if (yes) return;
  if (!io.isInteractive)
    throw new UsageError(
      '--migrate writes to the cluster, and nobody can be asked here: wanted --yes as well',
    );
  const what =
    `--migrate makes a database of its own in ${JSON.stringify(cluster)}, writes to a table there, moves one of its regions to another ` +
    'datanode and back, and drops it all.';
  await writeLines(io.err, wrap(printable(what), io.err.canvas.width));
  if (!(await confirm(io, 'Go on?'))) throw new UsageError('Nothing was done: --migrate was not confirmed');
}

/** @returns 1 when a check failed. */
export async function writeReport(
  { io: { out } }: Cli,
  report: PreflightReport,
  format: ReportFormat,
): Promise<ExitStatus> {
  if (format === 'json') await writeJson(out, report);
  else await writeLines(out, preflightTable(report, out.canvas));
  return report.verdict === 'fail' ? 1 : 0;
}

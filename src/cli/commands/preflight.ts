import { Option } from 'commander';
import type { Command } from 'commander';
import type { PreflightReport } from '../../app/preflight/check.ts';
import { configOf, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags, ExitStatus } from '../cli.ts';
import { writeLines } from '../io.ts';
import { preflightTable } from '../render/preflight-table.ts';

interface PreflightFlags extends ConfigFlags {
  readonly output: ReportFormat;
}

type ReportFormat = 'table' | 'json';

export function addPreflight(program: Command, cli: Cli): void {
  withReportFormat(withConfig(program.command('preflight')))
    .summary('look whether everything is as it has to be')
    .description(
      'Looks at endpoints, logins, clocks, version, rights, datanodes, selection, gates and the state folder, and says pass, warn or fail for ' +
        'each. Changes nothing, and works beside a running daemon. Ends with status 1 when a check fails.',
    )
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer preflight -c rebalancer.yaml')
    .action(async (flags: PreflightFlags) => {
      const config = await configOf(cli, flags);
      const report = await cli.app.preflight(config, { signal: cli.io.signal });
      cli.exitWith(await writeReport(cli, report, flags.output));
    });
}

function withReportFormat(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
  );
}

/** @returns 1 when a check failed. */
export async function writeReport(
  { io: { out } }: Cli,
  report: PreflightReport,
  format: ReportFormat,
): Promise<ExitStatus> {
  if (format === 'json') await out.write(`${JSON.stringify(report, null, 2)}\n`);
  else await writeLines(out, preflightTable(report, out.canvas));
  return report.verdict === 'fail' ? 1 : 0;
}

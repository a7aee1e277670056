import type { Command } from 'commander';
import type { DrainVerdict } from '../../app/commands/drain.ts';
import { configOf, withConfig, withDryRun, withProgress } from '../cli.ts';
import type { Cli, ConfigFlags, ExitStatus } from '../cli.ts';
import { writeLines } from '../io.ts';
import { parseIds } from '../options.ts';
import { drainVerdict, isDrained } from '../render/drain-verdict.ts';

export function addDrain(program: Command, cli: Cli): void {
  withDryRun(withConfig(program.command('drain <id...>')))
    .summary('empty datanodes, then say what is left and why')
    .description(
      'Moves every region in scope off the datanodes, then names every region that is left and why. Ends with status 0 only when ' +
        'none is left, also in a dry run.',
    )
    .addHelpText(
      'after',
      `
Example:
  $ greptime-rebalancer drain 2 5 -c rebalancer.yaml --no-dry-run`,
    )
    .action(async (words: string[], flags: ConfigFlags) => {
      const ids = parseIds('drain', words.join(','));
      const config = await configOf(cli, flags);
      const verdict = await withProgress(cli, (call) => cli.app.drain(config, ids, call));
      cli.exitWith(await report(cli, verdict));
    });
}

async function report(cli: Cli, verdict: DrainVerdict): Promise<ExitStatus> {
  await writeLines(cli.io.out, drainVerdict(verdict, cli.io.out.canvas));
  return isDrained(verdict) ? 0 : 1;
}

import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { MOVE_REASON_CODES, OUTCOME_CODES } from '../../domain/codes.ts';
import { UsageError } from '../../domain/errors.ts';
import { historyAnswer, statusAnswer } from '../api-schemas.ts';
import { daemonOf, withDaemon } from '../cli.ts';
import type { Cli, DaemonFlags } from '../cli.ts';
import { writeLines } from '../io.ts';
import type { Output } from '../io.ts';
import { parseId, parseWhole } from '../options.ts';
import { historyTable } from '../render/daemon-screens.ts';
import { statusScreen } from '../render/status-screen.ts';

interface ViewFlags extends DaemonFlags {
  readonly output: 'table' | 'json';
}

interface HistoryFlags extends ViewFlags {
  readonly limit: string;
  readonly before?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly region?: string;
  readonly table?: string;
  readonly datanode?: string;
  readonly since?: string;
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table');
}

export function addStatus(program: Command, cli: Cli): void {
  withDaemon(program.command('status'))
    .summary('what a running daemon does and knows')
    .description('Shows what a running daemon does and knows.')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer status --url http://rebalancer:9480')
    .action(async (flags: ViewFlags) => {
      const { out } = cli.io;
      const daemon = daemonOf(cli, flags);
      if (flags.output === 'json') return writeJson(out, await daemon.get('/api/v1/status', z.unknown()));
      await writeLines(out, statusScreen(await daemon.get('/api/v1/status', statusAnswer), out.canvas));
    });
}

export function addHistory(program: Command, cli: Cli): void {
  withDaemon(program.command('history'))
    .summary('the moves of a running daemon')
    .description('Lists the moves that a running daemon has made, the newest first.')
    .option('--limit <n>', 'how many', '20')
    .option('--before <id>', 'only older ones: the next page')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(OUTCOME_CODES))
    .addOption(new Option('--reason <reason>', 'only these').choices(MOVE_REASON_CODES))
    .option('--region <id>', 'only of this region')
    .option('--table <name>', 'only of tables with this id, or this in their name')
    .option('--datanode <id>', 'only from or to this datanode')
    .option('--since <time>', 'only begun since then (2026-11-22T13:00:00Z)')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer history --outcome failed --limit 50')
    .action((flags: HistoryFlags) => history(cli, flags));
}

async function history(cli: Cli, flags: HistoryFlags): Promise<void> {
  const { out, err } = cli.io;
  const { before, outcome, reason, table } = flags;
  const daemon = daemonOf(cli, flags);
  const query = {
    limit: String(parseWhole('--limit', flags.limit, 1, 1_000)),
    before: before === undefined ? undefined : parseId('--before', before),
    outcome,
    reason,
    region: flags.region === undefined ? undefined : parseId('--region', flags.region),
    table,
    datanode: flags.datanode === undefined ? undefined : parseId('--datanode', flags.datanode),
    since: flags.since === undefined ? undefined : parseTime('--since', flags.since),
  };
  if (flags.output === 'json') return writeJson(out, await daemon.get('/api/v1/history', z.unknown(), query));
  const page = await daemon.get('/api/v1/history', historyAnswer, query);
  await writeLines(out, historyTable(page.moves, out.canvas));
  if (page.next !== null) await err.write(`Older moves: --before ${page.next}\n`);
}

/** The whole answer, with what this release does not know. */
function writeJson(out: Output, answer: unknown): Promise<void> {
  return out.write(`${JSON.stringify(answer, null, 2)}\n`);
}

function parseTime(option: string, text: string): string {
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs)) return new Date(atMs).toISOString();
  throw new UsageError(
    `${option}: found ${JSON.stringify(text)}, wanted a time such as 2026-11-22T13:00:00Z`,
  );
}

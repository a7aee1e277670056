import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { MOVE_REASON_CODES, OUTCOME_CODES } from '../../domain/codes.ts';
import { UsageError } from '../../domain/errors.ts';
import type { ApiClient } from '../api-client.ts';
import { auditSchema, historySchema, statusSchema } from '../../server/api/answers.ts';
import { daemonOf, examples, outputOption, withDaemon } from '../cli.ts';
import type { Cli, DaemonFlags } from '../cli.ts';
import { writeJson, writeLines, writeText } from '../io.ts';
import type { Output } from '../io.ts';
import { parseDurationOption, parseId, parseWhole } from '../options.ts';
import { auditTable, historyTable } from '../render/daemon-screens.ts';
import { printable } from '../render/text.ts';
import { statusScreen } from '../render/status-screen.ts';
import { watchScreen } from '../render/watch.ts';
import type { Draw } from '../render/watch.ts';

interface StatusFlags extends DaemonFlags {
  readonly output: 'table' | 'json';
  /** True without an interval of its own. */
  readonly watch?: string | true;
}

interface ListFlags extends DaemonFlags {
  readonly output: 'table' | 'json' | 'jsonl';
  readonly limit: string;
}

interface HistoryFlags extends ListFlags {
  readonly before?: string;
  readonly all?: boolean;
  readonly outcome?: string;
  readonly reason?: string;
  readonly region?: string;
  readonly table?: string;
  readonly datanode?: string;
  readonly since?: string;
  readonly until?: string;
}

const WATCH_EVERY = '2s';

export function addStatus(program: Command, cli: Cli): void {
  withDaemon(program.command('status'))
    .summary('the status of a running daemon')
    .description('Shows the status of a running daemon.')
    .option('-w, --watch [interval]', `refresh, every ${WATCH_EVERY} by default`)
    .addOption(outputOption('table', 'json'))
    .addHelpText('after', examples('status --url http://rebalancer:9480', 'status --watch'))
    .action((flags: StatusFlags) => status(cli, flags));
}

async function status(cli: Cli, flags: StatusFlags): Promise<void> {
  const { out, clock, signal } = cli.io;
  const daemon = daemonOf(cli, flags);
  const isJson = flags.output === 'json';
  if (flags.watch !== undefined) {
    const everyMs = parseDurationOption('--watch', flags.watch === true ? WATCH_EVERY : flags.watch);
    const read = isJson ? () => jsonLine(daemon) : () => screen(daemon, out);
    return watchScreen(read, { out, clock, signal, everyMs, inPlace: out.isTerminal && !isJson });
  }
  if (isJson) return writeJson(out, await daemon.get('/api/v1/status', z.unknown()));
  await writeLines(out, statusScreen(await daemon.get('/api/v1/status', statusSchema), out.canvas));
}

async function screen(daemon: ApiClient, out: Output): Promise<Draw> {
  const status = await daemon.get('/api/v1/status', statusSchema);
  // The last line of the window holds the cursor.
  return () => statusScreen(status, out.canvas, out.rows - 1);
}

async function jsonLine(daemon: ApiClient): Promise<Draw> {
  const line = JSON.stringify(await daemon.get('/api/v1/status', z.unknown()));
  return () => [line];
}

export function addHistory(program: Command, cli: Cli): void {
  withDaemon(program.command('history'))
    .summary('the past moves of a running daemon')
    .description('Lists the moves that a running daemon has made, the newest first.')
    .option('--limit <n>', 'how many, 1 to 1000', '20')
    .option('--before <id>', 'only moves older than this one: the next page')
    .option('--all', 'every stored move, without a limit; -o jsonl exports them')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(OUTCOME_CODES))
    .addOption(new Option('--reason <reason>', 'only these').choices(MOVE_REASON_CODES))
    .option('--region <id>', 'only of this region')
    .option('--table <name>', 'only of tables with this id or text in their name')
    .option('--datanode <id>', 'only from or to this datanode')
    .option('--since <time>', 'only begun since then (2026-11-22T13:00:00Z)')
    .option('--until <time>', 'only begun before then')
    .addOption(outputOption('table', 'json', 'jsonl'))
    .addHelpText(
      'after',
      examples('history --outcome failed --limit 50', 'history --all -o jsonl > moves.jsonl'),
    )
    .action((flags: HistoryFlags) => history(cli, flags));
}

const LARGEST_PAGE = 1_000;
/** As many moves as a year of one every thirty seconds. */
const MAX_PAGES = 1_100;

async function history(cli: Cli, flags: HistoryFlags): Promise<void> {
  const { out, err } = cli.io;
  const daemon = daemonOf(cli, flags);
  const query = historyQuery(flags);
  if (flags.output === 'json' && flags.all !== true)
    return writeJson(out, await daemon.get('/api/v1/history', z.unknown(), query));
  let before = query['before'];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { lines, next } = await historyPage(cli, daemon, flags.output, { ...query, before });
    await writeLines(out, lines);
    before = next ?? undefined;
    if (before === undefined || out.readerGone.aborted || flags.all !== true) break;
  }
  if (before !== undefined && !out.readerGone.aborted) await err.write(`Older moves: --before ${before}\n`);
  if (flags.output === 'table') await tellStandby(cli, daemon);
}

/** Says on standard error that a standby knows only what it did itself. */
export async function tellStandby({ io: { err } }: Cli, daemon: ApiClient): Promise<void> {
  // What was asked for is shown already: that this is not known is no failure.
  const status = await daemon.get('/api/v1/status', leaderSchema).catch(() => undefined);
  if (!status || status.leader.leads) return;
  const { holder } = status.leader;
  const leader =
    holder === null ? 'Ask the leader with --url' : `${printable(holder)} leads: ask it with --url`;
  const text = `This replica is a standby and lists only what it did itself. ${leader}.`;
  await writeText(err, [text]);
}

const leaderSchema = z.object({ leader: statusSchema.unwrap().shape.leader });

async function historyPage(
  cli: Cli,
  daemon: ApiClient,
  output: ListFlags['output'],
  query: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly lines: Iterable<string>; readonly next: string | null }> {
  if (output === 'table') {
    const { moves, next } = await daemon.get('/api/v1/history', historySchema, query);
    return { lines: historyTable(moves, cli.io.out.canvas), next };
  }
  const { moves, next } = await daemon.get('/api/v1/history', wholeHistory, query);
  return { lines: moves.map((move) => JSON.stringify(move)), next };
}

/** Moves with all that the daemon says of them. */
const wholeHistory = z.object({ moves: z.array(z.unknown()).readonly(), next: z.string().nullable() });

function historyQuery(flags: HistoryFlags): Readonly<Record<string, string | undefined>> {
  const { before, outcome, reason, table, since, until, all } = flags;
  const limit = parseWhole('--limit', flags.limit, 1, LARGEST_PAGE);
  return {
    limit: String(all === true ? LARGEST_PAGE : limit),
    before: before === undefined ? undefined : parseId('--before', before),
    outcome,
    reason,
    region: flags.region === undefined ? undefined : parseId('--region', flags.region),
    table,
    datanode: flags.datanode === undefined ? undefined : parseId('--datanode', flags.datanode),
    since: since === undefined ? undefined : parseTime('--since', since),
    until: until === undefined ? undefined : parseTime('--until', until),
  };
}

export function addAudit(program: Command, cli: Cli): void {
  withDaemon(program.command('audit'))
    .summary('the audit log of a running daemon')
    .description('Lists who paused, drained, triggered or released what, when and why; newest first.')
    .option('--limit <n>', 'how many', '20')
    .addOption(outputOption('table', 'json', 'jsonl'))
    .addHelpText('after', examples('audit --limit 100'))
    .action((flags: ListFlags) => audit(cli, flags));
}

async function audit(cli: Cli, flags: ListFlags): Promise<void> {
  const { out } = cli.io;
  const limit = String(parseWhole('--limit', flags.limit, 1, LARGEST_PAGE));
  const daemon = daemonOf(cli, flags);
  const answer = await daemon.get('/api/v1/audit', auditSchema, { limit });
  if (flags.output === 'json') return writeJson(out, answer);
  const { entries } = answer;
  const asLines = flags.output === 'jsonl' ? entries.map((entry) => JSON.stringify(entry)) : undefined;
  await writeLines(out, asLines ?? auditTable(entries, out.canvas));
  if (flags.output === 'table') await tellStandby(cli, daemon);
}

function parseTime(option: string, text: string): string {
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs)) return new Date(atMs).toISOString();
  throw new UsageError(
    `${option}: found ${JSON.stringify(text)}, wanted a time such as 2026-11-22T13:00:00Z`,
  );
}

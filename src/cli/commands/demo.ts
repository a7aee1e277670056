import { Option } from 'commander';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples, withProgress } from '../cli.ts';
import { writeSoon } from '../io.ts';
import { parseDurationOption, parseWhole } from '../options.ts';
import { planTable } from '../render/plan-table.ts';
import { printable } from '../render/text.ts';

interface DemoFlags {
  readonly port?: string;
  readonly profile?: string;
  readonly seed?: string;
  readonly objective?: string;
  readonly exit?: boolean;
  readonly timeout: string;
}

export function addDemo(program: Command, cli: Cli): void {
  program
    .command('demo')
    .summary('watch a simulated cluster become balanced')
    .description(
      'Runs a simulated cluster, the daemon and its web page in one process. On a terminal it goes on serving until Ctrl-C; ' +
        'elsewhere, and with --exit, it ends once the cluster is balanced.',
    )
    .option('--port <n>', 'where to listen, 0 for any free port (default: 9480 if free)')
    .option('--profile <version>', 'the GreptimeDB version to simulate (default: 1.3)')
    .option('--seed <text>', 'the same seed gives the same cluster')
    .addOption(
      new Option('--objective <what>', 'what is evened out: how many regions, or their size on disk')
        .choices(['count', 'load'])
        .default('count'),
    )
    .option('--exit', 'end with status 0 once balanced')
    .option('--no-exit', 'go on serving until Ctrl-C')
    .option('--timeout <duration>', 'with --exit: how long it may take', '2m')
    .addHelpText('after', examples('demo --port 9480'))
    .action((flags: DemoFlags) => demo(cli, flags));
}

async function demo(cli: Cli, flags: DemoFlags): Promise<void> {
  const { out, clock } = cli.io;
  const say = (line: string): void => writeSoon(out, `${line}\n`);
  const result = await withProgress(
    cli,
    (call) =>
      cli.app.demo(
        {
          port: flags.port === undefined ? undefined : parseWhole('--port', flags.port, 0, 65_535),
          profile: flags.profile,
          seed: flags.seed,
          objective: flags.objective === 'load' ? 'load' : 'count',
          exit: flags.exit ?? !out.isTerminal,
          timeoutMs: parseDurationOption('--timeout', flags.timeout),
          say,
          show: ({ plan, snapshot }) =>
            writeSoon(
              out,
              `${[...planTable(plan, { ...out.canvas, all: false, nowMs: clock.now(), snapshot })].join('\n')}\n`,
            ),
        },
        call,
      ),
    out,
  );
  say(printable(result.detail));
  cli.exitWith(result.balanced ? 0 : 1);
}

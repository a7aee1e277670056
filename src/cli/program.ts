import { Command, CommanderError } from 'commander';
import { describeError, isAbort, OperatingError, UsageError } from '../domain/errors.ts';
import type { Cli, ExitStatus } from './cli.ts';
import { writeLines, writeSoon } from './io.ts';
import { wrapLines } from './render/text.ts';
import { addApply } from './commands/apply.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addHealthcheck, addPause, addQuarantine, addResume, addTrigger } from './commands/daemon-actions.ts';
import { addAudit, addHistory, addStatus } from './commands/daemon-views.ts';
import { addDatanodeRequests } from './commands/datanode-requests.ts';
import { addDemo } from './commands/demo.ts';
import { addDrain } from './commands/drain.ts';
import { addExplain } from './commands/explain.ts';
import { addOnce } from './commands/once.ts';
import { addPlan } from './commands/plan.ts';
import { addPreflight } from './commands/preflight.ts';
import { addRun } from './commands/run.ts';
import { addSimulate } from './commands/simulate.ts';
import { addSnapshot } from './commands/snapshot.ts';

const PROGRAM_NAME = 'greptime-rebalancer';

const COMMANDS = [
  addRun,
  addPlan,
  addApply,
  addOnce,
  addDrain,
  addPreflight,
  addSnapshot,
  addExplain,
  addStatus,
  addHistory,
  addAudit,
  addPause,
  addResume,
  addTrigger,
  addDatanodeRequests,
  addQuarantine,
  addConfig,
  addSimulate,
  addDemo,
  addHealthcheck,
  addCompletion,
];

/**
 * Runs one command line (without the interpreter and the script).
 *
 * @returns the exit status: 0 done or nothing to do, 1 failed, 2 wrong usage or configuration, 3 see `plan --detailed-exitcode`.
 */
export async function runCli(args: readonly string[], parts: Omit<Cli, 'exitWith'>): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const cli: Cli = { ...parts, exitWith: (wanted) => (status = wanted) };
  const withStack = args.includes('--debug');
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return reportFailure(cli, error, withStack);
  }
}

function createProgram(cli: Cli): Command {
  const program = new Command(PROGRAM_NAME)
    .description(
      'Plans the fewest region migrations that balance a GreptimeDB cluster, explains them, and carries them out one at a time.',
    )
    .version(cli.version, '-V, --version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(run with --help for usage)')
    .configureOutput({
      writeOut: (text) => writeSoon(cli.io.out, text),
      writeErr: (text) => writeSoon(cli.io.err, text),
      getOutHelpWidth: () => helpWidth(cli.io.out.canvas.width),
      getErrHelpWidth: () => helpWidth(cli.io.err.canvas.width),
    });
  for (const add of COMMANDS) add(program, cli);
  addDebug(program);
  program.addHelpText('after', EXAMPLES);
  return program;
}

const EXAMPLES = `
Examples:
  $ greptime-rebalancer demo
  $ greptime-rebalancer plan -c rebalancer.yaml
  $ greptime-rebalancer run -c rebalancer.yaml

Exit status: 0 done or nothing to do, 1 failed, 2 wrong usage or configuration; plan --detailed-exitcode ends with 3
when the plan has moves.`;

function helpWidth(columns: number): number {
  return Math.min(columns, 100);
}

function addDebug(command: Command): void {
  command.option('--debug', 'show the stack of errors');
  for (const child of command.commands) addDebug(child);
}

async function reportFailure(cli: Cli, error: unknown, withStack: boolean): Promise<ExitStatus> {
  // Commander has printed its own message; help and version come this way, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { err, signal } = cli.io;
  if (isAbort(error) || (signal.aborted && error === signal.reason)) {
    await err.write('Stopped before the end.\n');
    return 1;
  }
  const isOurs = error instanceof OperatingError;
  const text = isOurs ? describeError(error) : `Unexpected error, which is a bug: ${describeError(error)}`;
  const { style, width } = err.canvas;
  await writeLines(err, wrapLines(`${style('red', 'error:')} ${text}`.split('\n'), width));
  if (withStack) await err.write(`${stackOf(error)}\n`);
  else if (!isOurs) await err.write('--debug shows where it comes from.\n');
  return error instanceof UsageError ? 2 : 1;
}

/** The stacks of an error and its causes. */
function stackOf(error: unknown): string {
  const stacks: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    stacks.push(current.stack ?? current.message);
    current = current.cause;
  }
  return stacks.join('\ncaused by ');
}

import { Command, CommanderError } from 'commander';
import { describeError, isAbort, OperatingError, UsageError } from '../domain/errors.ts';
import type { Cli, ExitStatus } from './cli.ts';
import { writeText, writeSoon } from './io.ts';

const PROGRAM_NAME = 'greptime-rebalancer';

type AddCommand = (program: Command, cli: Cli) => void;

/** In the order of the help. Each is loaded only when it is asked for, as most of what one command needs no other does. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import('./commands/run.ts')).addRun,
  plan: async () => (await import('./commands/plan.ts')).addPlan,
  apply: async () => (await import('./commands/apply.ts')).addApply,
  once: async () => (await import('./commands/once.ts')).addOnce,
  drain: async () => (await import('./commands/drain.ts')).addDrain,
  preflight: async () => (await import('./commands/preflight.ts')).addPreflight,
  snapshot: async () => (await import('./commands/snapshot.ts')).addSnapshot,
  explain: async () => (await import('./commands/explain.ts')).addExplain,
  status: async () => (await import('./commands/daemon-views.ts')).addStatus,
  history: async () => (await import('./commands/daemon-views.ts')).addHistory,
  audit: async () => (await import('./commands/daemon-views.ts')).addAudit,
  pause: async () => (await import('./commands/daemon-actions.ts')).addPause,
  resume: async () => (await import('./commands/daemon-actions.ts')).addResume,
  trigger: async () => (await import('./commands/daemon-actions.ts')).addTrigger,
  undrain: async () => (await import('./commands/daemon-actions.ts')).datanodeRequest('undrain'),
  cordon: async () => (await import('./commands/daemon-actions.ts')).datanodeRequest('cordon'),
  uncordon: async () => (await import('./commands/daemon-actions.ts')).datanodeRequest('uncordon'),
  quarantine: async () => (await import('./commands/daemon-actions.ts')).addQuarantine,
  config: async () => (await import('./commands/config.ts')).addConfig,
  simulate: async () => (await import('./commands/simulate.ts')).addSimulate,
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  healthcheck: async () => (await import('./commands/daemon-actions.ts')).addHealthcheck,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
};

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
    const program = await createProgram(cli, args[0]);
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return reportFailure(cli, error, withStack);
  }
}

/** @param name the command that is asked for. When it is none, or completion, which lists them all, every command is loaded. */
async function createProgram(cli: Cli, name = ''): Promise<Command> {
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
  const load = name === 'completion' || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  const wanted = load === undefined ? Object.values(COMMANDS) : [load];
  for (const add of await Promise.all(wanted.map((each) => each()))) add(program, cli);
  addDebug(program);
  program.addHelpText('after', EXAMPLES);
  return program;
}

const EXAMPLES = `
Examples:
  $ greptime-rebalancer demo
  $ greptime-rebalancer plan -c rebalancer.yaml
  $ greptime-rebalancer run -c rebalancer.yaml

Exit status: 0 done or nothing to do, 1 failed, 2 wrong usage or configuration;
plan --detailed-exitcode ends with 3 when the plan has moves.`;

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
  await writeText(err, `${err.canvas.style('red', 'error:')} ${text}`.split('\n'));
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

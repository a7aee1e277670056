import { Option } from 'commander';
import type { Command } from 'commander';
import { COMMAND_VARIABLES, VARIABLE_PREFIX } from '../config/command-variables.ts';
import type { Config } from '../config/config.ts';
import type { ApiClient } from './api-client.ts';
import { createApiClient } from './api-client.ts';
import type { AskDaemon } from './ask-daemon.ts';
import type { App } from '../app/index.ts';
import type { WatchedCall } from '../app/commands/once.ts';
import { parseDurationOption } from './options.ts';
import { writeSoon } from './io.ts';
import type { CliIo, Output } from './io.ts';
import { showProgress } from './render/progress.ts';

/** The exit statuses that scripts may rely on. */
export type ExitStatus = 0 | 1 | 2 | 3;

/** What every command works with. */
export interface Cli {
  readonly io: CliIo;
  readonly app: App;
  readonly version: string;
  readonly ask: AskDaemon;
  /** The working directory. */
  readonly cwd: string;
  /** Sets what the process will end with. */
  readonly exitWith: (status: ExitStatus) => void;
}

export interface ConfigFlags {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly dryRun?: boolean;
}

/** Adds `-c FILE` and `--set KEY=VALUE`. */
export function withConfig(command: Command): Command {
  return command
    .option('-c, --config <file>', `configuration file (YAML); else ${COMMAND_VARIABLES.config}`)
    .option('--set <key=value>', 'override one key of the configuration; may be repeated', collect);
}

/** Adds `--dry-run` and `--no-dry-run` for commands that act. */
export function withDryRun(command: Command): Command {
  return command
    .option('--dry-run', 'only plan, move nothing; overrides the configuration')
    .option('--no-dry-run', 'move regions; overrides the configuration');
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Command lines, without the name of the program, for the end of the help. */
export function examples(...lines: readonly string[]): string {
  const shown = lines.map((line) => `  $ greptime-rebalancer ${line}`).join('\n');
  return `\nExample${lines.length > 1 ? 's' : ''}:\n${shown}`;
}

/** `-o` with these formats, the first of them being the default. */
export function outputOption(...formats: readonly [string, ...string[]]): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats).default(formats[0]);
}

/** Adds `--url`, `--token-file` and `--timeout` for commands that talk to a running daemon. */
export function withDaemon(command: Command): Command {
  return command
    .option('--url <url>', `where the daemon listens; else ${COMMAND_VARIABLES.url} or ${DEFAULT_URL}`)
    .option(
      '--token-file <file>',
      `file with the token of server.tokenFile; else ${COMMAND_VARIABLES.tokenFile}`,
    )
    .option('--timeout <duration>', 'how long to wait for an answer', '10s');
}

const DEFAULT_URL = 'http://127.0.0.1:9480';

export interface DaemonFlags {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly timeout: string;
}

/**
 * The effective configuration.
 *
 * @param offline true when no cluster is needed, because a file stands in for it.
 * @throws UsageError that names all that is wrong with it.
 */
export async function configOf(cli: Cli, flags: ConfigFlags, offline = false): Promise<Config> {
  // Most of what starts is neither asked of a cluster nor configured: help, version, and what talks to a daemon.
  const { loadConfig, requireCluster } = await import('../config/config-file.ts');
  const file = configFileOf(cli, flags);
  const config = await loadConfig({
    file,
    env: cli.io.env,
    flags: { 'execution.dryRun': flags.dryRun },
    set: flags.set,
    cwd: cli.cwd,
  });
  if (!offline) requireCluster(config, file);
  return config;
}

/** The file of `-c`, or of its variable; undefined when there is none. */
export function configFileOf(cli: Cli, flags: ConfigFlags): string | undefined {
  return flags.config ?? variable(cli, 'config');
}

/** Whether anything says which cluster is meant: a file, an option, or a variable. */
export function hasConfig(cli: Cli, flags: ConfigFlags): boolean {
  return (
    configFileOf(cli, flags) !== undefined ||
    flags.set !== undefined ||
    Object.keys(cli.io.env).some((name) => name.startsWith(`${VARIABLE_PREFIX}CLUSTER__`))
  );
}

/** A variable that is set to nothing is not set. */
function variable({ io }: Cli, name: keyof typeof COMMAND_VARIABLES): string | undefined {
  const value = io.env[COMMAND_VARIABLES[name]];
  return value === '' ? undefined : value;
}

export function daemonOf(cli: Cli, flags: DaemonFlags): ApiClient {
  const timeoutMs = parseDurationOption('--timeout', flags.timeout);
  return createApiClient(
    {
      url: flags.url ?? variable(cli, 'url') ?? DEFAULT_URL,
      tokenFile: flags.tokenFile ?? variable(cli, 'tokenFile'),
      timeoutMs,
    },
    { clock: cli.io.clock, signal: cli.io.signal, ask: cli.ask },
  );
}

/** Runs work whose progress is shown while it lasts: on standard error, unless it is what the command is for. */
export async function withProgress<T>(
  cli: Cli,
  work: (call: WatchedCall) => Promise<T>,
  output: Output = cli.io.err,
): Promise<T> {
  const { clock, signal } = cli.io;
  let stop = (): void => undefined;
  try {
    return await work({
      signal,
      watch: (watched) => {
        stop = showProgress(watched, {
          isTerminal: output.isTerminal,
          canvas: () => output.canvas,
          clock,
          write: (text) => writeSoon(output, text),
        });
      },
    });
  } finally {
    stop();
  }
}

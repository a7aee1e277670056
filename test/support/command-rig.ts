import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { CommandProcess, runCommandLine } from './command-process.ts';
import type { CommandResult, CommandSetup } from './command-process.ts';
import { tempFolder } from './temp-folder.ts';
import { ServedSimulator } from './served-simulator.ts';
import type { ServedOptions } from './served-simulator.ts';

/** The first table whose region ids do not fit a JavaScript number. */
export const BIG_TABLE = 2 ** 21 + 7;

/** 15 regions in scope, 13 of them on datanode 0; one of another table is there too. 8 moves balance them. */
const CROWDED_TABLES: ServedOptions['tables'] = [
  { id: 1024, name: 'cpu', leaders: [0, 0, 0, 0, 0, 1] },
  { id: 1025, name: 'memory', leaders: [0, 0, 0, 1] },
  { id: BIG_TABLE, name: 'big', leaders: [0, 0, 0] },
  { id: 1030, name: 'physical', engine: 'metric', leaders: [0, 0] },
  { id: 1031, name: 'logical', engine: 'metric' },
  { id: 1040, name: 'events', schema: 'greptime_private', leaders: [0] },
];

export const CROWDED = { 0: 14, 1: 2, 2: 0 };
export const EVEN = { 0: 6, 1: 5, 2: 5 };

/** Commands in a folder with a configuration that leads to a simulated cluster. */
export interface CommandRig {
  readonly cluster: ServedSimulator;
  readonly folder: string;
  /** The path of a file in the folder that then holds the text. */
  write(name: string, text: string): string;
  run(args: readonly string[], setup?: Partial<CommandSetup>): Promise<CommandResult>;
  /** Killed at the end of the test, should it still run. */
  start(args: readonly string[], setup?: Partial<CommandSetup>): CommandProcess;
}

export const HASTE = `
execution: { pauseBetweenMoves: 0s, pollInterval: 20ms, regionCooldown: 0s }
schedule: { cron: "* * * * * *" }
server: { listen: "127.0.0.1:0" }
`;

export async function createCommandRig(
  context: TestContext,
  profile: ServedOptions['profile'] = '1.3',
): Promise<CommandRig> {
  const cluster = await ServedSimulator.start({ profile, tables: CROWDED_TABLES }, context);
  const folder = tempFolder(context);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  write('rebalancer.yaml', cluster.configuration() + HASTE);
  return {
    cluster,
    folder,
    write,
    run: (args, setup) => runCommandLine(args, { cwd: folder, ...setup }),
    start: (args, setup) => {
      const process = new CommandProcess(args, { cwd: folder, ...setup });
      context.onTestFinished(() => process.kill('SIGKILL'));
      return process;
    },
  };
}

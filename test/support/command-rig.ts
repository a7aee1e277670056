import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { CommandProcess, runCommandLine } from './command-process.ts';
import type { CommandResult, CommandSetup } from './command-process.ts';
import { tempFolderFor } from './temp-folder.ts';
import { WireDouble } from './wire-double.ts';
import type { DoubleOptions, DoubleTable, DoubleVersion } from './wire-double.ts';

/** The first table whose region ids do not fit a JavaScript number. */
export const BIG_TABLE = 2n ** 21n + 7n;

/** 15 regions in scope, 13 of them on datanode 0; one of another table is there too. 8 moves balance them. */
function crowdedTables(version: DoubleVersion): DoubleTable[] {
  return [
    { id: 1024n, name: 'cpu', leaders: [0, 0, 0, 0, 0, 1] },
    { id: 1025n, name: 'memory', leaders: [0, 0, 0, 1], isUntyped: version === '0.6' },
    { id: BIG_TABLE, name: 'big', leaders: [0, 0, 0] },
    { id: 1030n, name: 'physical', engine: 'metric', leaders: [0, 0] },
    { id: 1031n, name: 'logical', engine: 'metric', leaders: [0, 0], logicalOf: 1030n },
    { id: 1040n, name: 'events', schema: 'greptime_private', leaders: [0] },
  ];
}

export const CROWDED = { 0: 14, 1: 2, 2: 0 };
export const EVEN = { 0: 6, 1: 5, 2: 5 };

/** Commands in a folder with a configuration that leads to a double. */
export interface CommandRig {
  readonly double: WireDouble;
  readonly folder: string;
  /** The path of a file in the folder that then holds the text. */
  write(name: string, text: string): string;
  run(args: readonly string[], setup?: Partial<CommandSetup>): Promise<CommandResult>;
  /** Killed at the end of the test, should it still run. */
  start(args: readonly string[], setup?: Partial<CommandSetup>): CommandProcess;
}

const HASTE = `
execution: { pauseBetweenMoves: 0s, pollInterval: 20ms, regionCooldown: 0s }
schedule: { cron: "* * * * * *" }
server: { listen: "127.0.0.1:0" }
`;

export async function createCommandRig(
  context: TestContext,
  options: Partial<DoubleOptions> & { readonly version: DoubleVersion },
): Promise<CommandRig> {
  const tables = crowdedTables(options.version);
  const double = await WireDouble.start({ datanodes: [0, 1, 2], tables, ...options });
  context.onTestFinished(() => double.close());
  const folder = tempFolderFor(context);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  write('rebalancer.yaml', `${double.configuration}${HASTE}`);
  return {
    double,
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

/** The region that each submission names. */
export function submittedRegions(double: WireDouble): string[] {
  return double
    .submissions()
    .map(({ query, sql }) => query.get('region_id') ?? /\((\d+)/.exec(sql)?.[1] ?? '');
}

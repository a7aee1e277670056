import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { planChunks } from '../../domain/plan-file.ts';
import { parseSnapshot } from '../../domain/snapshot-file.ts';
import type { ClusterIdentity, Snapshot } from '../../domain/snapshot.ts';
import { applyWhatIf } from '../../domain/what-if.ts';
import type { PlanAnswer } from '../../app/commands/plan.ts';
import { configOf, examples, outputOption, withConfig } from '../cli.ts';
import type { Cli, ConfigFlags, ExitStatus } from '../cli.ts';
import { parseInput, readInput, writeFileWhole, writeLines, writeText } from '../io.ts';
import { parseWhatIf } from '../options.ts';
import type { WhatIfFlags } from '../options.ts';
import { planCurl, planSql } from '../render/plan-commands.ts';
import type { CommandOptions } from '../render/plan-commands.ts';
import { planTable } from '../render/plan-table.ts';

interface PlanFlags extends ConfigFlags, WhatIfFlags {
  readonly from?: string;
  readonly output: 'table' | 'json' | 'sql' | 'curl';
  readonly out?: string;
  readonly all?: boolean;
  readonly detailedExitcode?: boolean;
}

export function addPlan(program: Command, cli: Cli): void {
  const command = withConfig(program.command('plan'))
    .summary('print the plan; moves nothing')
    .description('Prints the fewest moves that balance the cluster, and why. Moves nothing.')
    .option('--from <snapshot>', 'plan from a snapshot file instead of the cluster; - reads standard input')
    .addOption(outputOption('table', 'json', 'sql', 'curl'))
    .option('--out <file>', 'also write the plan to a file for apply')
    .option('--all', 'show every move and every blocker');
  withWhatIf(command)
    .option('--detailed-exitcode', 'end with 3 when the plan has moves')
    .addHelpText(
      'after',
      examples(
        'plan -c rebalancer.yaml',
        'plan --from prod.json --add-datanode 7,8 --drain 2',
        'plan -c rebalancer.yaml -o sql > moves.sql',
      ),
    )
    .action(async (flags: PlanFlags) => cli.exitWith(await plan(cli, flags)));
}

/** A list may come in parts: `--drain 3 --drain 4` is `--drain 3,4`. */
function joinLists(value: string, previous: string | undefined): string {
  return previous === undefined ? value : `${previous},${value}`;
}

/** Adds the options that imagine another cluster. */
export function withWhatIf(command: Command): Command {
  return command
    .option('--drain <ids>', 'what if these datanodes were drained (3,4)', joinLists)
    .option('--cordon <ids>', 'what if these datanodes were cordoned', joinLists)
    .option('--weight <id=n,...>', 'what if datanodes had these weights (3=2,4=1)', joinLists)
    .option('--add-datanode <ids>', 'what if these empty datanodes joined', joinLists)
    .option('--remove-datanode <ids>', 'what if these datanodes were removed', joinLists);
}

async function plan(cli: Cli, flags: PlanFlags): Promise<ExitStatus> {
  const whatIf = parseWhatIf(flags);
  const snapshot = flags.from === undefined ? undefined : await readSnapshot(cli, flags.from);
  const config = await configOf(cli, flags, snapshot !== undefined);
  const answer = await cli.app.plan(
    { config, snapshot, adjust: (basis) => applyWhatIf(basis, whatIf) },
    { signal: cli.io.signal },
  );
  if (flags.out !== undefined) {
    await writeFileWhole(flags.out, planChunks(answer.plan));
    await writeText(cli.io.err, [`Wrote ${flags.out}; "greptime-rebalancer apply" executes it.`]);
  }
  await print(cli, answer, config, flags);
  return flags.detailedExitcode && answer.plan.moves.length > 0 ? 3 : 0;
}

/** @throws UsageError that names the file and the place in it. */
export async function readSnapshot(cli: Cli, path: string): Promise<Snapshot> {
  return parseInput(path, await readInput(path, cli.io.stdin), parseSnapshot);
}

async function print(
  cli: Cli,
  { plan, snapshot }: PlanAnswer,
  config: Config,
  flags: PlanFlags,
): Promise<void> {
  const { out, clock } = cli.io;
  switch (flags.output) {
    case 'json':
      for (const chunk of planChunks(plan)) await out.write(chunk);
      return;
    case 'sql':
      return writeLines(out, planSql(plan, commandOptions(snapshot.cluster, config)));
    case 'curl':
      return writeLines(out, planCurl(plan, commandOptions(snapshot.cluster, config)));
    case 'table':
      return writeLines(
        out,
        planTable(plan, {
          ...out.canvas,
          all: flags.all === true,
          nowMs: clock.now(),
          snapshot,
        }),
      );
  }
}

function commandOptions(cluster: ClusterIdentity, config: Config): CommandOptions {
  const { sql, metasrv } = config.cluster;
  const endpoint = (cluster.api === 'metasrv' ? metasrv : sql).endpoints[0];
  return {
    cluster,
    replayTimeoutMs: config.execution.replayTimeoutMs,
    ...(endpoint !== undefined && { endpoint }),
    clusterId: metasrv.clusterId,
    ...(sql.username !== undefined && { username: sql.username }),
    ...(sql.passwordFile !== undefined && { passwordFile: sql.passwordFile }),
  };
}

import type { Command } from 'commander';
import { examples } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { writeSoon } from '../io.ts';
import { parseDurationOption, parseWhole } from '../options.ts';

interface SimulateFlags {
  readonly profile: string;
  readonly datanodes: string;
  readonly emptyDatanodes: string;
  readonly tables: string;
  readonly regions: string;
  readonly metasrvs: string;
  readonly frontends: string;
  readonly migrationTime: string;
  readonly seed: string;
  readonly faults?: string;
  readonly loads?: string;
  readonly port: string;
}

export function addSimulate(program: Command, cli: Cli): void {
  program
    .command('simulate')
    .summary('serve a simulated GreptimeDB cluster on loopback')
    .description('Serves a simulated GreptimeDB cluster on loopback, to try things without a real one.')
    .option('--profile <version>', 'the GreptimeDB version to simulate', '1.3')
    .option('--datanodes <n>', 'datanodes with regions', '3')
    .option('--empty-datanodes <n>', 'additional empty datanodes', '1')
    .option('--tables <n>', 'tables', '4')
    .option('--regions <n>', 'regions of each table', '6')
    .option('--metasrvs <n>', 'metasrv servers', '1')
    .option('--frontends <n>', 'frontend servers', '1')
    .option('--migration-time <duration>', 'how long a migration takes', '2s')
    .option('--seed <text>', 'the same seed gives the same cluster', '1')
    .option('--faults <list>', 'faults to play: leader-change@30s,lost-answer:submit=0.2')
    .option(
      '--loads <list>',
      'loads that differ and change: hot-tables,daily@10m,drift,jumps@1h; default steady',
    )
    .option('--port <n>', 'port of the first server; 0 takes free ones', '0')
    .addHelpText('after', examples('simulate --profile 0.7 --datanodes 5 --faults rollback=0.1'))
    .action(async (flags: SimulateFlags) => {
      await cli.app.simulate(
        {
          profile: flags.profile,
          datanodes: parseWhole('--datanodes', flags.datanodes, 1, 10_000),
          emptyDatanodes: parseWhole('--empty-datanodes', flags.emptyDatanodes, 0, 10_000),
          tables: parseWhole('--tables', flags.tables, 0, 100_000),
          regions: parseWhole('--regions', flags.regions, 1, 100_000),
          metasrvs: parseWhole('--metasrvs', flags.metasrvs, 1, 9),
          frontends: parseWhole('--frontends', flags.frontends, 0, 9),
          migrationTimeMs: parseDurationOption('--migration-time', flags.migrationTime),
          seed: flags.seed,
          faults: flags.faults,
          loads: flags.loads,
          port: parseWhole('--port', flags.port, 0, 65_535),
          say: (line) => writeSoon(cli.io.out, `${line}\n`),
        },
        { signal: cli.io.signal },
      );
    });
}

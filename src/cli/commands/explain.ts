import { Argument } from 'commander';
import type { Command } from 'commander';
import { OperatingError, UsageError } from '../../domain/errors.ts';
import { EXPLAIN_KINDS, explanationSchema } from '../../domain/explanation.ts';
import type { ExplainKind, Explanation } from '../../domain/explanation.ts';
import { applyWhatIf } from '../../domain/what-if.ts';
import { configOf, daemonOf, examples, outputOption, withConfig, withDaemon } from '../cli.ts';
import type { Cli, ConfigFlags, DaemonFlags } from '../cli.ts';
import { writeJson, writeLines } from '../io.ts';
import { parseId, parseWhatIf } from '../options.ts';
import type { WhatIfFlags } from '../options.ts';
import { explanation } from '../render/explanation.ts';
import { readSnapshot, withWhatIf } from './plan.ts';

interface ExplainFlags extends ConfigFlags, DaemonFlags, WhatIfFlags {
  readonly from?: string;
  readonly output: 'text' | 'json';
}

export function addExplain(program: Command, cli: Cli): void {
  const command = program
    .command('explain')
    .summary('why a region, table or datanode moves, or why not')
    .description(
      'Says why a region, table or datanode moves or stays. --from reads a snapshot file, -c the cluster; otherwise ' +
        'a running daemon is asked.',
    )
    .addArgument(new Argument('<kind>', 'what').choices(EXPLAIN_KINDS))
    .argument(
      '<id>',
      'its decimal id; for a table also schema.table, or its name alone where only one has it',
    )
    .option('--from <snapshot>', 'explain from a snapshot file; - reads standard input')
    .addOption(outputOption('text', 'json'));
  withDaemon(withWhatIf(withConfig(command)))
    .addHelpText(
      'after',
      examples(
        'explain region 4398046511104 -c rebalancer.yaml',
        'explain datanode 3 --from prod.json --drain 3',
      ),
    )
    .action(async (kind: ExplainKind, id: string, flags: ExplainFlags) => {
      if (kind !== 'table') parseId(`explain ${kind}`, id);
      await print(cli, await explain(cli, kind, id, flags), flags);
    });
}

async function explain(cli: Cli, kind: ExplainKind, id: string, flags: ExplainFlags): Promise<Explanation> {
  const whatIf = parseWhatIf(flags);
  const isLocal = flags.from !== undefined || flags.config !== undefined || flags.set !== undefined;
  if (!isLocal) {
    if (Object.values(whatIf).some((changes) => Object.keys(changes as object).length > 0))
      throw new UsageError('What-if options need --from or -c: a daemon explains only its own plan');
    return daemonOf(cli, flags).get(`/api/v1/explain/${kind}/${encodeURIComponent(id)}`, explanationSchema);
  }
  const snapshot = flags.from === undefined ? undefined : await readSnapshot(cli, flags.from);
  const config = await configOf(cli, flags, snapshot !== undefined);
  const answer = await cli.app.explain(
    { kind, id, config, snapshot, adjust: (basis) => applyWhatIf(basis, whatIf) },
    { signal: cli.io.signal },
  );
  if (answer) return answer;
  throw new OperatingError(`unknown-${kind}`, `There is no ${kind} ${id} in the snapshot`);
}

async function print(cli: Cli, answer: Explanation, flags: ExplainFlags): Promise<void> {
  const { out } = cli.io;
  if (flags.output === 'json') await writeJson(out, answer);
  else await writeLines(out, explanation(answer, out.canvas));
}

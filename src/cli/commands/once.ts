import type { Command } from 'commander';
import { configOf, examples, withConfig, withDryRun, withProgress } from '../cli.ts';
import type { Cli, ConfigFlags } from '../cli.ts';
import type { Config } from '../../config/config.ts';
import { OperatingError } from '../../domain/errors.ts';
import { compareIds } from '../../domain/ids.ts';
import { triggerAnswerSchema } from '../../server/api/answers.ts';
import { followDaemon } from '../follow.ts';
import { writeText } from '../io.ts';
import { pauseText } from '../render/status-screen.ts';
import { findDaemon, refuseOtherDryRun } from '../running-daemon.ts';
import type { RunningDaemon } from '../running-daemon.ts';
import { reportWork } from './work.ts';
import type { WorkReport } from './work.ts';

export function addOnce(program: Command, cli: Cli): void {
  withDryRun(withConfig(program.command('once')))
    .summary('one cycle, then exit')
    .description(
      'Reads the cluster, plans, and carries out at most execution.maxMovesPerCycle of the moves. Where a daemon works on the cluster, ' +
        'the cycle is triggered there, and followed to its end.',
    )
    .addHelpText('after', examples('once -c rebalancer.yaml --no-dry-run'))
    .action(async (flags: ConfigFlags) => {
      const config = await configOf(cli, flags);
      const daemon = await findDaemon(cli, config);
      const result = daemon
        ? await cycleByDaemon(cli, daemon, config)
        : await withProgress(cli, (call) => cli.app.once(config, call));
      cli.exitWith(await reportWork(cli, result));
    });
}

/** One cycle of the daemon that works on this cluster, to its end. */
async function cycleByDaemon(cli: Cli, daemon: RunningDaemon, config: Config): Promise<WorkReport> {
  const { client, status, name } = daemon;
  refuseOtherDryRun(daemon, config);
  if (status.paused)
    throw new OperatingError(
      'paused',
      `The work is for ${name}, which is paused ${pauseText(status.paused)}. No cycle was begun`,
    );
  // Of two cycles that somebody wants at the same time one is enough.
  const cycleId = status.cycle?.id ?? (await client.post('trigger', triggerAnswerSchema)).cycleId;
  await writeText(cli.io.err, [`Cycle ${cycleId} of ${name} runs; this command only follows it.`]);
  return followDaemon(cli, client, `The daemon goes on with cycle ${cycleId}.`, ({ lastCycle }) =>
    lastCycle !== null && compareIds(lastCycle.id, cycleId) >= 0 ? lastCycle : undefined,
  );
}

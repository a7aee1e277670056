import { userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  healthSchema,
  pauseAnswerSchema,
  quarantineSchema,
  releaseAnswerSchema,
  resumeAnswerSchema,
  triggerAnswerSchema,
} from '../../server/api/answers.ts';
import { daemonOf, withDaemon } from '../cli.ts';
import type { Cli, DaemonFlags } from '../cli.ts';
import { writeLines } from '../io.ts';
import { parseDurationOption, parseId } from '../options.ts';
import { quarantineTable } from '../render/daemon-screens.ts';
import { pauseText } from '../render/status-screen.ts';
import { printable } from '../render/text.ts';

interface PauseFlags extends DaemonFlags {
  readonly for?: string;
  readonly reason: string;
}

export function addPause(program: Command, cli: Cli): void {
  withDaemon(program.command('pause'))
    .summary('pause: the current migration finishes, no new one starts')
    .description(
      'Pauses a running daemon, for a time or until resumed: the current migration finishes, no new one starts.',
    )
    .option('--for <duration>', 'how long (2h); else until resumed')
    .option('--reason <text>', 'why, for other people', '')
    .addHelpText(
      'after',
      '\nExample:\n  $ greptime-rebalancer pause --for 2h --reason "upgrading the datanodes"',
    )
    .action(async (flags: PauseFlags) => {
      if (flags.for !== undefined) parseDurationOption('--for', flags.for);
      const body = { ...(flags.for !== undefined && { for: flags.for }), reason: flags.reason, by: actor() };
      const { paused } = await daemonOf(cli, flags).post('/api/v1/pause', pauseAnswerSchema, body);
      await cli.io.out.write(`Paused ${pauseText(paused)}\n`);
    });
}

export function addResume(program: Command, cli: Cli): void {
  withDaemon(program.command('resume'))
    .summary('end a pause')
    .description('Ends a pause of a running daemon.')
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer resume')
    .action(async (flags: DaemonFlags) => {
      const { resumed } = await daemonOf(cli, flags).post('/api/v1/resume', resumeAnswerSchema, {
        by: actor(),
      });
      await cli.io.out.write(resumed ? 'Resumed.\n' : 'It was not paused.\n');
      if (!resumed) cli.exitWith(1);
    });
}

export function addTrigger(program: Command, cli: Cli): void {
  withDaemon(program.command('trigger'))
    .summary('start a cycle now')
    .description('A running daemon starts a cycle now instead of waiting for its schedule.')
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer trigger')
    .action(async (flags: DaemonFlags) => {
      const { cycleId, paused } = await daemonOf(cli, flags).post('/api/v1/trigger', triggerAnswerSchema, {
        by: actor(),
      });
      if (!paused) return cli.io.out.write(`Cycle ${cycleId} started.\n`);
      await cli.io.out.write(
        `Paused ${pauseText(paused)}\nCycle ${cycleId} only plans. Run resume to move regions again.\n`,
      );
      cli.exitWith(1);
    });
}

export function addQuarantine(program: Command, cli: Cli): void {
  const group = program
    .command('quarantine')
    .summary('regions and datanodes left alone after failed migrations')
    .description(
      'Regions and datanodes whose migrations failed are left alone for a while, longer after each failure.',
    )
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer quarantine list');
  withDaemon(group.command('list'))
    .description('Lists the regions and datanodes in quarantine.')
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer quarantine list')
    .action(async (flags: DaemonFlags) => {
      const quarantine = await daemonOf(cli, flags).get('/api/v1/quarantine', quarantineSchema);
      await writeLines(cli.io.out, quarantineTable(quarantine, cli.io.out.canvas));
    });
  withDaemon(group.command('release <id>'))
    .description('Ends the quarantine of a region, or of a datanode, and forgets its failures.')
    .option('--datanode', 'the id is that of a datanode')
    .addHelpText('after', '\nExample:\n  $ greptime-rebalancer quarantine release 4398046511104')
    .action(async (text: string, flags: ReleaseFlags) => {
      const id = parseId('quarantine release', text);
      const body = { [flags.datanode === true ? 'datanodeId' : 'regionId']: id, by: actor() };
      const name = `${flags.datanode === true ? 'Datanode' : 'Region'} ${id}`;
      const { released } = await daemonOf(cli, flags).post(
        '/api/v1/quarantine/release',
        releaseAnswerSchema,
        body,
      );
      await cli.io.out.write(released ? `${name} takes part again.\n` : `${name} was not in quarantine.\n`);
      if (!released) cli.exitWith(1);
    });
}

interface ReleaseFlags extends DaemonFlags {
  readonly datanode?: boolean;
}

interface HealthFlags extends DaemonFlags {
  readonly ready?: boolean;
}

export function addHealthcheck(program: Command, cli: Cli): void {
  withDaemon(program.command('healthcheck'))
    .summary('status 0 when a daemon is alive, for containers')
    .description('Ends with status 0 when a running daemon is alive (--ready: ready to work), else with 1.')
    .option('--ready', 'ask /readyz instead of /healthz')
    .addHelpText('after', '\nExample:\n  HEALTHCHECK CMD ["greptime-rebalancer", "healthcheck"]')
    .action(async (flags: HealthFlags) => {
      const daemon = daemonOf(cli, flags);
      if (!flags.ready) {
        await daemon.get('/healthz', healthSchema);
        return cli.io.out.write('alive\n');
      }
      const { ready, missing } = await daemon.readiness();
      if (ready) return cli.io.out.write('ready\n');
      await writeLines(
        cli.io.out,
        missing.map(({ code, detail }) => `not ready: ${printable(code)}: ${printable(detail)}`),
      );
      cli.exitWith(1);
    });
}

/** Who acts, for the daemon's history. */
export function actor(): string {
  try {
    return userInfo().username.slice(0, MAX_ACTOR);
  } catch {
    // A container may run as a user that has no name.
    return 'command line';
  }
}

const MAX_ACTOR = 100;

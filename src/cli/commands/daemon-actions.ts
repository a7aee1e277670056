import type { Command } from 'commander';
import {
  cordonAnswerSchema,
  healthSchema,
  pauseAnswerSchema,
  quarantineSchema,
  releaseAnswerSchema,
  resumeAnswerSchema,
  triggerAnswerSchema,
  undrainAnswerSchema,
} from '../../server/api/answers.ts';
import { daemonOf, examples, withDaemon } from '../cli.ts';
import type { Cli, DaemonFlags } from '../cli.ts';
import { writeLines, writeText } from '../io.ts';
import { tellStandby } from './daemon-views.ts';
import { parseDurationOption, parseId, parseIds } from '../options.ts';
import { quarantineTable } from '../render/daemon-screens.ts';
import { pauseText } from '../render/status-screen.ts';
import { printable } from '../render/text.ts';

interface PauseFlags extends DaemonFlags {
  readonly for?: string;
  readonly reason?: string;
}

export function addPause(program: Command, cli: Cli): void {
  withDaemon(program.command('pause'))
    .summary('pause: the current migration finishes, no new one starts')
    .description(
      'Pauses a running daemon, for a time or until resumed: the current migration finishes, no new one starts.',
    )
    .option('--for <duration>', 'how long (2h); else until resumed')
    .option('--reason <text>', 'why, for other people')
    .addHelpText('after', examples('pause --for 2h --reason "upgrading the datanodes"'))
    .action(async ({ for: time, reason = '', ...flags }: PauseFlags) => {
      if (time !== undefined) parseDurationOption('--for', time);
      const { paused } = await daemonOf(cli, flags).post('pause', pauseAnswerSchema, { for: time, reason });
      await writeText(cli.io.out, [`Paused ${pauseText(paused)}`]);
    });
}

export function addResume(program: Command, cli: Cli): void {
  withDaemon(program.command('resume'))
    .summary('end a pause')
    .description('Ends a pause of a running daemon.')
    .addHelpText('after', examples('resume'))
    .action(async (flags: DaemonFlags) => {
      const { resumed } = await daemonOf(cli, flags).post('resume', resumeAnswerSchema);
      await cli.io.out.write(resumed ? 'Resumed.\n' : 'It was not paused.\n');
      if (!resumed) cli.exitWith(1);
    });
}

export function addTrigger(program: Command, cli: Cli): void {
  withDaemon(program.command('trigger'))
    .summary('start a cycle now')
    .description('A running daemon starts a cycle now instead of waiting for its schedule.')
    .addHelpText('after', examples('trigger'))
    .action(async (flags: DaemonFlags) => {
      const { cycleId, paused } = await daemonOf(cli, flags).post('trigger', triggerAnswerSchema);
      if (!paused) return cli.io.out.write(`Cycle ${cycleId} started.\n`);
      await writeText(cli.io.out, [
        `Paused ${pauseText(paused)}`,
        `Cycle ${cycleId} only plans. Run resume to move regions again.`,
      ]);
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
    .addHelpText('after', examples('quarantine list'));
  withDaemon(group.command('list'))
    .description('Lists the regions and datanodes in quarantine.')
    .addHelpText('after', examples('quarantine list'))
    .action(async (flags: DaemonFlags) => {
      const daemon = daemonOf(cli, flags);
      const quarantine = await daemon.get('/api/v1/quarantine', quarantineSchema);
      await writeLines(cli.io.out, quarantineTable(quarantine, cli.io.out.canvas));
      await tellStandby(cli, daemon);
    });
  withDaemon(group.command('release <id>'))
    .description('Ends the quarantine of a region, or of a datanode, and forgets its failures.')
    .option('--datanode', 'the id is that of a datanode')
    .addHelpText('after', examples('quarantine release 4398046511104'))
    .action(async (text: string, { datanode = false, ...flags }: ReleaseFlags) => {
      const id = parseId('quarantine release', text);
      const body = { [datanode ? 'datanodeId' : 'regionId']: id };
      const { released } = await daemonOf(cli, flags).post('quarantine/release', releaseAnswerSchema, body);
      const name = `${datanode ? 'Datanode' : 'Region'} ${id}`;
      await cli.io.out.write(released ? `${name} takes part again.\n` : `${name} was not in quarantine.\n`);
      if (!released) cli.exitWith(1);
    });
}

interface ReleaseFlags extends DaemonFlags {
  readonly datanode?: boolean;
}

export function datanodeRequest(name: keyof typeof DATANODE_REQUESTS): (program: Command, cli: Cli) => void {
  const { summary, description, schema, done } = DATANODE_REQUESTS[name];
  return (program, cli) =>
    withDaemon(program.command(`${name} <id...>`))
      .summary(summary)
      .description(description)
      .addHelpText('after', examples(`${name} 3`))
      .action(async (words: string[], flags: DaemonFlags) => {
        const datanodes = parseIds(name, words.join(','));
        await daemonOf(cli, flags).post<object>(name, schema, { datanodes });
        await cli.io.out.write(datanodes.map((id) => `Datanode ${id} ${done}.\n`).join(''));
      });
}

/** `done`: what is so of each of them then. */
const DATANODE_REQUESTS = {
  undrain: {
    summary: 'end a drain',
    description:
      'A running daemon no longer empties these datanodes: they receive regions again as the balance wants it. Refused as a whole when ' +
      'one of them does not drain, or drains because the configuration says so.',
    schema: undrainAnswerSchema,
    done: 'no longer drains',
  },
  cordon: {
    summary: 'keep datanodes as they are',
    description:
      'A running daemon moves nothing to these datanodes and nothing away from them, until uncordoned.',
    schema: cordonAnswerSchema,
    done: 'is cordoned: it keeps what it leads and receives nothing',
  },
  uncordon: {
    summary: 'end a cordon',
    description:
      'These datanodes take part again. Refused as a whole when one of them is not cordoned, or is because the configuration says so.',
    schema: cordonAnswerSchema,
    done: 'is no longer cordoned',
  },
};

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

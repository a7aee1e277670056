import { expect, onTestFinished, test } from 'vitest';
import type { CommandProcess } from '../support/command-process.ts';
import { clusterSection, listenCrowded, startDaemonProcess } from '../support/running-daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PROFILES = ['0.7', '0.8', '1.3'] as const;
const FOUND = /Somebody else made 3 of the moves that were planned here \(region \d+ to datanode \d+\)/;

test.each(PROFILES)(
  'on GreptimeDB %s two daemons with state folders of their own and without ha find each other out, and stop',
  { timeout: 120_000 },
  async (profile) => {
    const listening = await listenCrowded({
      profile,
      ...{ datanodes: 4, emptyDatanodes: 2, tables: 6, regions: 60, metasrvs: 1, frontends: 1 },
      ...{ migrationTimeMs: 200, seed: 'others', layout: 'balanced' },
    });
    onTestFinished(() => listening.close());
    const config = {
      cluster: clusterSection(listening, 'shared'),
      schedule: { cron: '* * * * * *' },
      execution: { dryRun: false, maxMovesPerCycle: 100, pauseBetweenMoves: '100ms', pollInterval: '50ms' },
      server: { listen: '127.0.0.1:0' },
    };
    const start = (): CommandProcess => startDaemonProcess(config, tempFolder());
    const daemons = [start(), start()];
    const finder = await Promise.race(
      daemons.map(async (daemon) => {
        await daemon.waitFor(FOUND);
        return daemon;
      }),
    );
    const status = await (await fetch(`${await finder.url()}/api/v1/status`)).text();
    expect(status).toContain('other-mover');
    await finder.waitFor(/paused by breaker|"by":"breaker"/);
  },
);

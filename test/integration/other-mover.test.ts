import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listenAsCluster } from '../../src/app/commands/simulate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { CommandProcess } from '../support/command-process.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const newFolder = useTempFolders();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const PROFILES = ['0.7', '0.8', '1.3'] as const;
const FOUND = /Somebody else made 3 of the moves that were planned here \(region \d+ to datanode \d+\)/;

test.each(PROFILES)(
  'on GreptimeDB %s two daemons with state folders of their own and without ha find each other out, and stop',
  { timeout: 120_000 },
  async (profile) => {
    const listening = await listenAsCluster(
      {
        profile,
        ...{ datanodes: 4, emptyDatanodes: 2, tables: 6, regions: 60, metasrvs: 1, frontends: 1 },
        ...{ migrationTimeMs: 200, seed: 'others', port: 0, layout: 'balanced' },
      },
      systemClock,
    );
    closers.push(() => listening.close());
    const { served, cluster } = listening;
    const start = (): CommandProcess => {
      const cwd = newFolder();
      const config = {
        cluster: {
          name: 'shared',
          ...(cluster.profile.adminFunctions !== null && { sql: { endpoints: served.frontend } }),
          metasrv: { endpoints: served.metasrv },
        },
        schedule: { cron: '* * * * * *' },
        execution: { dryRun: false, maxMovesPerCycle: 100, pauseBetweenMoves: '100ms', pollInterval: '50ms' },
        server: { listen: '127.0.0.1:0' },
      };
      writeFileSync(join(cwd, 'rebalancer.yaml'), JSON.stringify(config));
      const process = new CommandProcess(['run', '-c', 'rebalancer.yaml'], { cwd });
      closers.push(() => process.kill('SIGKILL'));
      return process;
    };
    const daemons = [start(), start()];
    const finder = await Promise.race(
      daemons.map(async (daemon) => {
        await daemon.waitFor(FOUND);
        return daemon;
      }),
    );
    const [, url = ''] = await finder.waitFor(/"url":"([^"]+)"/);
    const status = await (await fetch(`${url}/api/v1/status`)).text();
    expect(status).toContain('other-mover');
    await finder.waitFor(/paused by breaker|"by":"breaker"/);
  },
);

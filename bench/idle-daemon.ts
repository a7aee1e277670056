/*
 * A daemon whose cycles follow each other at once, for bench/idle.ts. Arguments: endpoints of a frontend and a metasrv, cycles. Writes a line
 * of JSON after every tenth of the cycles.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../src/app/run.ts';
import { createPlanner } from '../src/app/planning.ts';
import { readConfig } from '../src/config/load.ts';
import { openCluster } from '../src/greptimedb/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/observability/logger.ts';

const [frontend = '', metasrv = '', cyclesText = '0'] = process.argv.slice(2);
const cycles = Number(cyclesText);
const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
const config = readConfig({
  env: {},
  cwd: folder,
  set: [
    `cluster.sql.endpoints=["${frontend}"]`,
    `cluster.metasrv.endpoints=["${metasrv}"]`,
    'schedule.cron=0 0 1 1 *',
    `state.path=${folder}`,
    'server.listen=127.0.0.1:0',
  ],
});
const parts = { version: '0', clock: systemClock, planner: createPlanner(systemClock), openCluster };
const running = await startDaemon(config, { ...parts, logger: silentLogger });
const { daemon } = running;
await daemon.settled();
let before = process.cpuUsage();
const every = Math.max(1, Math.floor(cycles / 10));
for (let cycle = 1; cycle <= cycles; cycle += 1) {
  daemon.tick('schedule');
  await daemon.settled();
  // A moment between two cycles, as a schedule leaves it.
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (cycle % every !== 0) continue;
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const sample = {
    cycle,
    rssMb: process.memoryUsage.rss() / 1_048_576,
    cpuMs: (user + system) / 1_000 / every,
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}
await running.close();
rmSync(folder, { recursive: true, force: true });

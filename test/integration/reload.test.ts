import { renameSync, symlinkSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPlanner } from '../../src/app/planning/planner.ts';
import type { RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { startDaemon, watchConfig } from '../../src/app/daemon/run.ts';
import { loadConfig } from '../../src/config/config-file.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { EventType, StampedEvent } from '../../src/observability/events.ts';
import { createLogger, silentLogger } from '../../src/observability/logger.ts';
import { serveSimulatedCluster, type ServedCluster } from '../../src/simulator/index.ts';
import { simulated } from '../support/greptimedb.ts';
import { hastyConfig, listenCrowded, nextEvent, startTestDaemon } from '../support/running-daemon.ts';
import { eventually } from '../support/eventually.ts';
import { CommandProcess } from '../support/command-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

let served: ServedCluster;
let folder: string;
let file: string;
let hangUp: () => void;
/** The datanodes that were expected each time the cluster was opened. */
let opened: (readonly string[])[];

beforeEach(async () => {
  const cluster = simulated({ layout: { datanodes: 2, tables: 1, layout: 'balanced' } }, systemClock);
  served = await serveSimulatedCluster(cluster, { controlPort: null }, { clock: systemClock });
  onTestFinished(async () => {
    await served.close();
    cluster.close();
  });
  opened = [];
  folder = tempFolder();
  file = join(folder, 'rebalancer.yaml');
});

function text(change: { cron?: string; dryRun?: boolean; endpoint?: string } = {}): string {
  const { cron = '0 0 1 1 *', dryRun = true, endpoint = served.frontend[0] ?? '' } = change;
  return [
    `cluster: { sql: { endpoints: ["${endpoint}"] } }`,
    `schedule: { cron: "${cron}" }`,
    `execution: { dryRun: ${dryRun} }`,
    `state: { path: ${join(folder, 'state')} }`,
    'server: { listen: 127.0.0.1:0 }',
  ].join('\n');
}

/** In one step: nobody reads a file that is half written. */
function put(content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/** A daemon that watches the file, and has read it again after its start, as it always does. */
async function start(watched = file, logger = silentLogger): Promise<RunningDaemon> {
  const firstReading = Promise.withResolvers<undefined>();
  const reload = async (): ReturnType<typeof loadConfig> => {
    // What a reading leads to follows in the same turn as its end.
    const config = await loadConfig({ file, env: {}, cwd: folder });
    setImmediate(() => firstReading.resolve(undefined));
    return config;
  };
  const open: typeof openCluster = (options, ...rest) => {
    opened.push(options.expectedDatanodes ?? []);
    return openCluster(options, ...rest);
  };
  const parts = { version: '0', clock: systemClock, planner: createPlanner(systemClock), openCluster: open };
  const running = await startDaemon(await reload(), { ...parts, logger: silentLogger });
  onTestFinished(() => running.close());
  watchConfig(running, logger, {
    reload,
    file: watched,
    onHangup: (listener) => {
      hangUp = listener;
      return () => undefined;
    },
  });
  await firstReading.promise;
  await running.daemon.settled();
  return running;
}

function next<Type extends EventType>(
  { session }: RunningDaemon,
  type: Type,
): Promise<Extract<StampedEvent, { type: Type }>> {
  return new Promise((resolve) => {
    const stop = session.events.subscribe((event) => {
      if (event.type !== type) return;
      stop();
      resolve(event as Extract<StampedEvent, { type: Type }>);
    });
  });
}

describe('the configuration is read again', () => {
  it('on SIGHUP, and what changed is told', async () => {
    writeFileSync(file, text());
    const daemon = await start();
    const reloaded = next(daemon, 'config-reloaded');
    put(text({ dryRun: false }));
    hangUp();
    expect((await reloaded).changes).toEqual(['execution.dryRun: true -> false']);
    expect(daemon.session.config.execution.dryRun).toBe(false);
  });

  it('when an editor puts another file in its place', async () => {
    writeFileSync(file, text());
    const daemon = await start();
    const reloaded = next(daemon, 'config-reloaded');
    put(text({ cron: '*/7 * * * *' }));
    expect((await reloaded).changes).toEqual(['schedule.cron: "0 0 1 1 *" -> "*/7 * * * *"']);
  });

  it('when Kubernetes swaps the folder that the file is a link into', async () => {
    for (const [name, content] of [
      ['v1', text()],
      ['v2', text({ dryRun: false })],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'rebalancer.yaml'), content);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync(join('..data', 'rebalancer.yaml'), file);
    const daemon = await start();
    const reloaded = next(daemon, 'config-reloaded');
    symlinkSync('v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    expect((await reloaded).changes).toEqual(['execution.dryRun: true -> false']);
  });
});

it('a folder that cannot be watched is told, and SIGHUP works still', async () => {
  writeFileSync(file, text());
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line) => lines.push(line) } });
  const daemon = await start(join(folder, 'nowhere', 'rebalancer.yaml'), logger);
  expect(lines.join('')).toMatch(/ENOENT.*The configuration file cannot be watched/);
  const reloaded = next(daemon, 'config-reloaded');
  put(text({ dryRun: false }));
  hangUp();
  expect((await reloaded).changes).toEqual(['execution.dryRun: true -> false']);
});
/** The value of `config_refused`, as Prometheus reads it. */
async function refusedGauge({ server }: RunningDaemon): Promise<string | undefined> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return /^greptime_rebalancer_config_refused (\S+)$/m.exec(text)?.[1];
}

describe('a new configuration is refused as a whole', () => {
  it('and the metric says so until the file is put back or mended', async () => {
    writeFileSync(file, text());
    const daemon = await start();
    expect(await refusedGauge(daemon)).toBe('0');
    for (const good of [text(), text({ dryRun: false })]) {
      const refused = next(daemon, 'config-refused');
      put('{');
      hangUp();
      await refused;
      expect(await refusedGauge(daemon)).toBe('1');
      put(good);
      await eventually('the file is taken', async () =>
        (await refusedGauge(daemon)) === '0' ? true : undefined,
      );
    }
  });

  it.each([
    ['is wrong', () => text({ dryRun: false }).replace('cron:', 'corn:'), /corn/],
    ['cannot be read', () => '{', /rebalancer\.yaml/],
    [
      'changes what was opened at the start',
      () => text({ dryRun: false, endpoint: 'http://127.0.0.1:9' }),
      /cluster: .*restart/,
    ],
  ])('when it %s', async (_, content, why) => {
    writeFileSync(file, text());
    const daemon = await start();
    const before = daemon.session.config;
    const refused = next(daemon, 'config-refused');
    put(content());
    hangUp();
    expect((await refused).detail).toMatch(why);
    expect(daemon.session.config).toBe(before);
  });

  it('when the file is gone, and the daemon goes on with the old one', async () => {
    writeFileSync(file, text());
    const daemon = await start();
    const refused = next(daemon, 'config-refused');
    rmSync(file);
    hangUp();
    expect((await refused).detail).toContain('rebalancer.yaml');
    const finished = next(daemon, 'cycle-finished');
    daemon.daemon.tick('manual');
    expect((await finished).outcome).toBe('balanced');
  });
});

describe('while a cycle runs', () => {
  it('a change waits for its end, and one that is taken back never was', async () => {
    writeFileSync(file, text());
    const { daemon, session } = await start();
    const { config } = session;
    const changed = { ...config, execution: { ...config.execution, dryRun: false } };
    daemon.tick('manual');
    daemon.reload(changed);
    expect(session.config).toBe(config);
    daemon.reload({ ...config });
    await daemon.settled();
    daemon.tick('manual');
    expect(session.config.execution.dryRun).toBe(true);
    daemon.reload(changed);
    await daemon.settled();
    expect(session.config.execution.dryRun).toBe(false);
  });

  it('a change ends it after the move under way, and the next begins at once with what changed', async () => {
    const world = await listenCrowded({ migrationTimeMs: 300 });
    const config = hastyConfig(world, folder, ['schedule.cron=0 0 1 1 *']);
    onTestFinished(world.close);
    const running = await startTestDaemon(config);
    onTestFinished(() => running.close());
    const { daemon, session } = running;
    const told: string[] = [];
    session.events.subscribe((event) => {
      if (event.type === 'cycle-started') told.push(`cycle by ${event.trigger}`);
      if (event.type === 'move-state' && event.move.state === 'submitted') told.push('request');
      if (event.type === 'gate-closed') told.push(event.code);
      if (event.type === 'config-reloaded') told.push(...event.changes);
    });
    await nextEvent(
      session.events,
      (event) => event.type === 'move-state' && event.move.state === 'submitted',
    );
    const last = nextEvent(
      session.events,
      (event) => event.type === 'cycle-finished' && event.outcome === 'planned',
    );
    daemon.reload({ ...config, execution: { ...config.execution, dryRun: true } });
    await last;
    expect(told).toEqual([
      'request',
      'reload-pending',
      'execution.dryRun: false -> true',
      'cycle by reload',
      'dry-run',
    ]);
  });

  it('datanodes that are expected from now on are expected by the adapters too', async () => {
    writeFileSync(file, text());
    const { daemon, session } = await start();
    const { config } = session;
    daemon.reload({ ...config, datanodes: { ...config.datanodes, expected: ['1'] } });
    daemon.tick('manual');
    await daemon.settled();
    expect(opened).toEqual([[], ['1']]);
  });
});

it('a real process obeys SIGHUP and outlives a broken file', { timeout: 60_000 }, async () => {
  writeFileSync(file, text());
  const child = new CommandProcess(['run', '-c', file], { cwd: folder });
  await child.waitFor(/Rebalancer started/);
  put(text({ cron: '*/9 * * * *' }));
  child.kill('SIGHUP');
  await child.waitFor(/configuration reloaded/);
  put('execution: { dryRun: perhaps }');
  child.kill('SIGHUP');
  await child.waitFor(/configuration refused/);
  child.kill('SIGTERM');
  expect((await child.ended()).status).toBe(0);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { createPlanner } from '../../src/app/planning/planner.ts';
import { startDaemon } from '../../src/app/daemon/run.ts';
import type { RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { listenAsCluster } from '../../src/app/commands/simulate.ts';
import type { ListenRequest, ListeningCluster } from '../../src/app/commands/simulate.ts';
import { readConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import { openCluster } from '../../src/greptimedb/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { EventSource, StampedEvent } from '../../src/observability/events.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import type { WebAssets } from '../../src/server/api/ports.ts';
import { CommandProcess } from './command-process.ts';

/** A simulated cluster on real sockets: one crowded datanode, one with some regions, one empty. */
export function listenCrowded(request: Partial<ListenRequest> = {}): Promise<ListeningCluster> {
  return listenAsCluster(
    {
      ...{
        profile: '1.3',
        datanodes: 3,
        emptyDatanodes: 0,
        tables: 2,
        regions: 5,
        metasrvs: 2,
        frontends: 2,
      },
      ...{ migrationTimeMs: 150, seed: 'daemon', port: 0, layout: 'crowded' },
      ...request,
    },
    systemClock,
  );
}

/** The section `cluster` that leads there, as an operator would write it. */
export function clusterSection({ cluster, served }: ListeningCluster, name = 'test'): object {
  return {
    name,
    ...(cluster.profile.adminFunctions !== null && { sql: { endpoints: served.frontend } }),
    metasrv: { endpoints: served.metasrv },
  };
}

/** A configuration that leads to the cluster, in a hurry. */
export function hastyConfig(
  listening: ListeningCluster,
  folder: string,
  set: readonly string[] = [],
): Config {
  const text = JSON.stringify({
    cluster: clusterSection(listening),
    schedule: { cron: '* * * * * *' },
    execution: { dryRun: false, pauseBetweenMoves: '0s', pollInterval: '20ms', regionCooldown: '0s' },
    state: { path: join(folder, 'state') },
    server: { listen: '127.0.0.1:0' },
  });
  return readConfig({ file: { name: 'rebalancer.yaml', folder, text }, env: {}, cwd: folder, set });
}

/** The whole daemon, with real sockets, files and time. */
export function startTestDaemon(config: Config, web?: WebAssets): Promise<RunningDaemon> {
  return startDaemon(config, {
    ...{ version: '1.2.3', clock: systemClock, logger: silentLogger, openCluster, web },
    planner: createPlanner(systemClock),
  });
}

export interface SimulatedDaemon {
  readonly running: RunningDaemon;
  readonly listening: ListeningCluster;
  readonly url: string;
  /** Resolves with the next event that fits. */
  until(fits: (event: StampedEvent) => boolean): Promise<StampedEvent>;
  close(): Promise<void>;
}

export interface SimulatedDaemonOptions {
  /** The state is below it. */
  readonly folder: string;
  readonly cluster?: Partial<ListenRequest>;
  /** `execution.dryRun=true` and the like. */
  readonly set?: readonly string[];
  /** The built page; without it the one that lies in dist, if any. */
  readonly web?: WebAssets | undefined;
}

/** The real daemon on a simulated cluster of four datanodes and six tables. */
export async function startSimulatedDaemon(options: SimulatedDaemonOptions): Promise<SimulatedDaemon> {
  const { folder, cluster, set = [], web } = options;
  const listening = await listenCrowded({
    ...{ datanodes: 4, tables: 6, regions: 4, metasrvs: 1, frontends: 1, migrationTimeMs: 20, seed: 'test' },
    ...cluster,
  });
  try {
    const all = ['execution.maxMovesPerCycle=1000', 'execution.regionCooldown=1h', ...set];
    const running = await startTestDaemon(hastyConfig(listening, folder, all), web);
    return {
      ...{ running, listening, url: running.server.url },
      until: (fits) => nextEvent(running.session.events, fits),
      close: async () => {
        await running.close();
        await listening.close();
      },
    };
  } catch (error) {
    await listening.close();
    throw error;
  }
}

/** `run` as a process of its own, with this configuration in this folder. Killed after the test. */
export function startDaemonProcess(config: object, cwd: string): CommandProcess {
  writeFileSync(join(cwd, 'rebalancer.yaml'), JSON.stringify(config));
  const daemon = new CommandProcess(['run', '-c', 'rebalancer.yaml'], { cwd });
  onTestFinished(() => daemon.kill('SIGKILL'));
  return daemon;
}

/** Resolves with the first event from now on that fits. */
export function nextEvent(
  events: EventSource,
  fits: (event: StampedEvent) => boolean,
): Promise<StampedEvent> {
  return new Promise((resolve) => {
    const stop = events.subscribe((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** Asks the daemon at a URL to do something, as anna. */
export function postTo(url: string, action: string, body: object = {}): Promise<Response> {
  return fetch(`${url}/api/v1/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'anna', ...body }),
  });
}

/** What the daemon at a URL answers, by its schema. */
export async function getFrom<S extends z.ZodType>(
  url: string,
  path: string,
  schema: S,
): Promise<z.output<S>> {
  return schema.parse(await (await fetch(`${url}/api/v1/${path}`)).json());
}

/** The metrics of the daemon at a URL by name and labels, without the prefix. */
export async function metricsOf(url: string): Promise<Map<string, number>> {
  return samplesOf(await (await fetch(`${url}/metrics`)).text());
}

/** The samples of a Prometheus text, likewise. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith('greptime_rebalancer_'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice('greptime_rebalancer_'.length, space), Number(line.slice(space + 1))];
    }),
  );
}

import { UsageError } from '../../domain/errors.ts';
import { createPrng } from '../../lib/prng.ts';
import type { Clock } from '../../lib/clock.ts';
import { SimulatedCluster, serveSimulatedCluster } from '../../simulator/index.ts';
import type { LayoutName, ServedCluster, SimulatedClusterOptions } from '../../simulator/index.ts';
import { untilAborted } from '../lifecycle.ts';

/** A simulated cluster that listens on loopback. */
export interface ListeningCluster {
  readonly cluster: SimulatedCluster;
  readonly served: ServedCluster;
  readonly close: () => Promise<void>;
}

export interface ListenRequest extends Pick<
  SimulatedClusterOptions,
  'migrationEvents' | 'users' | 'clockSkewMs'
> {
  readonly profile: string;
  readonly datanodes: number;
  /** Further datanodes, without regions. */
  readonly emptyDatanodes: number;
  readonly tables: number;
  /** Of each table. */
  readonly regions: number;
  readonly metasrvs: number;
  readonly frontends: number;
  readonly migrationTimeMs: number;
  readonly seed: string;
  readonly faults?: string | undefined;
  /** How loads differ and change, as the simulator reads it. */
  readonly loads?: string | undefined;
  /** Of the first server; the others take the next ones. 0: all take free ones. */
  readonly port: number;
  readonly layout: LayoutName;
}

export interface SimulateRequest extends Omit<
  ListenRequest,
  'layout' | 'migrationEvents' | 'users' | 'clockSkewMs'
> {
  readonly say: (line: string) => void;
}

/** @throws UsageError when the profile, a fault or a number is none. */
export async function listenAsCluster(
  {
    datanodes,
    emptyDatanodes,
    tables,
    regions,
    migrationTimeMs,
    seed,
    faults,
    loads,
    port,
    layout,
    ...others
  }: ListenRequest,
  clock: Clock,
): Promise<ListeningCluster> {
  const cluster = new SimulatedCluster(
    {
      ...others,
      migrationMs: migrationTimeMs,
      ...(faults !== undefined && { faults }),
      layout: {
        ...{ datanodes, tables, layout },
        regionsPerTable: [regions, regions],
        ...(loads !== undefined && { loads }),
      },
    },
    { clock, prng: createPrng(seed) },
  );
  try {
    for (let added = 0; added < emptyDatanodes; added += 1) cluster.addDatanode();
    const served = await serveSimulatedCluster(cluster, portsFrom(cluster, port), { clock });
    const close = async (): Promise<void> => {
      await served.close();
      cluster.close();
    };
    return { cluster, served, close };
  } catch (error) {
    cluster.close();
    throw error;
  }
}

const HIGHEST_PORT = 65_535;

function portsFrom(
  cluster: SimulatedCluster,
  first: number,
): { ports?: Record<string, number>; controlPort?: number } {
  if (first === 0) return {};
  const { targets } = cluster;
  if (first + targets.length > HIGHEST_PORT) {
    throw new UsageError(`--port ${first}: ${targets.length + 1} servers need ports up to ${HIGHEST_PORT}`);
  }
  return {
    ports: Object.fromEntries(targets.map((target, index) => [target, first + index])),
    controlPort: first + targets.length,
  };
}

/** Serves a simulated cluster until the signal aborts. */
export async function simulate(request: SimulateRequest, clock: Clock, signal: AbortSignal): Promise<void> {
  const listening = await listenAsCluster({ ...request, layout: 'random' }, clock);
  try {
    for (const line of describeCluster(listening)) request.say(line);
    await untilAborted(signal);
  } finally {
    await listening.close();
  }
}

/** What a person needs to go on: where everything listens, and a configuration that fits. */
function describeCluster({ cluster, served }: ListeningCluster): string[] {
  const { profile } = cluster;
  const list = (urls: readonly string[]): string => `[${urls.join(', ')}]`;
  const sql = profile.adminFunctions !== null ? [`  sql: { endpoints: ${list(served.frontend)} }`] : [];
  return [
    `# A simulated GreptimeDB ${profile.version} cluster. Ctrl-C ends it. A configuration for it:`,
    'cluster:',
    '  name: simulated',
    ...sql,
    `  metasrv: { endpoints: ${list(served.metasrv)} }`,
    'schedule: { cron: "*/10 * * * * *" }',
    'execution: { dryRun: true, pauseBetweenMoves: 0s }',
    ...(served.metasrvHttp.length > 0 ? [`# metasrv HTTP: ${served.metasrvHttp.join(' ')}`] : []),
    ...(served.control === null ? [] : [`# remote control (docs/simulator.md): ${served.control}`]),
  ];
}

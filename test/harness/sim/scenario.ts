import { readConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/config.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { findProfile } from '../../../src/simulator/index.ts';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';

/** Trouble that the director makes; each run has some of it. */
const TROUBLES = [
  'crash-anywhere',
  'crash-at-a-time',
  'restart',
  'disk-full',
  'wall-jump',
  'pause',
  'drain',
  'cordon',
  'maintenance',
  'procedures-paused',
  'windows',
  'dry-run',
  'reload',
  'leader-change',
  'metasrv-death',
  'frontend-death',
  'node-death',
  'node-join',
  'query-node-join',
  'table-churn',
  'other-mover',
  'undoing-mover',
  'late-request',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** All that one run is made of, drawn from its seed alone. */
export interface Scenario {
  readonly seed: string;
  readonly cluster: SimulatedClusterOptions;
  /** Faults that stay in the second phase too. */
  readonly failingShare: string;
  /** Whether the daemon is told where the metasrvs are, beside the frontends. */
  readonly knowsMetasrv: boolean;
  readonly startMs: number;
  readonly tickMs: number;
  /** Cycles in the first phase, in which there is trouble. */
  readonly cycles: number;
  readonly troubles: ReadonlySet<Trouble>;
  /** Where the state is: `folder` on a real file that is copied, torn, when the process dies. */
  readonly disk: 'memory' | 'folder';
  readonly config: Config;
}

export interface ScenarioOptions {
  /** Instead of the drawn number of cycles with trouble. */
  readonly cycles?: number | undefined;
  /** Instead of the drawn ones. */
  readonly troubles?: readonly Trouble[];
  readonly profile?: string;
  readonly faults?: string;
  /** Of each region. */
  readonly followers?: number;
}

/** Newer ones more often: they are what people run. */
const PROFILES = [
  ...['0.5.1', '0.6.0', '0.7.0', '0.7.2', '0.8.2', '0.9.0', '0.9.5', '0.10.2', '0.12.0', '0.14.0', '0.15.5'],
  ...['0.16.0', '0.17.0', '1.0.0', '1.1.0', '1.1.0', '1.3.0', '1.3.0', '1.3.0', '1.3.0', '1.3.0'],
];

/** Each with the chance that a run has it, and the greatest probability at each opportunity. */
const FAULTS: readonly (readonly [string, number, number])[] = [
  ['latency', 0.5, 0.4],
  ['hang', 0.25, 0.02],
  ['lost-request', 0.3, 0.05],
  ['lost-answer', 0.4, 0.08],
  ['lost-answer:submit', 0.3, 0.5],
  ['http-500', 0.3, 0.08],
  ['http-500:submit', 0.15, 0.3],
  ['html-body', 0.15, 0.04],
  ['truncated-json', 0.15, 0.04],
  ['redirect', 0.1, 0.03],
  ['slow-body', 0.15, 0.02],
  ['wrong-types', 0.15, 0.04],
  ['done-not-moved', 0.2, 0.2],
  ['failed-but-moved', 0.2, 0.2],
  ['stuck-downgraded', 0.15, 0.1],
  ['rollback', 0.2, 0.2],
  ['bad-target', 0.2, 1],
  ['retry-long', 0.15, 0.1],
  ['procedure-lost', 0.2, 0.2],
  ['slow-migration', 0.2, 0.3],
  ['dead-leader-address', 0.15, 0.1],
  ['stale-routes', 0.3, 0.5],
];

/** Draws a run. The same seed and options give the same scenario. */
export function drawScenario(seed: string, prng: Prng, options: ScenarioOptions = {}): Scenario {
  const profile = options.profile ?? prng.pick(PROFILES);
  const hasSql = findProfile(profile).adminFunctions !== null;
  const failingShare = options.faults === undefined ? drawFailingShare(prng.fork('failing share')) : '';
  const cluster: SimulatedClusterOptions = {
    profile,
    metasrvs: prng.pick([1, 1, 3]),
    frontends: prng.pick([1, 2, 2]),
    migrationMs: prng.pick([300, 1_500, 8_000]),
    clockSkewMs: prng.chance(0.3) ? prng.int(40_000) - 20_000 : 0,
    hugeBodyBytes: 1_000,
    journalLimit: 1_000_000,
    faults: options.faults ?? [drawFaults(prng), failingShare].filter((text) => text !== '').join(),
    layout: {
      datanodes: 3 + prng.int(3),
      tables: 1 + prng.int(3),
      regionsPerTable: [2, 6],
      layout: prng.pick(['crowded', 'crowded', 'random', 'balanced'] as const),
      followers: options.followers ?? (prng.chance(0.15) ? 1 : 0),
      metricTables: prng.chance(0.3) ? 1 : 0,
      views: 0,
    },
    ...(prng.chance(0.3) && { failoverAfterMs: 30_000 + prng.int(120_000) }),
  };
  const tickMs = prng.pick([30_000, 60_000, 120_000]);
  const troubles = options.troubles ?? TROUBLES.filter(() => prng.chance(0.3));
  const knowsMetasrv = !hasSql || prng.chance(0.4);
  const hasList = knowsMetasrv || findProfile(profile).clusterInfo !== 'none';
  return {
    seed,
    cluster,
    failingShare,
    knowsMetasrv,
    tickMs,
    startMs: Date.UTC(2026, prng.int(12), 1 + prng.int(28), prng.int(24), prng.int(60)),
    cycles: options.cycles ?? 8 + prng.int(25),
    troubles: new Set(troubles),
    disk: prng.chance(0.1) ? 'folder' : 'memory',
    config: drawConfig(prng, { cluster, hasSql, knowsMetasrv, hasList }),
  };
}

function drawFaults(prng: Prng): string {
  if (prng.chance(0.1)) return '';
  return FAULTS.filter(([, chance]) => prng.chance(chance * 0.7))
    .map(([name, , most]) => `${name}=${(most * prng.next()).toFixed(3)}`)
    .join(',');
}

/** Up to 30 % of all reads fail, in four ways, from the begin to the end: a load balancer that is never well. */
function drawFailingShare(prng: Prng): string {
  if (prng.chance(0.75)) return '';
  const each = (prng.next() * 0.3) / 4;
  return ['lost-request', 'http-502', 'http-503', 'truncated-json']
    .map((name) => `${name}:read=${each.toFixed(3)}`)
    .join();
}

function drawConfig(
  prng: Prng,
  parts: {
    /** Whether the cluster can list its datanodes. */
    readonly hasList: boolean;
    readonly cluster: SimulatedClusterOptions;
    readonly hasSql: boolean;
    readonly knowsMetasrv: boolean;
  },
): Config {
  const { frontends = 1, metasrvs = 1, layout } = parts.cluster;
  const urls = (name: string, count: number): string =>
    JSON.stringify(
      Array.from(
        { length: count },
        (_, index) => `http://${name}-${index}.sim:${name === 'frontend' ? 4000 : 3002}`,
      ),
    );
  const set = [
    'cluster.name=simulated',
    ...(parts.hasSql ? [`cluster.sql.endpoints=${urls('frontend', frontends)}`] : []),
    ...(parts.knowsMetasrv ? [`cluster.metasrv.endpoints=${urls('metasrv', metasrvs)}`] : []),
    'execution.dryRun=false',
    `execution.maxMovesPerCycle=${prng.pick([2, 5, 20])}`,
    `execution.maxMovesPerHour=${prng.pick([0, 0, 0, 30])}`,
    `execution.replayTimeout=${prng.pick(['10s', '30s', '60s'])}`,
    `execution.moveTimeout=${prng.pick(['1m', '5m', '15m'])}`,
    `execution.pauseBetweenMoves=${prng.pick(['0s', '2s'])}`,
    `execution.regionCooldown=${prng.pick(['0s', '1m', '5m', '15m'])}`,
    `execution.maxConsecutiveFailures=${prng.pick([2, 3, 10])}`,
    `execution.minAliveShare=${prng.pick(['0.5', '0.7'])}`,
    `execution.quarantine.base=${prng.pick(['1m', '3m'])}`,
    'execution.quarantine.max=10m',
    `execution.thrash.undoneMoves=${prng.pick([1, 3])}`,
    `execution.thrash.window=${prng.pick(['10m', '1h'])}`,
    ...(parts.hasList ? [] : [`datanodes.expected=${JSON.stringify(idsBelow(layout?.datanodes ?? 3))}`]),
    ...reserve(prng, layout?.datanodes ?? 3),
  ];
  return readConfig({ env: {}, cwd: '/', set });
}

function idsBelow(count: number): string[] {
  return Array.from({ length: count }, (_, id) => String(id));
}

/** Sometimes a datanode drains or is cordoned from the start. */
function reserve(prng: Prng, datanodes: number): string[] {
  const fate = prng.next();
  if (fate < 0.2) return [`datanodes.drain=["${prng.int(datanodes)}"]`];
  return fate < 0.3 ? [`datanodes.cordon=["${prng.int(datanodes)}"]`] : [];
}

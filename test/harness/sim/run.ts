import { createHash } from 'node:crypto';
import { serverWorstCaseMs } from '../../../src/executor/options.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { whyUnbalanced } from './check-balance.ts';
import { checkHistory } from './check-history.ts';
import { Director } from './director.ts';
import { drawScenario, type Scenario, type ScenarioOptions } from './scenario.ts';
import { LARGEST_JUMP_MS } from './troubles.ts';
import type { Violation } from './watch.ts';
import { World, type Sabotage } from './world.ts';

export interface RunOptions extends ScenarioOptions {
  readonly sabotage?: Sabotage;
  readonly trace?: boolean;
}

/** How one seed went. */
export interface RunResult {
  readonly seed: string;
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  readonly virtualMs: number;
  readonly cycles: number;
  readonly requests: number;
  readonly moved: number;
  readonly deaths: readonly string[];
  /** Cycles from the end of the trouble to balance. */
  readonly cyclesToBalance: number;
  /** The same for the same seed, whatever the machine. */
  readonly digest: string;
  readonly trace: readonly string[];
}

/** Ticks after the balance in which nothing must be moved any more. */
const QUIET_TICKS = 3;
/** What lies between all the waits that have a name. */
const SPARE_TICKS = 30;

/** Runs one seed: trouble, then peace, in which the cluster has to become balanced. */
export async function runSeed(seed: string, options: RunOptions = {}): Promise<RunResult> {
  const scenario = drawScenario(seed, createPrng(`${seed}/scenario`), options);
  const world = new World(scenario, options.sabotage);
  world.watch.isTracing = options.trace ?? false;
  try {
    const director = new Director(world);
    await world.start();
    director.start();
    await world.run(scenario.cycles * scenario.tickMs);
    world.watch.say('the trouble is over');
    const cyclesToBalance = await makePeace(world, director);
    checkHistory(world);
    return summarize(world, cyclesToBalance);
  } finally {
    world.close();
  }
}

async function makePeace(world: World, director: Director): Promise<number> {
  const { tickMs } = world.scenario;
  const mostTicks = Math.ceil(longestPeaceMs(world) / tickMs) + SPARE_TICKS;
  for (let tick = 0; tick < mostTicks; tick += 1) {
    director.mend();
    await world.run(tickMs);
    if (world.watch.violations.length > 0) return tick;
    if (isSettled(world)) return (await staysQuiet(world)) ? tick : tick;
  }
  const [last] = world.disk.raw.listCycles(1);
  const why = whyUnbalanced(world) ?? 'it is balanced, and the daemon does not see it';
  world.watch.violate(
    'converges',
    `Not balanced ${mostTicks} ticks after the last trouble: ${why}. The last cycle: ${last?.end?.outcome ?? 'none'}, ${last?.end?.detail ?? ''}`,
  );
  return mostTicks;
}

/** Every wait that may stand between the trouble and the balance, one after the other. */
function longestPeaceMs({ config }: World): number {
  const { quarantine, regionCooldownMs, moveTimeoutMs, replayTimeoutMs, thrash } = config.execution;
  const rests = quarantine.maxMs + regionCooldownMs + thrash.windowMs + 2 * LARGEST_JUMP_MS;
  return rests + STALE_ROUTE_MS + 2 * (serverWorstCaseMs(replayTimeoutMs) + moveTimeoutMs);
}

/** A frontend may keep a route for 10 minutes, and then read one that changes right after. */
const STALE_ROUTE_MS = 1_200_000;

function isSettled(world: World): boolean {
  const { disk, watch, scenario } = world;
  const last = watch.cycles.at(-1);
  if (!world.living || watch.isCycleRunning || disk.raw.unresolvedMoves().length > 0) return false;
  if (last?.outcome === 'balanced') return isEven(world);
  return (
    (scenario.cluster.layout?.followers ?? 0) > 0 &&
    last?.outcome === 'blocked' &&
    isPlacementAllThatBlocks(world)
  );
}

function isEven(world: World): boolean {
  return (world.scenario.cluster.layout?.followers ?? 0) > 0 || whyUnbalanced(world) === undefined;
}

/** With followers in the way a balance need not exist; regions and datanodes that rested at the last cycle would still be waited for. */
function isPlacementAllThatBlocks({ disk, watch }: World): boolean {
  const { cooldowns, quarantine, datanodes } = disk.raw.memory(watch.cycles.at(-1)?.atMs ?? 0);
  return cooldowns.length + quarantine.length + datanodes.length === 0;
}

async function staysQuiet(world: World): Promise<boolean> {
  const before = world.watch.requests.length;
  await world.run(QUIET_TICKS * world.scenario.tickMs);
  const isQuiet = world.watch.requests.length === before;
  if (!isQuiet) world.watch.violate('stays-balanced', 'Regions are moved though the cluster was balanced');
  return isQuiet;
}

function summarize(world: World, cyclesToBalance: number): RunResult {
  const { scenario, watch, clock, deaths, cluster } = world;
  const hash = createHash('sha256');
  for (const event of cluster.journal) hash.update(JSON.stringify(event));
  for (const move of world.disk.raw.listMoves({ limit: 10_000 })) hash.update(JSON.stringify(move));
  return {
    seed: scenario.seed,
    scenario,
    violations: watch.violations,
    virtualMs: clock.monotonicMs(),
    cycles: watch.cycles.length,
    requests: watch.requests.length,
    moved: watch.requests.filter(({ end }) => end?.moved).length,
    deaths,
    cyclesToBalance,
    digest: hash.digest('hex').slice(0, 16),
    trace: watch.trace,
  };
}

/*
 * Kills real daemons with SIGKILL against simulated clusters of several versions: on both sides of every change of state, at moments as the
 * cluster sees them, when requests get lost, and at random times.
 *
 *   npm run crash                                       everything, an hour, most of which is waiting
 *   npm run crash -- --profile 1.3.0 --times 100        one version, with more random times
 *   npm run crash -- --series "rolled back" --seed x    one series of points
 */
import { parseArgs } from 'node:util';
import { createPrng } from '../src/lib/prng.ts';
import { killAtEvery, type CrashVerdict } from '../test/harness/crash/crash-world.ts';
import {
  atTime,
  CRASH_PROFILES,
  EDGE_SERIES,
  KILL_POINTS,
  LOST_REQUEST,
  type KillSeries,
} from '../test/harness/crash/kill-points.ts';

const LONGEST_LIFE_MS = 3_000;
const TIMES_PER_WORLD = 12;
/** Some series wait for more than ten minutes, in old versions above all, until it is certain that nothing was sent: they begin first. */
const BEGIN_FIRST = /nothing|lost|given up|done and not moved|done too early/;

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    series: { type: 'string' },
    /** Kills at random times, of each version. */
    times: { type: 'string', default: '12' },
    /** Clusters at the same time. */
    parallel: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});

interface Job extends KillSeries {
  readonly profile: string;
}

interface Result extends CrashVerdict {
  readonly profile: string;
}

function seriesOf(profile: string): KillSeries[] {
  const prng = createPrng(`${values.seed}/${profile}`);
  const times = Number(values.times);
  const random = Array.from({ length: Math.ceil(times / TIMES_PER_WORLD) }, (_, index): KillSeries => {
    const length = Math.min(TIMES_PER_WORLD, times - index * TIMES_PER_WORLD);
    return {
      name: `random times ${index + 1}`,
      points: Array.from({ length }, () => atTime(prng.int(LONGEST_LIFE_MS))),
    };
  });
  return [
    { name: 'a request that gets lost', points: [LOST_REQUEST] },
    { name: 'moments of a migration', points: KILL_POINTS },
    ...EDGE_SERIES.filter(({ not = [] }) => !not.includes(profile)),
    ...random,
  ];
}

async function runJob({ profile, name, points }: Job): Promise<Result | string> {
  const startedMs = performance.now();
  const where = `GreptimeDB ${profile}, ${name}`;
  try {
    const verdict = await killAtEvery({ profile, points, seed: `${values.seed}/${profile}/${name}` });
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const problems = problemsOf(verdict);
    console.log(
      `${where}: ${verdict.died.length} kills, ${verdict.accepted} migrations, ${verdict.moved} moved, ${seconds} s, ` +
        (problems.length === 0 ? 'nothing lost, nothing doubled' : problems.join('; ')),
    );
    return { ...verdict, profile };
  } catch (error) {
    const text = `${where}: ${error instanceof Error ? error.message : String(error)}`;
    console.log(`FAILED ${text}`);
    return text;
  }
}

function problemsOf({ lost, doubled, untrue }: CrashVerdict): string[] {
  return [...lost.map((text) => `LOST ${text}`), ...doubled.map((text) => `DOUBLED ${text}`), ...untrue];
}

/** Runs all jobs, so many at a time. */
async function runAll(jobs: readonly Job[], parallel: number): Promise<(Result | string)[]> {
  const results: (Result | string)[] = [];
  const queue = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of queue) results.push(await runJob(job));
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return results;
}

function total(results: readonly Result[]): string {
  const sum = (of: (result: Result) => number): number =>
    results.reduce((all, result) => all + of(result), 0);
  const kills = sum(({ died }) => died.length);
  const migrations = sum(({ accepted }) => accepted);
  const [lost, doubled] = [sum((result) => result.lost.length), sum((result) => result.doubled.length)];
  const untrue = sum((result) => result.untrue.length);
  return `${kills} kills, ${migrations} migrations: ${lost} lost, ${doubled} doubled, ${untrue} with a wrong end on record`;
}

const startedMs = performance.now();
console.log(`Seed ${values.seed}`);
const jobs = CRASH_PROFILES.toReversed()
  .filter((profile) => values.profile === undefined || profile === values.profile)
  .flatMap((profile) => seriesOf(profile).map((series): Job => ({ ...series, profile })))
  .filter(({ name }) => values.series === undefined || name.includes(values.series))
  .sort((a, b) => Number(BEGIN_FIRST.test(b.name)) - Number(BEGIN_FIRST.test(a.name)));
const results = await runAll(jobs, Number(values.parallel));
const verdicts = results.filter((result) => typeof result !== 'string');
for (const profile of CRASH_PROFILES) {
  const own = verdicts.filter((verdict) => verdict.profile === profile);
  if (own.length > 0) console.log(`GreptimeDB ${profile}: ${total(own)}`);
}
const failures = results.length - verdicts.length;
const seconds = Math.round((performance.now() - startedMs) / 1_000);
console.log(
  `In all, in ${seconds} s: ${total(verdicts)}${failures > 0 ? `; ${failures} series failed` : ''}`,
);
const isClean = failures === 0 && verdicts.every((verdict) => problemsOf(verdict).length === 0);
process.exitCode = isClean ? 0 : 1;

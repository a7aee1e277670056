/*
 * Kills real daemons with SIGKILL, at every point of a move and at random times, against simulated clusters of several versions:
 * `npm run crash`, or `npm run crash -- --times 100 --seed x`.
 */
import { parseArgs } from 'node:util';
import { createPrng } from '../src/lib/prng.ts';
import { killAtEvery, type CrashVerdict, type KillPoint } from '../test/support/crash-world.ts';
import { atTime, KILL_POINTS, LOST_REQUEST } from '../test/support/kill-points.ts';

/** SQL with everything, without a list of procedures, and the admin interface alone. */
const PROFILES = ['1.3.0', '0.12.0', '0.8.2', '0.6.0'];
const LONGEST_LIFE_MS = 3_000;
const TIMES_PER_WORLD = 12;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '36' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});
const prng = createPrng(values.seed);
const startedMs = performance.now();
let deaths = 0;
let failed = 0;

async function run(profile: string, what: string, points: readonly KillPoint[]): Promise<void> {
  const verdict = await killAtEvery({ profile, points, seed: `${values.seed}/${profile}/${what}` });
  deaths += verdict.died.length;
  const problems = problemsOf(verdict);
  failed += problems.length;
  console.log(
    `GreptimeDB ${profile}, ${what}: ${verdict.died.length} kills, ${verdict.accepted} migrations, ${verdict.moved} moved, ` +
      (problems.length === 0 ? 'nothing lost, nothing doubled' : problems.join('; ')),
  );
}

function problemsOf({ lost, doubled, untrue }: CrashVerdict): string[] {
  return [...lost.map((text) => `LOST ${text}`), ...doubled.map((text) => `DOUBLED ${text}`), ...untrue];
}

console.log(`Seed ${values.seed}`);
for (const profile of PROFILES) await run(profile, 'every point of a move', pointsFor(profile));
await run('1.3.0', 'a request that gets lost', [LOST_REQUEST]);
for (let left = Number(values.times); left > 0; left -= TIMES_PER_WORLD) {
  const points = Array.from({ length: Math.min(left, TIMES_PER_WORLD) }, () =>
    atTime(prng.int(LONGEST_LIFE_MS)),
  );
  await run(prng.pick(PROFILES), 'random times', points);
}
const seconds = Math.round((performance.now() - startedMs) / 1_000);
console.log(`${deaths} kills in ${seconds} s: ${failed === 0 ? '0 lost, 0 doubled' : `${failed} problems`}`);
process.exitCode = failed === 0 ? 0 : 1;

/** Older versions answer an unknown procedure and an unknown end only after the server's worst case: 10 minutes. */
function pointsFor(profile: string): readonly KillPoint[] {
  const isWhole = profile === '1.3.0' || profile === '0.12.0';
  return isWhole ? KILL_POINTS : KILL_POINTS.filter(({ name }) => name !== 'a move is being checked');
}

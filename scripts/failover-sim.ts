/*
 * Takes the lead away from replicas again and again, in virtual time, and watches that never two migrations are under way:
 *
 *   node scripts/failover-sim.ts [failovers, default 1000]
 */
import { runFailovers } from '../test/support/ha/failover-run.ts';

const FAILOVERS_PER_SEED = 5;
const wanted = Number(process.argv[2] ?? 1_000);
if (!Number.isSafeInteger(wanted) || wanted < 1) throw new Error('Wanted a number of failovers');

const total = { failovers: 0, inTheMiddle: 0, requests: 0, longestWithoutLeaderMs: 0 };
const faults: string[] = [];
for (let seed = 1; total.failovers < wanted; seed += 1) {
  for (const provider of ['etcd', 'kubernetes'] as const) {
    const result = await runFailovers(String(seed), { provider, failovers: FAILOVERS_PER_SEED });
    total.failovers += result.failovers;
    total.inTheMiddle += result.inTheMiddle;
    total.requests += result.requests;
    total.longestWithoutLeaderMs = Math.max(total.longestWithoutLeaderMs, result.longestWithoutLeaderMs);
    faults.push(...result.violations.map((violation) => `${provider}, seed ${seed}: ${violation}`));
    if (result.left !== '') faults.push(`${provider}, seed ${seed}: ${result.left}`);
  }
}
for (const fault of faults) console.log(fault);
console.log(
  `${total.failovers} failovers (${total.inTheMiddle} in the middle of a migration), ${total.requests} migrations asked for, ` +
    `at most ${total.longestWithoutLeaderMs / 1_000} s without a leader where one could lead, ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

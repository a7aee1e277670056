/*
 * Takes the lead away from replicas again and again, in virtual time, and watches that never two migrations are under way:
 *
 *   node scripts/failover-sim.ts [failovers for each provider, default 1000] [etcd | kubernetes]
 */
import { LEASE_MS, runFailovers } from '../test/harness/ha/failover-run.ts';

const FAILOVERS_PER_SEED = 5;
const PROVIDERS = ['etcd', 'kubernetes'] as const;
const [wantedText = '1000', only] = process.argv.slice(2);
const wanted = Number(wantedText);
if (!Number.isSafeInteger(wanted) || wanted < 1) throw new Error('Wanted a number of failovers');
const providers = PROVIDERS.filter((provider) => only === undefined || provider === only);
if (providers.length === 0) throw new Error(`Wanted one of ${PROVIDERS.join(', ')}`);

for (const provider of providers) {
  const total = { failovers: 0, inTheMiddle: 0, requests: 0 };
  const leaderlessMs: number[] = [];
  const faults: string[] = [];
  for (let seed = 1; total.failovers < wanted; seed += 1) {
    const result = await runFailovers(String(seed), { provider, failovers: FAILOVERS_PER_SEED });
    total.failovers += result.failovers;
    total.inTheMiddle += result.inTheMiddle;
    total.requests += result.requests;
    leaderlessMs.push(...result.leaderlessMs);
    faults.push(...result.violations.map((violation) => `seed ${seed}: ${violation}`));
    if (result.left !== '') faults.push(`seed ${seed}: ${result.left}`);
    const longestMs = Math.max(0, ...result.leaderlessMs);
    if (longestMs > 1.5 * LEASE_MS) faults.push(`seed ${seed}: ${longestMs} ms without a leader`);
  }
  for (const fault of faults) console.log(`${provider}, ${fault}`);
  leaderlessMs.sort((one, other) => one - other);
  const quantile = (share: number): number =>
    (leaderlessMs.at(Math.ceil(share * leaderlessMs.length) - 1) ?? 0) / 1_000;
  console.log(
    `${provider}: ${total.failovers} failovers (${total.inTheMiddle} in the middle of a migration), ${total.requests} migrations asked for, ` +
      `${leaderlessMs.length} times without a leader where one could lead: half up to ${quantile(0.5)} s, 99 % up to ${quantile(0.99)} s, ` +
      `at most ${quantile(1)} s; ${faults.length} faults`,
  );
  if (faults.length > 0) process.exitCode = 1;
}

import { runSeed } from '../test/support/sim/run.ts';
const [from = '1', to = '20', trace] = process.argv.slice(2);
const t0 = performance.now();
let virtualMs = 0, bad = 0, cyc = 0, req = 0, moved = 0, deaths = 0; const toBalance: number[] = [];
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  const t = performance.now();
  const r = await runSeed(String(seed), { trace: trace !== undefined });
  virtualMs += r.virtualMs; cyc += r.cycles; req += r.requests; moved += r.moved; deaths += r.deaths.length; toBalance.push(r.cyclesToBalance);
  const ms = performance.now() - t;
  if (trace) console.log(r.trace.join('\n'));
  if (r.violations.length) { bad++; const v = r.violations[0]!; console.log(`seed ${seed} ${r.scenario.cluster.profile} ${ms.toFixed(0)}ms`, v.rule, v.detail.slice(0, 300)); }
  else if (ms > 1000) console.log('slow', seed, ms.toFixed(0), r.virtualMs, r.cycles);
}
const real = performance.now() - t0;
console.log({ bad, real: real | 0, ratio: virtualMs / real | 0, cyc, req, moved, deaths, maxToBalance: Math.max(...toBalance) });

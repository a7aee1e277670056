import { apiSuite } from './api.ts';
import { commandsSuite } from './commands.ts';
import { flakySuite } from './flaky.ts';
import { healthSuite } from './health.ts';
import { hostileSuite } from './hostile.ts';
import { idleSuite } from './idle.ts';
import { loadSuite } from './load.ts';
import { overheadSuite } from './overhead.ts';
import { pageSuite } from './page.ts';
import { plannerSuite } from './planner.ts';
import { qualitySuite } from './quality.ts';
import { readingSuite } from './reading.ts';
import type { Row, Suite } from './row.ts';

/** All suites by name; `npm run bench -- planner api` runs some of them. */
const SUITES: Readonly<Record<string, Suite>> = {
  commands: commandsSuite,
  planner: plannerSuite,
  health: healthSuite,
  hostile: hostileSuite,
  flaky: flakySuite,
  quality: qualitySuite,
  load: loadSuite,
  reading: readingSuite,
  api: apiSuite,
  page: pageSuite,
  overhead: overheadSuite,
  idle: idleSuite,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(`No suite ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
  process.exit(2);
}

const rows: Row[] = [];
console.log('| case | measured | against | must reach | ratio | met |\n|---|---|---|---|---|---|');
for (const [name, suite] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for await (const row of suite()) {
    rows.push(row);
    console.log(
      `| ${row.name} | ${row.figure} | ${row.reference} | ${row.target} | ${row.ratio} | ${row.met ? 'yes' : '**no**'} |`,
    );
  }
}
const missed = rows.filter(({ met }) => !met).length;
console.log(`\n${rows.length - missed} of ${rows.length} reached.`);
process.exit(missed === 0 ? 0 : 1);

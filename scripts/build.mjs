/**
 * Builds the program and the web page into dist, from nothing: `npm run build`. Plain JavaScript, so that any Node that npm runs on can
 * start it.
 *
 * With `--if-possible` (`npm ci` and `npm install` call it so) it does nothing where the bundler is not installed, as with
 * `--omit=dev`: a dist that was built elsewhere and copied here is then left alone. Nor does it fail then: sources that cannot be built at
 * the moment are no reason not to install what is needed to mend them.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildPage } from './build-page.mjs';
import { buildProgram } from './build-program.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isOptional = process.argv.includes('--if-possible');

if (isOptional && !(existsSync(`${root}node_modules/rolldown`) && existsSync(`${root}src`))) {
  console.log('No bundler or no sources here: dist is left as it is.');
  process.exit(0);
}

rmSync(`${root}dist`, { recursive: true, force: true });
const built = [
  await attempt('The program could not be built; `npm run build` tries again.', async () => {
    await buildProgram(root, `${root}dist`);
    // npm makes commands executable when it installs them; a dist that is copied elsewhere needs it as well.
    chmodSync(`${root}dist/main.js`, 0o755);
  }),
  // Without the page the daemon serves all the rest, and answers `/` with how to build it.
  await attempt('The web page could not be built:', () => buildPage(`${root}dist/web`)),
];
process.exit(isOptional || built.every(Boolean) ? 0 : 1);

async function attempt(problem, build) {
  try {
    await build();
    return true;
  } catch (error) {
    console.error(problem, error);
    return false;
  }
}

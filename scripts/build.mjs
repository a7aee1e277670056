/**
 * Compiles src to dist and builds the web page into dist/web, from nothing: `npm run build`. Plain JavaScript, so that any Node that npm
 * runs on can start it.
 *
 * With `--if-possible` (`npm ci` and `npm install` call it so) it does nothing where the compiler is not installed, as with
 * `--omit=dev`: a dist that was built elsewhere and copied here is then left alone. Nor does it fail then: sources that do not compile at
 * the moment are no reason not to install what is needed to mend them.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildPage } from './build-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/typescript/bin/tsc`;

const isOptional = process.argv.includes('--if-possible');

if (isOptional && !(existsSync(compiler) && existsSync(`${root}src`))) {
  console.log('No TypeScript compiler or no sources here: dist is left as it is.');
  process.exit(0);
}

rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', `${root}tsconfig.build.json`], {
  stdio: 'inherit',
});
// npm makes commands executable when it installs them; a dist that is copied elsewhere needs it as well.
if (status === 0) chmodSync(`${root}dist/main.js`, 0o755);
else console.error('The sources do not compile: dist is incomplete. `npm run build` tries again.');
const hasPage = await buildWebPage();
process.exit(isOptional || (status === 0 && hasPage) ? 0 : 1);

/** Without the page the daemon serves all the rest, and answers `/` with how to build it. */
async function buildWebPage() {
  try {
    await buildPage(`${root}dist/web`);
    return true;
  } catch (error) {
    console.error('The web page could not be built:', error);
    return false;
  }
}

/**
 * Compiles src to dist, from nothing: `npm run build`. Plain JavaScript, so that any Node that npm runs on can start it.
 *
 * With `--if-possible` (`npm ci` and `npm install` call it so) it does nothing where the compiler is not installed, as with
 * `--omit=dev`: a dist that was built elsewhere and copied here is then left alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/typescript/bin/tsc`;

if (process.argv.includes('--if-possible') && !(existsSync(compiler) && existsSync(`${root}src`))) {
  console.log('No TypeScript compiler or no sources here: dist is left as it is.');
  process.exit(0);
}

rmSync(`${root}dist`, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', `${root}tsconfig.build.json`], {
  stdio: 'inherit',
});
process.exit(status ?? 1);

/**
 * Bundles the program, with the packages that it uses, into a few files: what a command needs is read from three or four files in place of
 * hundreds, and node_modules is not needed beside them. Nothing is minified, so that stack traces keep their names.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root the repository.
 * @param {string} folder where to; what it holds otherwise stays.
 */
export async function buildProgram(root, folder) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    cwd: root,
    input: { main: 'src/main.ts', 'plan-worker': 'src/app/planning/plan-worker.ts' },
    platform: 'node',
    logLevel: 'warn',
  });
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    codeSplitting: {
      groups: [
        // What every command needs; lib/cron.ts brings node-cron along, which the daemon alone needs.
        { name: 'base', test: /\/src\/(lib\/(?!cron)|domain\/)|\/node_modules\/zod\// },
        { name: 'planner', test: /\/src\/planner\// },
      ],
    },
  });
  await bundle.close();
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licencesOf(modules));
}

/** The licence texts of the packages that the bundle holds: whoever passes the bundle on has to pass them on, too. */
function licencesOf(modules) {
  const folders = modules.map((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
  const packages = [...new Set(folders.filter((found) => found !== undefined))].sort();
  return packages.map(describeLicence).join('\n');
}

function describeLicence(folder) {
  const manifest = join(folder, 'package.json');
  const { name, version, license } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {};
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : 'The package holds no licence text.';
  return `${'='.repeat(80)}\n${name} ${version} (${license})\n\n${text}\n`;
}

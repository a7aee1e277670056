/**
 * Bundles the program, with the packages that it uses, into a few files: what a command needs is read from three or four files in place of
 * hundreds, and node_modules is not needed beside them. Nothing is minified, so that stack traces keep their names.
 */
import { spawnSync } from 'node:child_process';
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
    plugins: [leanBuiltins],
  });
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    comments: false,
    minifyInternalExports: false,
    codeSplitting: {
      groups: [
        // What every command needs; lib/cron.ts brings node-cron along, which the daemon alone needs.
        {
          name: 'base',
          test: /\/src\/(lib\/(?!cron)|domain\/|cli\/(?!follow|running-daemon)[^/]+$|cli\/render\/|app\/index)|\/node_modules\/(zod|commander)\//,
        },
        {
          name: 'planner',
          test: /\/src\/(planner\/|app\/planning\/(load-watch|plan-id|planner|snapshot-transfer)\.ts|app\/daemon\/settings\.ts)/,
        },
        // What makes the default configuration; the parsers of files are only loaded with a file.
        {
          name: 'config',
          test: /\/src\/config\/(config|config-file|balance|fields|key|read-file|value-tree|effective)\.ts$/,
        },
      ],
    },
  });
  await bundle.close();
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licencesOf(modules));
  for (const args of COMMON_COMMANDS)
    spawnSync(process.execPath, [join(folder, 'main.js'), ...args], { input: SNAPSHOT });
}

/** They are run once, so that their compiled code lies beside the program also where that is read-only. Nobody listens on port 1. */
const COMMON_COMMANDS = [['plan', '--from', '-'], ['status', '--url', 'http://127.0.0.1:1'], ['--help']];

const SNAPSHOT = JSON.stringify({
  formatVersion: 1,
  takenAt: '2026-01-01T00:00:00.000Z',
  cluster: { name: 'build', api: 'sql', version: '1.0.0' },
  datanodes: ['0', '1'].map((id) => ({ id, addr: `datanode-${id}:4001`, status: 'alive' })),
  tables: [{ id: '1', catalog: 'greptime', schema: 'public', name: 'table', engine: 'mito' }],
  regions: [0, 1, 2, 3].map((number) => ({
    id: String(2 ** 32 + number),
    tableId: '1',
    leader: '0',
    followers: [],
    status: 'alive',
  })),
});

/**
 * An import of one of Node's own modules reads all that is in it, and with that loads what is only loaded when it is used: `node:http` brings
 * undici along, `node:process` opens standard input. Taken by name they cost a fraction. The entry stays as it is, for older Nodes.
 *
 * Commander needs `node:child_process`, and that the network, only for commands in files of their own, which we have none of.
 */
const leanBuiltins = {
  name: 'lean-builtins',
  resolveId: (id, importer) =>
    id === 'node:child_process' && importer?.includes('/node_modules/commander/') ? '\0none' : undefined,
  load: (id) => (id === '\0none' ? 'export default {};' : undefined),
  renderChunk: (code, { name }) =>
    name === 'main'
      ? undefined
      : code.replace(
          /^import (?:(?:\* as )?([\w$]+))?(?:, )?(\{[^}]*\})? from "(node:[\w/]+)";$/gm,
          (_, whole, some = '', id) =>
            [whole ?? '', some.replaceAll(' as ', ': ')]
              .filter((target) => target !== '')
              .map((target) => `const ${target} = process.getBuiltinModule("${id}");`)
              .join('\n'),
        ),
};

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

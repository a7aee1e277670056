import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readJson } from '../support/repository.ts';

const table = z
  .object({
    packages: z.array(z.string()),
    folders: z.record(
      z.string(),
      z.object({ mayImport: z.array(z.string()), packages: z.array(z.string()), node: z.boolean() }),
    ),
    onlyFile: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
  })
  .parse(readJson('scripts/import-table.json'));
const FOLDERS = Object.keys(table.folders);

/** The project's own rules, without those that need types: the files below do not exist. */
const eslint = new ESLint({
  overrideConfigFile: 'eslint.config.js',
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted'),
});

async function messagesFor(filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath });
  return result?.messages.map(({ message }) => message) ?? [];
}

const CASES = FOLDERS.flatMap((folder) => [
  ...FOLDERS.filter((other) => other !== folder).map((other) => ({
    folder,
    specifier: `../${other}/${table.onlyFile[folder]?.[other]?.[0] ?? 'port.ts'}`,
    isAllowed: table.folders[folder]?.mayImport.includes(other) === true,
  })),
  ...table.packages.map((name) => ({
    folder,
    specifier: name,
    isAllowed: table.folders[folder]?.packages.includes(name) === true,
  })),
  { folder, specifier: 'node:fs', isAllowed: table.folders[folder]?.node === true },
]);

describe.each(FOLDERS)('lint in src/%s', (folder) => {
  const cases = CASES.filter((one) => one.folder === folder);

  test('refuses every import that the table does not allow, and no other', async () => {
    const text = cases.map(({ specifier }) => `import '${specifier}';`).join('\n');
    const [result] = await eslint.lintText(text, { filePath: `src/${folder}/example.ts` });
    const refused = new Set(result?.messages.map(({ line }) => cases[line - 1]?.specifier));
    expect([...refused].sort()).toEqual(
      cases
        .filter(({ isAllowed }) => !isAllowed)
        .map(({ specifier }) => specifier)
        .sort(),
    );
  });
});

test.each([
  ['src/executor/example.ts', "import '../greptimedb/port.ts';", 0],
  ['src/executor/example.ts', "import '../greptimedb/http.ts';", 1],
  ['src/executor/example.ts', "import '../greptimedb/sql/port.ts';", 1],
  ['src/executor/example.ts', "import '../store/sqlite.ts';", 1],
  ['src/executor/example.ts', "import '../observability/events.ts';", 0],
  ['src/executor/example.ts', "import '../observability/metrics.ts';", 1],
  ['src/cli/commands/example.ts', "import '../../server/api/answers.ts';", 0],
  ['src/cli/commands/example.ts', "import '../../server/api/ports.ts';", 1],
  ['src/planner/deep/example.ts', "import type { A } from '../../store/port.ts';", 1],
  ['src/planner/example.ts', "export { a } from '../store/port.ts';", 1],
  ['src/planner/example.ts', "import './store-of-rows.ts';", 0],
  ['src/server/example.ts', "import 'undici/types';", 1],
  ['src/planner/example.ts', 'Date.now();', 1],
  ['src/planner/example.ts', 'process.exit();', 1],
  ['src/planner/example.ts', 'Math.random();', 1],
  ['src/domain/example.ts', 'setTimeout(f, 1);', 1],
])('lint in %s: %s gives %i complaints', async (filePath, text, count) => {
  expect(await messagesFor(filePath, text)).toHaveLength(count);
});

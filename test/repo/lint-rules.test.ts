import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { expect, test } from 'vitest';

/** The project's own rules, without those that need types: the files below do not exist. */
const eslint = new ESLint({
  overrideConfigFile: 'eslint.config.js',
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted'),
});

test.each([
  ['src/planner/example.ts', 'Date.now();', 1],
  ['src/planner/example.ts', 'process.exit();', 1],
  ['src/planner/example.ts', 'Math.random();', 1],
  ['src/domain/example.ts', 'setTimeout(f, 1);', 1],
  ['src/store/example.ts', 'Date.now();', 0],
])('lint in %s: %s gives %i complaints', async (filePath, text, count) => {
  const [result] = await eslint.lintText(text, { filePath });
  expect(result?.messages).toHaveLength(count);
});

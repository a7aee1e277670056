import tseslint from 'typescript-eslint';

/**
 * Who may import whom. Each folder of src lists the folders it may reach; everything else is an error.
 * test/repo/imports.test.ts checks the same table against the code, so that neither can drift alone.
 */
export const importTable = JSON.parse(
  (await import('node:fs')).readFileSync(new URL('./scripts/import-table.json', import.meta.url), 'utf8'),
);

const folders = Object.keys(importTable.folders);

function folderRules(folder) {
  const { mayImport, packages, node } = importTable.folders[folder];
  const onlyFile = importTable.onlyFile[folder] ?? {};
  const forbiddenFolders = folders.filter((other) => other !== folder && !mayImport.includes(other));
  const patterns = [
    ...forbiddenFolders.map((other) => ({
      regex: `^\\.\\.?/(.*/)?${other}/`,
      message: `src/${folder} must not import src/${other} (see scripts/import-table.json).`,
    })),
    ...Object.entries(onlyFile).map(([other, files]) => ({
      regex: `^\\.\\.?/(.*/)?${other}/(?!(${files.join('|').replaceAll('.', '\\.')})$)`,
      message: `src/${folder} knows of src/${other} only ${files.join(', ')}.`,
    })),
  ];
  if (!node) patterns.push({ regex: '^node:', message: `src/${folder} stays free of Node's own modules.` });
  const foreign = importTable.packages.filter((name) => !packages.includes(name));
  patterns.push({
    regex: `^(${foreign.join('|')})(/|$)`,
    message: `src/${folder} must not use this package (see scripts/import-table.json).`,
  });
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
}

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'node_modules/**', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Typed arrays and bounded loops read better with index assertions proved by the loop itself.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An index signature's dot access is forbidden by the compiler (noPropertyAccessFromIndexSignature).
      '@typescript-eslint/dot-notation': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/planner/**/*.ts', 'src/domain/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'Date',
        'setTimeout',
        'setInterval',
        'console',
        'performance',
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    },
  },
  ...folders.map(folderRules),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['bench/**/*.ts', 'scripts/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);

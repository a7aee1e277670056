/**
 * Writes docs/configuration.md from the schema: `node scripts/configuration-docs.ts`. test/repo/configuration-docs.test.ts fails
 * when the two differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { CONFIG_KEYS } from '../src/config/config.ts';
import type { ConfigKey } from '../src/config/key.ts';

const PAGE = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const START = '<!-- reference: written by scripts/configuration-docs.ts -->';

/** The page with its reference written anew; what stands before the reference is kept. */
export async function renderConfigurationDocs(page: string): Promise<string> {
  const introduction = page.slice(0, page.indexOf(START));
  if (!page.includes(START)) throw new Error(`docs/configuration.md lacks the line ${START}`);
  const sections = topLevelNames().map(renderSection);
  const options = await resolveConfig(PAGE);
  return format(`${introduction}${START}\n\n${sections.join('\n\n')}\n`, { ...options, parser: 'markdown' });
}

function topLevelNames(): string[] {
  return CONFIG_KEYS.filter(({ path }) => !path.includes('.')).map(({ path }) => path);
}

function renderSection(name: string): string {
  const [head, ...below] = CONFIG_KEYS.filter(({ path }) => path === name || path.startsWith(`${name}.`));
  const rows = below
    .filter((key) => !key.isSection)
    .map((key) => `| \`${key.path}\` | ${key.type} | ${defaultOf(key)} | ${key.description} |`);
  return [
    `## ${name}`,
    '',
    head?.description ?? '',
    '',
    '| key | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function defaultOf({ fallback, isRequired }: ConfigKey): string {
  if (isRequired === true) return 'required';
  if (fallback === undefined) return '';
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``;
}

if (import.meta.main) writeFileSync(PAGE, await renderConfigurationDocs(readFileSync(PAGE, 'utf8')));

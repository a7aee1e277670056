/**
 * Writes the tables of docs/explain.md and docs/metrics.md from what the program uses. `node scripts/code-docs.ts` after a change of
 * src/domain/codes.ts or src/observability/metric-definitions.ts; a test fails until then.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import {
  BLOCKERS,
  CYCLE_OUTCOMES,
  EXPLANATIONS,
  GATES,
  MOVE_REASONS,
  OUTCOMES,
} from '../src/domain/codes.ts';
import { METRIC_PREFIX, METRICS } from '../src/observability/metric-definitions.ts';
import type { MetricDefinition } from '../src/observability/metric-definitions.ts';

export const PAGES = ['docs/explain.md', 'docs/metrics.md'];

const BLOCKS: Readonly<Record<string, () => string>> = {
  blockers: () => codeTable(BLOCKERS),
  reasons: () => codeTable(MOVE_REASONS),
  explanations: () => codeTable(EXPLANATIONS),
  gates: () => codeTable(GATES),
  outcomes: () => codeTable(OUTCOMES),
  cycles: () => codeTable(CYCLE_OUTCOMES),
  metrics: metricTable,
};

/** The page with its tables as the program knows them now. */
export async function renderPage(path: string): Promise<string> {
  const page = readFileSync(path, 'utf8').replace(
    /<!-- begin (\w+) -->[\s\S]*?<!-- end \1 -->/g,
    (_, name: string) => `<!-- begin ${name} -->\n\n${BLOCKS[name]?.() ?? ''}\n\n<!-- end ${name} -->`,
  );
  return format(page, { ...(await resolveConfig(path)), parser: 'markdown' });
}

function codeTable(list: Readonly<Record<string, string>>): string {
  return table(
    ['code', 'meaning'],
    Object.entries(list).map(([code, sentence]) => [`\`${code}\``, sentence]),
  );
}

function metricTable(): string {
  const rows = Object.entries<MetricDefinition>(METRICS).map(([name, { type, labels = {}, help }]) => {
    const names = Object.keys(labels).map((label) => `\`${label}\``);
    return [`\`${METRIC_PREFIX}${name}\``, type, names.join(', '), help];
  });
  return table(['name', 'type', 'labels', 'meaning'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.main) for (const path of PAGES) writeFileSync(path, await renderPage(path));

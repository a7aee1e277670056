/**
 * Writes the tables of docs/explain.md from the lists that the program uses. `node scripts/explain-docs.ts` after a change of
 * src/domain/codes.ts; a test fails until then.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  BLOCKERS,
  CYCLE_OUTCOMES,
  EXPLANATIONS,
  GATES,
  MOVE_REASONS,
  OUTCOMES,
} from '../src/domain/codes.ts';

export const EXPLAIN_PAGE = 'docs/explain.md';

const LISTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  blockers: BLOCKERS,
  reasons: MOVE_REASONS,
  explanations: EXPLANATIONS,
  gates: GATES,
  outcomes: OUTCOMES,
  cycles: CYCLE_OUTCOMES,
};

/** The page with its tables as the program knows them now. */
export function renderExplainPage(page: string): string {
  return page.replace(
    /<!-- begin (\w+) -->[\s\S]*?<!-- end \1 -->/g,
    (_, name: string) => `<!-- begin ${name} -->\n\n${table(LISTS[name] ?? {})}\n\n<!-- end ${name} -->`,
  );
}

function table(list: Readonly<Record<string, string>>): string {
  const cells = Object.entries(list).map(([code, sentence]) => [`\`${code}\``, sentence] as const);
  const codeWidth = Math.max(4, ...cells.map(([code]) => code.length));
  const sentenceWidth = Math.max(7, ...cells.map(([, sentence]) => sentence.length));
  const line = (code: string, sentence: string): string =>
    `| ${code.padEnd(codeWidth)} | ${sentence.padEnd(sentenceWidth)} |`;
  return [
    line('code', 'meaning'),
    `| ${'-'.repeat(codeWidth)} | ${'-'.repeat(sentenceWidth)} |`,
    ...cells.map(([code, sentence]) => line(code, sentence)),
  ].join('\n');
}

if (import.meta.main) writeFileSync(EXPLAIN_PAGE, renderExplainPage(readFileSync(EXPLAIN_PAGE, 'utf8')));

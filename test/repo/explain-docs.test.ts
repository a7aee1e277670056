import { expect, test } from 'vitest';
import { EXPLAIN_PAGE, renderExplainPage } from '../../scripts/explain-docs.ts';
import { readText } from '../support/repository.ts';

test('docs/explain.md has the codes and sentences of the program (node scripts/explain-docs.ts)', () => {
  expect(readText(EXPLAIN_PAGE)).toBe(renderExplainPage(readText(EXPLAIN_PAGE)));
});

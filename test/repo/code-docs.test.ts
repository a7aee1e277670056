import { expect, test } from 'vitest';
import { PAGES, renderPage } from '../../scripts/code-docs.ts';
import { readText } from '../support/repository.ts';

test.each(PAGES)(
  '%s has the codes, metrics and sentences of the program (node scripts/code-docs.ts)',
  async (path) => {
    expect(readText(path)).toBe(await renderPage(path));
  },
);

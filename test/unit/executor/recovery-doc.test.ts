import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSES, FIRST_STEPS, isCause } from '../../../src/domain/causes.ts';
import { MOVE_STATES } from '../../../src/domain/move.ts';
import { serverWorstCaseMs, SERVER_TIMES } from '../../../src/executor/options.ts';
import { configFrom } from '../../support/config.ts';

const root = join(import.meta.dirname, '../../..');
const text = readFileSync(join(root, 'docs/recovery.md'), 'utf8');

/** Every word in code quotes in the first column of the table under a heading. */
function firstColumn(heading: string): string[] {
  const section = text.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z_-]+)`/g)].map(([, word]) => word!));
}

describe('docs/recovery.md', () => {
  it('says what to do for every cause, and for none that does not exist', () => {
    expect(firstColumn('What each cause means, and what to do').sort()).toEqual(Object.keys(CAUSES).sort());
    expect(isCause('moved')).toBe(true);
    expect(isCause('magic')).toBe(false);
    for (const sentence of Object.values(CAUSES)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('says the same first step as the page', () => {
    const section = text.split('## What each cause means')[1] ?? '';
    const lines = section.split('\n').filter((line) => line.startsWith('|'));
    for (const [cause, step] of Object.entries(FIRST_STEPS)) {
      const told = lines.find((line) => line.split(' | ')[0]?.includes(`\`${cause}\``)) ?? '';
      const [first = ''] = step.split(', as docs/');
      expect(told.replaceAll('`', ''), cause).toContain(first);
    }
  });

  it('explains every state', () => {
    expect(firstColumn('The states of a move').sort()).toEqual([...MOVE_STATES].sort());
  });

  it('names every code that the state folder may be refused with', () => {
    const folder = join(root, 'src/store');
    const source = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const codes = new Set(
      source
        .join('\n')
        .match(/'state-[a-z-]+'/g)
        ?.map((code) => code.slice(1, -1)),
    );
    expect(firstColumn('The state folder').sort()).toEqual([...codes].sort());
  });

  it('tells the times that the code has', () => {
    expect(text).toContain('10 minutes plus `execution.replayTimeout`');
    expect(serverWorstCaseMs(0)).toBe(600_000);
    expect(SERVER_TIMES).toMatchObject({ submitSettleMs: 80_000, staleReadMs: 60_000 });
    expect(configFrom('').execution).toMatchObject({
      moveTimeoutMs: 900_000,
      quarantine: { baseMs: 600_000, maxMs: 86_400_000 },
    });
  });
});

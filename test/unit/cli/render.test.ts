import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { canvasOf } from '../../../src/cli/io.ts';
import { bar } from '../../../src/cli/render/datanode-table.ts';
import { drainVerdict } from '../../../src/cli/render/drain-verdict.ts';
import { planTable, proofLine } from '../../../src/cli/render/plan-table.ts';
import type { PlanTableOptions } from '../../../src/cli/render/plan-table.ts';
import { colourStyle, plainStyle, wantsColour } from '../../../src/cli/render/style.ts';
import {
  formatTime,
  padEnd,
  padStart,
  printable,
  table,
  truncate,
  wrapLines,
} from '../../../src/cli/render/text.ts';
import type { Column } from '../../../src/cli/render/text.ts';
import { formatNumber } from '../../../src/lib/number.ts';
import { displayWidth, wrap } from '../../../src/lib/wrap.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { makeBalance, makeMove, makePlan, SMALL_SNAPSHOT } from '../../support/plans.ts';

describe('text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['\u001b[31mred\u001b[39m', 3],
    ['→ █▏', 4],
    ['🦎', 2],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['one two three', 12, 'one two…'],
    ['one two three', 8, 'one two…'],
    ['one two three', 7, 'one…'],
    [' abcdef', 5, ' abc…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['abc', Infinity, 'abc'],
  ])('%j cut to %f columns is %j', (text, width, wanted) => {
    expect(truncate(text, width)).toBe(wanted);
  });

  it('pads by columns, not by characters', () => {
    expect(padStart('日本', 6)).toBe('  日本');
    expect(padEnd('日本', 6)).toBe('日本  ');
    expect(padEnd('too long', 3)).toBe('too long');
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1_234, '1 234'],
    [1_234_567, '1 234 567'],
    [1.5, '1.5'],
    [1_000.126, '1 000.13'],
  ])('writes %f as %j', (value, wanted) => {
    expect(formatNumber(value)).toBe(wanted);
  });

  it('writes times to the second, and does not fail on impossible ones', () => {
    expect(formatTime(Date.UTC(2026, 10, 22, 13, 0, 5, 123))).toBe('2026-11-22 13:00:05Z');
    expect(formatTime(Number.NaN)).toBe('an impossible time');
  });

  it('lets nothing through that moves the cursor, rings, or turns the text around', () => {
    expect(printable('a\u001b[2Jb\r\n\u0007\u202e\u009b')).toBe(
      'a\\u{1b}[2Jb\\u{d}\\u{a}\\u{7}\\u{202e}\\u{9b}',
    );
    expect(printable('日本 é 🦎')).toBe('日本 é 🦎');
  });

  it('breaks lines at spaces and keeps long words whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('4398046511104 is long', 5)).toEqual(['4398046511104', 'is', 'long']);
    expect(wrap('within 634 ms it ended', 10)).toEqual(['within', '634 ms it', 'ended']);
    expect(wrap('', 5)).toEqual(['']);
  });

  it('breaks lines that are too wide, further in than they begin', () => {
    expect([...wrapLines(['  one two three', 'one'], 10)]).toEqual(['  one', '    two', '    three', 'one']);
    expect([...wrapLines(['a  b '], 5)]).toEqual(['a  b ']);
  });

  it('lays out columns, numbers to the right, and cuts only the last', () => {
    const rows = [
      ['4398046511104', '日本', 'a very long reason that does not fit'],
      ['7', 'cpu', ''],
    ];
    const columns: Column<string[]>[] = [
      { title: 'ID', align: 'right', cell: ([id]) => id! },
      { title: 'NAME', cell: ([, name]) => name! },
      { title: 'WHY', cell: ([, , why]) => why! },
    ];
    expect([...table(rows, columns, { width: 41, style: plainStyle })]).toEqual([
      '           ID  NAME  WHY',
      '4398046511104  日本  a very long reason…',
      '            7  cpu',
    ]);
  });
});

describe('colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('on a terminal: %s, with %j: %s', (isTerminal, env, wanted) => {
    expect(wantsColour(isTerminal, env)).toBe(wanted);
  });
});

describe('bar', () => {
  it.each([
    [0, 10, ''],
    [10, 10, '████'],
    [5, 10, '██'],
    [1, 1_000, '▏'],
    [0, 0, ''],
  ])('%i of %i', (value, most, wanted) => {
    expect(bar(value, most, 4)).toBe(wanted);
  });
});

const PLAIN_CANVAS = canvasOf(false, undefined, false);
const OPTIONS: PlanTableOptions = { ...PLAIN_CANVAS, all: false, nowMs: Date.UTC(2026, 10, 22, 13, 0, 5) };

function draw(plan: Plan, change: Partial<PlanTableOptions> = {}): string[] {
  return [...planTable(plan, { ...OPTIONS, ...change })];
}

describe('the plan table', () => {
  it('shows where regions are, what moves, and that fewer moves are impossible', () => {
    expect(draw(makePlan(), { snapshot: SMALL_SNAPSHOT })).toEqual([
      'prod (GreptimeDB 1.3.0, sql): 2 datanodes, 1 table, 2 regions',
      'snapshot taken 2026-11-22T13:00:00.000Z, 5 s ago; plan sha256:abababababab',
      '',
      'DATANODE  STATE   BEFORE                      AFTER',
      '       0  target  2 ████████████████████████  1 ████████████             (−1)',
      '       1  target  0                           1 ████████████             (+1)',
      '',
      'MOVES (1)',
      '  greptime.public.cpu (1 move)',
      '    1  4398046511104  0 → 3  table-spread  Datanode 0 leads 2 of its 2 regions, datanode 3 none.',
      '',
      '1 move; fewer is impossible.',
      'Table skew 2 → 0, node skew 2 → 0.',
    ]);
  });

  it('shows weights where they differ, and what drains', () => {
    const plan = makePlan({
      before: makeBalance(
        [
          { regions: 4, state: 'draining' },
          { regions: 1, weight: 2 },
        ],
        { regionsOnDraining: 4 },
      ),
      after: makeBalance([
        { regions: 0, state: 'draining' },
        { regions: 5, weight: 2 },
      ]),
    });
    const lines = draw(plan);
    expect(lines[2]).toBe('DATANODE  STATE     WEIGHT  BEFORE                      AFTER');
    expect(lines[3]).toMatch(/^ {7}0 {2}draining {7}1 {2}4 █{19}▎ +0 +\(−4\)$/);
    expect(lines.at(-1)).toBe('Table skew 0, node skew 0, regions on draining datanodes 4 → 0.');
  });

  it('shows a datanode that joins', () => {
    const lines = draw(makePlan({ before: makeBalance([2]), after: makeBalance([1, 1]) }));
    expect(lines[4]).toMatch(/^ {7}1 {2}target {2}0 +1 █+ +\(\+1\)$/);
  });

  it('shows the first moves of each table and says how many there are', () => {
    const moves = Array.from({ length: 1_250 }, (_, index) => makeMove(index + 1));
    const others = Array.from({ length: 40 }, (_, index) =>
      makeMove(1_251 + index, { table: `greptime.public.t${index}`, to: '10' }),
    );
    const plan = makePlan({ moves: [...moves, ...others], minimumMoves: 1_290 });
    const lines = draw(plan);
    expect(lines).toContain('    … and 1 240 more of this table');
    expect(lines).toContain('  … and 21 more moves in 21 more tables (--all shows them)');
    expect(lines).toContain('1 290 moves; fewer is impossible.');
    expect(draw(plan, { all: true }).filter((line) => line.includes('→')).length).toBeGreaterThan(1_290);
  });

  it('shows the datanodes that change most when there are many', () => {
    const before = makeBalance(Array.from({ length: 100 }, (_, index) => index));
    const after = makeBalance(Array.from({ length: 100 }, (_, index) => (index < 30 ? index : 50)));
    const lines = draw(makePlan({ before, after }));
    expect(lines).toContain('… and 60 more that change no more than these (--all shows them)');
    expect(lines.filter((line) => line.includes('target'))).toHaveLength(40);
  });

  it('groups what is blocked by code, with the sentence and a few examples', () => {
    const blocked = [
      ...Array.from({ length: 5 }, (_, index) => ({
        code: 'pinned' as const,
        regionId: String(index),
        detail: 'Table public.x is pinned.',
      })),
      { code: 'cordoned' as const, datanodeId: '4', detail: 'Datanode 4 is cordoned.' },
      { code: 'no-target' as const, detail: 'None is left.' },
    ];
    expect(draw(makePlan({ blocked })).slice(-13, -3)).toEqual([
      'BLOCKED (7)',
      '  pinned (5): The configuration pins this region or its table.',
      '    region 0: Table public.x is pinned.',
      '    region 1: Table public.x is pinned.',
      '    region 2: Table public.x is pinned.',
      '    … and 2 more (--all shows them)',
      "  cordoned (1): The region's datanode is cordoned: the region stays there and is not counted.",
      '    Datanode 4 is cordoned.',
      '  no-target (1): No datanode can take this region.',
      '    None is left.',
    ]);
  });

  it('tells what is held and not in the way in one line, and lists it when all is asked for', () => {
    const held = (code: 'pinned' | 'cooldown', regionId: string, harmless?: true) => ({
      ...{ code, regionId, detail: 'Held.' },
      ...(harmless && { harmless }),
    });
    const blocked = [held('cooldown', '1', true), held('cooldown', '2', true), held('pinned', '3')];
    const lines = draw(makePlan({ blocked }));
    expect(lines).toContain('BLOCKED (1)');
    expect(lines).toContain('On hold, no effect on balance: cooldown 2 (--all lists them)');
    expect(draw(makePlan({ blocked }), { all: true })).toContain('HELD, COSTS NO BALANCE (2)');
  });

  it.each([60, 80, 100, 200])('fits a terminal of %i columns, and keeps region ids whole', (width) => {
    const moves = [makeMove(1, { regionId: '18446744073709551615', detail: 'long '.repeat(50) })];
    const blocked = [
      { code: 'pinned' as const, regionId: '18446744073709551615', detail: 'long '.repeat(50) },
    ];
    const lines = draw(makePlan({ moves, blocked }), { width, style: colourStyle });
    for (const line of lines.slice(1)) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(width, 76));
    expect(
      lines
        .map((line) => stripVTControlCharacters(line))
        .filter((line) => line.includes('18446744073709551615')),
    ).toHaveLength(2);
  });

  it('prints the names of tables and clusters without what they might do to a terminal', () => {
    const plan = makePlan({ moves: [makeMove(1, { table: 'evil\u001b[2J', detail: 'bell\u0007' })] });
    const snapshot = { ...SMALL_SNAPSHOT, cluster: { ...SMALL_SNAPSHOT.cluster, name: 'a\u001b]0;b' } };
    expect(draw(plan, { snapshot, style: plainStyle }).join('\n')).not.toMatch(/[\u001b\u0007]/);
  });
});

describe('the proof line', () => {
  const uneven = makeBalance([2, 0], { tableSpreadViolation: 1 });
  const blocker = { code: 'pinned', detail: '' } as const;
  it.each<[string, Partial<Plan>, string]>([
    ['optimal', {}, '1 move; fewer is impossible.'],
    [
      'not proven',
      { optimal: false, minimumMoves: 1, moves: [makeMove(1), makeMove(2)] },
      '2 moves; at least 1 is needed.',
    ],
    [
      'not proven by much',
      { optimal: false, minimumMoves: 2, moves: [makeMove(1), makeMove(2), makeMove(3)] },
      '3 moves; at least 2 are needed.',
    ],
    ['balanced', { moves: [], minimumMoves: 0 }, 'Balanced. Nothing to move.'],
    [
      'even, and not well',
      { moves: [], minimumMoves: 0, after: makeBalance([1, 1], { regionsWithoutLeader: 2 }) },
      '2 regions without a leader. The rest is balanced. Nothing to move.',
    ],
    [
      'blocked',
      { moves: [], after: uneven, blocked: [blocker] },
      'Unbalanced; every useful move is blocked.',
    ],
    ['cut short', { moves: [], after: uneven, optimal: false }, 'Unbalanced; no move helps.'],
    ['partly blocked', { after: uneven }, '1 move; fewer is impossible. What stays uneven is blocked.'],
  ])('of a plan that is %s', (_name, change, wanted) => {
    expect(proofLine(makePlan(change))).toBe(wanted);
  });
});

describe('the verdict of a drain', () => {
  it('names every region that is left, and why', () => {
    const left = Array.from({ length: 100 }, (_, index) => ({
      regionId: String(index),
      table: 'greptime.public.cpu',
      code: 'pinned' as const,
      detail: '',
    }));
    const lines = [
      ...drainVerdict(
        {
          moves: { moved: 3, failed: 1 },
          dryRun: false,
          datanodes: [
            { id: '2', left: [] },
            { id: '5', left: [...left, { regionId: '7', table: 't', detail: 'The window closed.' }] },
          ],
        },
        PLAIN_CANVAS,
      ),
    ];
    expect(lines).toHaveLength(104);
    expect(lines.slice(0, 4)).toEqual([
      '3 regions moved, 1 move did not succeed.',
      'Datanode 2 is empty.',
      'Datanode 5 still leads 101 regions:',
      '  region 0 of greptime.public.cpu: pinned: The configuration pins this region or its table.',
    ]);
    expect(lines.at(-1)).toBe('  region 7 of t: The window closed.');
  });

  it.each([
    [
      'and regions are left',
      [{ regionId: '7', table: 't', detail: 'It would move to datanode 3.' }],
      'Dry run: nothing was moved. The same command with --no-dry-run moves what may move.',
    ],
    ['and none is left', [], 'Dry run: nothing was moved.'],
  ])('says last that it was a dry run, %s', (_name, left, wanted) => {
    const verdict = { dryRun: true, datanodes: [{ id: '5', left }] };
    expect([...drainVerdict(verdict, PLAIN_CANVAS)].at(-1)).toBe(wanted);
  });
});

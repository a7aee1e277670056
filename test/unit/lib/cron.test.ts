import cron from 'node-cron';
import { describe, expect, it } from 'vitest';
import { parseCron, type CronExpression } from '../../../src/lib/cron.ts';
import { createPrng } from '../../../src/lib/prng.ts';

const EXPRESSIONS = [
  '* * * * *',
  '*/5 * * * *',
  '0 1 * * *',
  '30 22-2 * * *',
  '0 0 1,15 * *',
  '0 0 * * mon-fri',
  '0 0 * * Sunday',
  '0 0 * jan,JUL *',
  '0 0 1-7 * 1',
  '15 10 * * 7',
  '0 0 * * 5-7',
  '0 0 * * 6-2',
  '0 0 L * *',
  '0 0 L-3 * *',
  '0 0 15W * *',
  '0 0 1W * *',
  '0 0 LW * *',
  '0 0 * * 5L',
  '0 0 * * 1#2',
  '0 0 ? * 1',
  '0 0 29 2 *',
  '*/15 */6 * */3 *',
  '10-50/20 3 * * *',
  '@daily',
  '@weekly',
  '@hourly',
];

const NONE = [
  '',
  '* * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * 32 * *',
  '* * * 13 *',
  '* * * * 8',
  'a * * * *',
  '*/0 * * * *',
  '5/10 * * * *',
  '1- * * * *',
  '0 0 31 2 *',
  '0 0 0W * *',
  '0 0 * * 1#6',
  '* * * * * * *',
  '-1 * * * *',
  '1.5 * * * *',
];

/** What node-cron itself says. */
function byNodeCron(expression: string): (atMs: number) => boolean {
  const task = cron.createTask(expression, () => undefined, { timezone: 'UTC' });
  return (atMs) => task.match(new Date(atMs));
}

function byUs(compiled: CronExpression, atMs: number): boolean {
  const date = new Date(atMs);
  const local = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
  return compiled.seconds.includes(date.getUTCSeconds()) && compiled.matchesMinute(local);
}

describe('a cron expression', () => {
  it.each(EXPRESSIONS)('%s means what node-cron takes it for, on any day of three years', (expression) => {
    const prng = createPrng(expression);
    const theirs = byNodeCron(expression);
    const compiled = parseCron(expression)!;
    const start = Date.UTC(2026, 0, 1);
    for (let day = 0; day < 1_100; day += 1) {
      const midnight = start + day * 86_400_000;
      const times = [midnight, midnight + 3_600_000, midnight + prng.int(1_440) * 60_000];
      for (const atMs of times) {
        const found = `${new Date(atMs).toISOString()} ${byUs(compiled, atMs)}`;
        expect(found).toBe(`${new Date(atMs).toISOString()} ${theirs(atMs)}`);
      }
    }
  });

  it.each(['*/20 * * * * *', '5,10 0 1 * * *'])('of six fields, %s, has seconds', (expression) => {
    const theirs = byNodeCron(expression);
    const compiled = parseCron(expression)!;
    for (let atMs = Date.UTC(2026, 0, 1, 1); atMs < Date.UTC(2026, 0, 1, 1, 2); atMs += 1_000) {
      expect(byUs(compiled, atMs)).toBe(theirs(atMs));
    }
  });

  it.each(NONE)('is not %j, which node-cron refuses too', (expression) => {
    expect(parseCron(expression)).toBeUndefined();
    expect(cron.validate(expression)).toBe(false);
  });

  it('made at random is one for us exactly when it is one for node-cron', () => {
    const prng = createPrng('cron');
    const parts = [
      '*',
      '*/7',
      '0',
      '5',
      '7',
      '12',
      '31',
      '3-5',
      '5-3',
      '1,2',
      '0-59/10',
      'L',
      '1#1',
      '2L',
      '61',
      '?',
      'x',
    ];
    for (let count = 0; count < 3_000; count += 1) {
      const expression = Array.from({ length: 5 }, () => prng.pick(parts)).join(' ');
      expect(`${expression} ${parseCron(expression) !== undefined}`).toBe(
        `${expression} ${cron.validate(expression)}`,
      );
    }
  });
});

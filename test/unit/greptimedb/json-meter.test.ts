import { describe, expect, it } from 'vitest';
import { JsonMeter, rowLimits, WHOLE_LIMITS } from '../../../src/greptimedb/json-meter.ts';

const LIMITS = { containers: 3, values: 4, depth: 2 };

function measure(text: string, piece: number, limits = LIMITS): string | undefined {
  const bytes = Buffer.from(text);
  const meter = new JsonMeter(limits);
  for (let at = 0; at < bytes.length; at += piece) {
    const excess = meter.add(bytes.subarray(at, at + piece));
    if (excess !== undefined) return excess;
  }
  return undefined;
}

describe.each([1, 3, 1_000])('what JSON holds, in pieces of %i bytes', (piece) => {
  it.each([
    ['[{},{}]'],
    ['[1,2,3,4,5]'],
    ['[[1],[2]]'],
    ['"[[[[[[,,,,,,,,"'],
    ['["[[[[[[\\"[[[[,,,,,,,","\\\\"]'],
    ['データ'],
    [''],
  ])('%s is within the limits', (text) => {
    expect(measure(text, piece)).toBeUndefined();
  });

  it.each([
    ['[{},{},{}]', '3 arrays and objects'],
    ['["\\\\",{},{},{}]', '3 arrays and objects'],
    ['[1,2,3,4,5,6]', '4 values'],
    ['[[[1]]]', '2 levels'],
    ['{"a":{"b":{}}}', '2 levels'],
  ])('%s exceeds them', (text, limit) => {
    expect(measure(text, piece)).toContain(`limit of ${limit}`);
  });
});

it('bounds tiny objects, and lets through as many rows as are asked for', () => {
  expect(measure(`[${'{},'.repeat(400_000)}{}]`, 65_536, WHOLE_LIMITS)).toContain(
    '300000 arrays and objects',
  );
  const row = '[4398046511104,1,"10.0.0.1:4001","Yes","ALIVE"],';
  expect(
    measure(`{"output":[{"records":{"rows":[${row.repeat(5_000)}[]]}}]}`, 65_536, rowLimits(5_000)),
  ).toBeUndefined();
  expect(
    measure(`{"output":[{"records":{"rows":[${row.repeat(8_000)}[]]}}]}`, 65_536, rowLimits(5_000)),
  ).toContain('7000 arrays and objects');
});

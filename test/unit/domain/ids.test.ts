import { describe, expect, it } from 'vitest';
import { compareIds, isBelow, tableIdOf } from '../../../src/domain/ids.ts';

describe('a region id', () => {
  it.each([
    ['0', '0'],
    ['4398046511105', '1024'],
    ['9007199254740993', '2097152'],
    ['18446744073709551615', '4294967295'],
  ])('%s belongs to table %s', (regionId, tableId) => {
    expect(tableIdOf(regionId)).toBe(tableId);
  });
});

describe('compareIds', () => {
  it('orders by value, not as text', () => {
    const ids = ['10', '9', '18446744073709551615', '0', '9007199254740993', '9007199254740992', '100', '9'];
    expect(ids.sort(compareIds)).toEqual([
      '0',
      '9',
      '9',
      '10',
      '100',
      '9007199254740992',
      '9007199254740993',
      '18446744073709551615',
    ]);
  });
});

describe('isBelow', () => {
  it.each([
    ['9', '10', true],
    ['10', '9', false],
    ['9007199254740992', '9007199254740993', true],
    ['9007199254740993', '9007199254740992', false],
    ['7', '7', false],
  ])('%s below %s: %s', (a, b, wanted) => {
    expect(isBelow(a, b)).toBe(wanted);
    expect(compareIds(a, b) < 0).toBe(wanted);
  });
});

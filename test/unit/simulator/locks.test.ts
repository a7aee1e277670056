import { describe, expect, it } from 'vitest';
import { describeLocks, LockTable } from '../../../src/simulator/procedures/locks.ts';
import type { LockKey } from '../../../src/simulator/procedures/locks.ts';

describe('locks', () => {
  const share = (key: string): LockKey => ({ mode: 'Share', key });
  const exclusive = (key: string): LockKey => ({ mode: 'Exclusive', key });

  it.each([
    [[share('t')], [share('t')], true],
    [[share('t')], [exclusive('t')], false],
    [[exclusive('t')], [share('t')], false],
    [[exclusive('t')], [exclusive('t')], false],
    [[exclusive('t')], [exclusive('u')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('s')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('r')], false],
  ])('%j held, %j asked: %s', (held, asked, granted) => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim(held, () => order.push('first'));
    table.claim(asked, () => order.push('second'));
    expect(order).toEqual(granted ? ['first', 'second'] : ['first']);
    release();
    expect(order).toEqual(['first', 'second']);
  });

  it('are given in the order of asking', () => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim([share('t')], () => order.push('reader'));
    const releaseWriter = table.claim([exclusive('t')], () => order.push('writer'));
    table.claim([share('t')], () => order.push('late reader'));
    expect(order).toEqual(['reader']);
    release();
    expect(order).toEqual(['reader', 'writer']);
    releaseWriter();
    expect(order).toEqual(['reader', 'writer', 'late reader']);
  });

  it('a waiting claim that is given back never gets them', () => {
    const table = new LockTable();
    const order: string[] = [];
    const release = table.claim([exclusive('t')], () => order.push('first'));
    table.claim([exclusive('t')], () => order.push('gone'))();
    release();
    expect(order).toEqual(['first']);
  });

  it('are printed with the shared ones first', () => {
    expect(describeLocks([exclusive('b'), share('d'), exclusive('a'), share('c')])).toBe(
      'Share("c"),Share("d"),Exclusive("a"),Exclusive("b")',
    );
  });
});

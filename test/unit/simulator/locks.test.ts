import { describe, expect, it } from 'vitest';
import { LockTable } from '../../../src/simulator/procedures/locks.ts';
import type { LockKey } from '../../../src/simulator/procedures/locks.ts';

const share = (key: string): LockKey => ({ mode: 'Share', key });
const exclusive = (key: string): LockKey => ({ mode: 'Exclusive', key });

/** A table, and the owners in the order in which they got their locks. */
function lockTable(): {
  table: LockTable;
  order: string[];
  claim: (owner: string, ...keys: LockKey[]) => void;
} {
  const table = new LockTable();
  const order: string[] = [];
  return { table, order, claim: (owner, ...keys) => table.claim(owner, keys, () => order.push(owner)) };
}

describe('locks', () => {
  it.each([
    [[share('t')], [share('t')], true],
    [[share('t')], [exclusive('t')], false],
    [[exclusive('t')], [share('t')], false],
    [[exclusive('t')], [exclusive('t')], false],
    [[exclusive('t')], [exclusive('u')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('s')], true],
    [[share('t'), exclusive('r')], [share('t'), exclusive('r')], false],
  ])('%j held, %j asked: %s', (held, asked, granted) => {
    const { table, order, claim } = lockTable();
    claim('first', ...held);
    claim('second', ...asked);
    expect(order).toEqual(granted ? ['first', 'second'] : ['first']);
    table.release('first');
    expect(order).toEqual(['first', 'second']);
  });

  it('are given in the order of asking', () => {
    const { table, order, claim } = lockTable();
    claim('reader', share('t'));
    claim('writer', exclusive('t'));
    claim('late reader', share('t'));
    expect(order).toEqual(['reader']);
    table.release('reader');
    expect(order).toEqual(['reader', 'writer']);
    table.release('writer');
    expect(order).toEqual(['reader', 'writer', 'late reader']);
  });

  it('a waiting claim that is given back never gets them', () => {
    const { table, order, claim } = lockTable();
    claim('first', exclusive('t'));
    claim('gone', exclusive('t'));
    table.release('gone');
    table.release('first');
    expect(order).toEqual(['first']);
  });
});

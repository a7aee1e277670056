import { expect, it } from 'vitest';
import { Journal } from '../../../src/simulator/cluster/journal.ts';

it('the journal numbers events, tells them at once and keeps the last ones', () => {
  let now = 100;
  const journal = new Journal({ limit: 10 }, { now: () => now++ });
  const heard: number[] = [];
  const stop = journal.onEvent((event) => heard.push(event.seq));
  for (let count = 0; count < 35; count += 1) journal.record({ kind: 'leader-lost', metasrv: 0 });
  stop();
  journal.record({ kind: 'leader-lost', metasrv: 0 });
  expect(heard).toHaveLength(35);
  expect(journal.events.length).toBeLessThanOrEqual(20);
  expect(journal.events.at(-1)).toMatchObject({ seq: 36, atMs: 135 });
});

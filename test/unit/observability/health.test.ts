import { describe, expect, it } from 'vitest';
import { assessReadiness } from '../../../src/observability/health.ts';

const good = {
  leaderProblem: undefined,
  snapshotAgeMs: 1_000,
  maxSnapshotAgeMs: 60_000,
  stateProblem: undefined,
};

describe('assessReadiness', () => {
  it.each([
    ['all is well', {}, []],
    ['the snapshot is just fresh', { snapshotAgeMs: 60_000 }, []],
    ['no replica leads', { leaderProblem: 'No replica leads.' }, ['leader']],
    ['no snapshot was read', { snapshotAgeMs: undefined }, ['snapshot']],
    ['the snapshot is old', { snapshotAgeMs: 60_001 }, ['snapshot']],
    ['the state folder is read-only', { stateProblem: 'read-only' }, ['state']],
    [
      'nothing is there',
      { leaderProblem: 'No replica leads.', snapshotAgeMs: undefined, stateProblem: 'gone' },
      ['leader', 'snapshot', 'state'],
    ],
  ])('when %s', (_name, facts, codes) => {
    const readiness = assessReadiness({ ...good, ...facts });
    expect(readiness.missing.map((part) => part.code)).toEqual(codes);
    expect(readiness.ready).toBe(codes.length === 0);
  });

  it('says what is wrong in a sentence', () => {
    const { missing } = assessReadiness({ ...good, snapshotAgeMs: 125_000 });
    expect(missing[0]?.detail).toBe('The latest snapshot is 2 min 5 s old; at most 1 min is fresh.');
  });
});

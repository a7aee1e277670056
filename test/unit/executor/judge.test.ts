import { expect, it } from 'vitest';
import { judge, remember, type Evidence, type WatchMemory } from '../../../src/executor/judge.ts';
import { REGION } from '../../support/executor.ts';

const MOVE = { from: '0', to: '1', regionId: REGION, state: 'timed_out', procedureId: 'p' } as const;
const WORST_CASE_MS = 600_000;
const STANDS: Evidence = {
  procedure: { kind: 'not-found' },
  listed: [],
  region: { kind: 'found', leader: '0', followers: [], status: 'alive' },
};
const UNREAD: Evidence = {
  procedure: { kind: 'unread' },
  listed: 'unread',
  region: { kind: 'unread' },
};

/** What is known after looks of one second each. */
function after(looks: readonly Evidence[]): { memory: WatchMemory; nowMs: number } {
  let memory: WatchMemory = { intentMs: 0, sinceMs: 0, hasRead: false };
  let nowMs = 0;
  for (const look of looks) {
    nowMs += 1_000;
    memory = remember({ move: MOVE, memory, evidence: look, nowMs, worstCaseMs: WORST_CASE_MS });
  }
  return { memory, nowMs };
}

it('a proof that needs time is not begun anew by looks that fail in between', () => {
  const looks = Array.from({ length: 400 }, (_, index) => (index % 5 === 0 ? UNREAD : STANDS));
  const { memory, nowMs } = after(looks);
  expect(judge({ move: MOVE, memory, evidence: STANDS, nowMs, worstCaseMs: WORST_CASE_MS })).toMatchObject({
    kind: 'end',
    end: { state: 'failed', cause: 'procedure-lost' },
  });
});

it('what was seen to run again has to rest anew', () => {
  const active: Evidence = { ...STANDS, procedure: { kind: 'active', status: 'running' } };
  const { memory } = after([...Array.from({ length: 400 }, () => STANDS), active, UNREAD]);
  expect(memory.quietSinceMs).toBeUndefined();
});

it('a route that may be older than a minute proves nothing before it has looked the same for as long as it may be old', () => {
  const ended: Evidence = {
    procedure: { kind: 'ended', status: 'failed' },
    listed: [],
    region: { kind: 'found', leader: '0', followers: [], status: 'alive', staleByAtMostMs: 200_000 },
  };
  const judged = (looks: number): string => {
    const { memory, nowMs } = after(Array.from({ length: looks }, () => ended));
    return judge({ move: MOVE, memory, evidence: ended, nowMs, worstCaseMs: WORST_CASE_MS }).kind;
  };
  expect(judged(150)).toBe('wait');
  expect(judged(250)).toBe('end');
});

it.each([
  ['confirm it', 'moved-unconfirmed', { writableOn: [] }],
  ['cannot be asked', 'moved', { staleByAtMostMs: 30_000 }],
])('a route that has named the target for long is believed where datanodes %s', (_name, cause, region) => {
  const moved: Evidence = {
    procedure: { kind: 'not-found' },
    listed: [],
    region: { kind: 'found', leader: '1', followers: [], status: 'alive', ...region },
  };
  const judged = (looks: number): ReturnType<typeof judge> => {
    const { memory, nowMs } = after(Array.from({ length: looks }, () => moved));
    return judge({ move: MOVE, memory, evidence: moved, nowMs, worstCaseMs: WORST_CASE_MS });
  };
  expect(judged(30)).toMatchObject({ kind: 'wait', on: 'unknown' });
  expect(judged(90)).toMatchObject({ kind: 'end', end: { state: 'succeeded', cause } });
});

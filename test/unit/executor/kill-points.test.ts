import { describe, expect, it } from 'vitest';
import { MOVE_STATES } from '../../../src/domain/move.ts';
import { TRANSITIONS } from '../../../src/executor/states.ts';
import { CRASH_PROFILES, EDGE_SERIES } from '../../harness/crash/kill-points.ts';

const edges = MOVE_STATES.flatMap((from) => TRANSITIONS[from].map((to) => [from, to] as const));
const points = EDGE_SERIES.flatMap((series) => series.points);

function sidesKilledAt(from: string, to: string): string[] {
  return points
    .filter(({ edge }) => edge?.from === from && edge.to === to)
    .map(({ edge }) => edge?.when ?? '')
    .sort();
}

describe('the points at which `npm run crash` kills', () => {
  it.each(edges)('lie on both sides of %s -> %s', (from, to) => {
    expect([...new Set(sidesKilledAt(from, to))]).toEqual(['after', 'before']);
  });

  it('lie on no change of state that the table does not have', () => {
    const known = new Set(edges.map(([from, to]) => `${from} ${to}`));
    for (const { edge } of points) expect([...known]).toContain(`${edge?.from ?? ''} ${edge?.to ?? ''}`);
  });

  it.each(EDGE_SERIES)('are reached in at least one version: $name', ({ not = [] }) => {
    for (const profile of not) expect(CRASH_PROFILES).toContain(profile);
    expect(CRASH_PROFILES.length).toBeGreaterThan(new Set(not).size);
  });
});

import { z } from 'zod';
import { list, record, word } from '../domain/fields.ts';
import { formatDuration } from '../lib/duration.ts';

/** What readiness is judged by. */
export interface ReadinessFacts {
  /** Why no replica can act, or undefined when one does, this one or another. */
  readonly leaderProblem: string | undefined;
  /** Age of the latest snapshot in ms, or undefined before the first. */
  readonly snapshotAgeMs: number | undefined;
  /** From which age on a snapshot is no longer fresh, in ms. */
  readonly maxSnapshotAgeMs: number;
  /** Why the state folder cannot be used, or undefined when it can. */
  readonly stateProblem: string | undefined;
}

const missingPart = record({ code: word(['leader', 'snapshot', 'state']), detail: z.string() });
type MissingPart = z.infer<typeof missingPart>;

export const readinessSchema = record({
  ready: z.boolean(),
  missing: list(missingPart).describe('Empty when ready.'),
});
export type Readiness = z.infer<typeof readinessSchema>;

/** Whether the daemon can do its work: it has a leader, a fresh snapshot and a usable state folder. Else all that is missing. */
export function assessReadiness(facts: ReadinessFacts): Readiness {
  const problems: readonly [MissingPart['code'], string | undefined][] = [
    ['leader', facts.leaderProblem],
    ['snapshot', snapshotProblem(facts)],
    ['state', facts.stateProblem],
  ];
  const missing = problems.flatMap(([code, detail]) => (detail === undefined ? [] : [{ code, detail }]));
  return { ready: missing.length === 0, missing };
}

function snapshotProblem({ snapshotAgeMs, maxSnapshotAgeMs }: ReadinessFacts): string | undefined {
  if (snapshotAgeMs === undefined) return 'No snapshot of the cluster has been read yet.';
  if (snapshotAgeMs <= maxSnapshotAgeMs) return undefined;
  const [age, limit] = [formatDuration(snapshotAgeMs), formatDuration(maxSnapshotAgeMs)];
  return `The latest snapshot is ${age} old; at most ${limit} is fresh.`;
}

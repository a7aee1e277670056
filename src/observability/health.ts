import { z } from 'zod';
import { list, word } from '../domain/fields.ts';
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

const missingPart = z.object({ code: word(['leader', 'snapshot', 'state']), detail: z.string() }).readonly();
type MissingPart = z.infer<typeof missingPart>;

export const readinessSchema = z
  .object({ ready: z.boolean(), missing: list(missingPart).meta({ description: 'Empty when ready.' }) })
  .readonly();
export type Readiness = z.infer<typeof readinessSchema>;

/** Whether the daemon can do its work: it has a leader, a fresh snapshot and a usable state folder. Else all that is missing. */
export function assessReadiness(facts: ReadinessFacts): Readiness {
  const missing = [leaderProblem(facts), snapshotProblem(facts), stateProblem(facts)].filter(
    (part) => part !== undefined,
  );
  return { ready: missing.length === 0, missing };
}

function leaderProblem({ leaderProblem: problem }: ReadinessFacts): MissingPart | undefined {
  return problem === undefined ? undefined : { code: 'leader', detail: problem };
}

function snapshotProblem({ snapshotAgeMs, maxSnapshotAgeMs }: ReadinessFacts): MissingPart | undefined {
  if (snapshotAgeMs === undefined)
    return { code: 'snapshot', detail: 'No snapshot of the cluster has been read yet.' };
  if (snapshotAgeMs <= maxSnapshotAgeMs) return undefined;
  const [age, limit] = [formatDuration(snapshotAgeMs), formatDuration(maxSnapshotAgeMs)];
  return { code: 'snapshot', detail: `The latest snapshot is ${age} old; at most ${limit} is fresh.` };
}

function stateProblem({ stateProblem: problem }: ReadinessFacts): MissingPart | undefined {
  return problem === undefined ? undefined : { code: 'state', detail: problem };
}

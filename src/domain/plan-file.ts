import { isObject, jsonChunks, parseJsonFile } from './json-file.ts';
import type { JsonObject } from './json-file.ts';
import { planSchema } from './plan.ts';
import type { Plan } from './plan.ts';
import { parseValue } from './schema-problems.ts';

/** What a plan file says. */
export interface PlanFile {
  readonly plan: Plan;
  /** All of it, fields that we do not know too: what its id is a hash of. */
  readonly content: JsonObject;
}

/**
 * Reads a plan file. Whether it was changed by hand is not checked here: see `planIdOf`.
 *
 * @throws UsageError that names the place: `moves[3].to: found "x", wanted a datanode id (decimal string)`.
 */
export function parsePlanFile(text: string): PlanFile {
  const document = parseJsonFile(text);
  const plan = parseValue(planSchema, document);
  return { plan, content: isObject(document) ? document : {} };
}

/** The plan as a file, in pieces: moves and blockers one a line. */
export function planChunks(plan: Plan): Generator<string, void, undefined> {
  const { formatVersion, planId, createdAt, snapshotTakenAt, cluster, objective, moves, ...rest } = plan;
  return jsonChunks({
    ...{ formatVersion, planId, createdAt, snapshotTakenAt, cluster, objective, moves },
    ...rest,
  });
}

import { z } from 'zod';
import {
  BLOCKER_CODES,
  CYCLE_OUTCOME_CODES,
  EXPLANATION_CODES,
  GATE_CODES,
  MOVE_REASON_CODES,
} from '../../domain/codes.ts';
import { EXPLAIN_KINDS } from '../../domain/explanation.ts';
import { MOVE_STATES } from '../../domain/move.ts';

/** What the API answers with. The types of the program and the OpenAPI document both come from here. */

const id = z.string().meta({ description: 'A decimal id.', examples: ['4398046511104'] });
const time = z.string().meta({ description: 'ISO 8601, UTC.', examples: ['2026-11-22T13:00:00.000Z'] });
const count = z.int().min(0);
const skew = z.number().min(0);
const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> =>
  z.array(item).readonly();

export const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export const moveRecordSchema = z
  .object({
    id,
    planId: z.string(),
    cycleId: id,
    regionId: id,
    tableId: id,
    table: z.string(),
    from: id,
    to: id,
    reason: z.enum(MOVE_REASON_CODES),
    state: z.enum(MOVE_STATES),
    procedureId: z.string().nullable(),
    cause: z.string().nullable().meta({ description: 'A word of a closed list for what was recognised.' }),
    detail: z.string().nullable(),
    createdAt: time,
    submittedAt: time.nullable(),
    downgradedAt: time.nullable(),
    endedAt: time.nullable(),
    late: z
      .object({
        outcome: z.enum(['succeeded', 'failed', 'rolled_back']),
        cause: z.string(),
        detail: z.string(),
        at: time,
      })
      .readonly()
      .nullable()
      .meta({ description: 'What became of a migration that had run out of time, once it was found out.' }),
    undoneAt: time
      .nullable()
      .meta({ description: 'When somebody else was seen to have taken the region back.' }),
  })
  .readonly();

export const plannedMoveSchema = z
  .object({
    seq: z.int().min(1),
    regionId: id,
    tableId: id,
    table: z.string(),
    from: id,
    to: id,
    reason: z.enum(MOVE_REASON_CODES),
    detail: z.string(),
  })
  .readonly();

const datanodeState = z.enum(['target', 'draining', 'cordoned', 'dead']);
const balance = z
  .object({
    tableSkewMax: skew,
    nodeSkew: skew,
    tableSpreadViolation: z.number(),
    nodeSpreadViolation: z.number(),
    regionsOnDraining: count,
    datanodes: list(z.object({ id, regions: count, state: datanodeState, weight: z.number() }).readonly()),
  })
  .readonly();

export const planSchema = z
  .object({
    formatVersion: z.literal(1),
    planId: z.string(),
    createdAt: time,
    snapshotTakenAt: time,
    objective: z.literal('count'),
    moves: list(plannedMoveSchema),
    minimumMoves: count,
    optimal: z.boolean(),
    before: balance,
    after: balance,
    inputs: z.object({ snapshot: z.string(), policy: z.string() }).readonly().optional(),
    blocked: list(
      z
        .object({
          code: z.enum(BLOCKER_CODES),
          regionId: id.optional(),
          tableId: id.optional(),
          datanodeId: id.optional(),
          detail: z.string(),
        })
        .readonly(),
    ),
  })
  .readonly();

export const snapshotSchema = z
  .object({
    formatVersion: z.literal(1),
    takenAt: time,
    cluster: z.object({ name: z.string(), api: z.enum(['sql', 'metasrv']), version: z.string() }).readonly(),
    datanodes: list(z.object({ id, addr: z.string(), status: z.enum(['alive', 'dead']) }).readonly()),
    tables: list(
      z.object({
        id,
        catalog: z.string(),
        schema: z.string(),
        name: z.string(),
        engine: z.string(),
        logicalTables: list(z.object({ id, schema: z.string(), name: z.string() }).readonly()).optional(),
      }),
    ),
    regions: list(
      z.object({
        id,
        tableId: id,
        leader: id.nullable(),
        followers: list(id).optional(),
        status: z.enum(['alive', 'migrating', 'staging']),
        load: z
          .object({
            writeBytesPerSecond: z.number().optional(),
            memtableBytes: z.number().optional(),
            diskBytes: z.number().optional(),
          })
          .optional(),
      }),
    ),
  })
  .readonly();

/** One word for how things stand. `starting`: nothing is known yet. `lost-contact`: what is known is too old to rely on. */
export const VERDICTS = [
  'starting',
  'balanced',
  'balancing',
  'blocked',
  'paused',
  'dry-run',
  'standby',
  'lost-contact',
] as const;
export type Verdict = (typeof VERDICTS)[number];

const pause = z
  .object({
    until: time.nullable().meta({ description: 'Null: until somebody resumes.' }),
    reason: z.string(),
    by: z.string(),
  })
  .readonly();

export const statusSchema = z
  .object({
    verdict: z.object({ code: z.enum(VERDICTS), sentence: z.string() }).readonly(),
    cluster: z
      .object({
        name: z.string(),
        api: z.enum(['sql', 'metasrv']).nullable(),
        version: z.string(),
        features: list(z.string()),
      })
      .readonly(),
    dryRun: z.boolean(),
    paused: pause.nullable(),
    leader: z.object({ leads: z.boolean(), holder: z.string().nullable() }).readonly(),
    cycle: z
      .object({ id, trigger: z.string(), startedAt: time })
      .readonly()
      .nullable()
      .meta({ description: 'The cycle that runs now.' }),
    currentMove: z
      .object({
        move: moveRecordSchema,
        position: z.int().min(1),
        total: z.int().min(1),
        startedAt: time,
        stateSince: time,
        inStateSeconds: z.number(),
      })
      .readonly()
      .nullable(),
    queue: z
      .object({ length: count, next: list(plannedMoveSchema).meta({ description: 'The first ten.' }) })
      .readonly(),
    progress: z
      .object({
        done: count,
        failed: count,
        remaining: count,
        etaSeconds: z.number().nullable().meta({ description: 'Null while no move has been timed.' }),
      })
      .readonly(),
    plan: z
      .object({
        planId: z.string(),
        createdAt: time,
        moves: count,
        minimumMoves: count,
        optimal: z.boolean(),
      })
      .readonly()
      .nullable(),
    balance: z
      .object({
        before: z.object({ tableSkewMax: skew, nodeSkew: skew }).readonly(),
        after: z.object({ tableSkewMax: skew, nodeSkew: skew }).readonly(),
      })
      .readonly()
      .nullable(),
    datanodes: list(
      z
        .object({
          id,
          addr: z.string().nullable(),
          state: datanodeState,
          weight: z.number(),
          regions: count,
          regionsAfter: count,
        })
        .readonly(),
    ),
    lastCycle: z
      .object({
        id,
        outcome: z.enum(CYCLE_OUTCOME_CODES),
        endedAt: time,
        durationMs: z.number(),
        moved: count,
        detail: z.string(),
      })
      .readonly()
      .nullable(),
    lastSuccessAt: time.nullable(),
    nextTickAt: time.nullable(),
    snapshot: z
      .object({ takenAt: time, ageSeconds: z.number(), datanodes: count, tables: count, regions: count })
      .readonly()
      .nullable(),
    gates: list(z.object({ code: z.enum(GATE_CODES), detail: z.string() }).readonly()).meta({
      description: 'What forbids acting now.',
    }),
    blocked: list(z.object({ code: z.enum(BLOCKER_CODES), count }).readonly()),
    quarantined: count,
    cooling: count,
    process: z.object({ version: z.string(), startedAt: time, uptimeSeconds: z.number() }).readonly(),
  })
  .readonly();
export type StatusView = z.infer<typeof statusSchema>;

export const historySchema = z.object({
  moves: list(moveRecordSchema).meta({ description: 'The newest first.' }),
  next: id
    .nullable()
    .meta({ description: 'Pass it as `before` for the next page; null at the end of the history.' }),
});

export const explainSchema = z
  .object({
    kind: z.enum(EXPLAIN_KINDS),
    id: z.string(),
    answer: z.string().meta({ description: 'Why it moves or stays, in a sentence.' }),
    reasons: list(
      z
        .object({
          code: z.enum([...BLOCKER_CODES, ...MOVE_REASON_CODES, ...EXPLANATION_CODES]),
          detail: z.string(),
        })
        .readonly(),
    ),
    facts: z.record(z.string(), z.unknown()).readonly(),
  })
  .readonly();

export const readinessSchema = z.object({
  ready: z.boolean(),
  missing: list(z.object({ code: z.enum(['leader', 'snapshot', 'state']), detail: z.string() }).readonly()),
});
export const healthSchema = z.object({ status: z.literal('ok') });

export const pauseAnswerSchema = z.object({ paused: pause });
export const resumeAnswerSchema = z.object({ paused: z.null() });
export const triggerAnswerSchema = z.object({ cycleId: id });
export const drainAnswerSchema = z.object({
  dryRun: z.boolean(),
  draining: list(id).meta({ description: 'All datanodes that drain, or would.' }),
  plan: planSchema.nullable().meta({ description: 'What would be moved; null when it is not yet known.' }),
});
export const undrainAnswerSchema = z.object({
  draining: list(id).meta({ description: 'All datanodes that still drain.' }),
});
export const releaseAnswerSchema = z.object({
  released: z.boolean().meta({ description: 'False when the region had no failures to forget.' }),
});
export const quarantineSchema = z.object({
  quarantined: list(
    z.object({ regionId: id, failures: z.int().min(1), until: time, detail: z.string() }).readonly(),
  ).meta({ description: 'By region id.' }),
});

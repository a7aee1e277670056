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
import {
  datanodeState,
  idText,
  list,
  plannedMoveSchema,
  planSchema,
  skew,
  timeText,
  wholeNumber,
} from './file-formats.ts';

/** What the API answers with. The types of the program and the OpenAPI document both come from here. */

export const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export const moveRecordSchema = z
  .object({
    id: idText,
    planId: z.string(),
    cycleId: idText,
    regionId: idText,
    tableId: idText,
    table: z.string(),
    from: idText,
    to: idText,
    reason: z.enum(MOVE_REASON_CODES),
    state: z.enum(MOVE_STATES),
    procedureId: z.string().nullable(),
    cause: z.string().nullable().meta({ description: 'A word of a closed list for what was recognised.' }),
    detail: z.string().nullable(),
    createdAt: timeText,
    submittedAt: timeText.nullable(),
    downgradedAt: timeText.nullable(),
    endedAt: timeText.nullable(),
    late: z
      .object({
        outcome: z.enum(['succeeded', 'failed', 'rolled_back']),
        cause: z.string(),
        detail: z.string(),
        at: timeText,
      })
      .readonly()
      .nullable()
      .meta({ description: 'What became of a migration that had run out of time, once it was found out.' }),
    undoneAt: timeText
      .nullable()
      .meta({ description: 'When somebody else was seen to have taken the region back.' }),
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
    until: timeText.nullable().meta({ description: 'Null: until somebody resumes.' }),
    reason: z.string(),
    by: z.string(),
  })
  .readonly();

export const statusSchema = z
  .object({
    verdict: z
      .object({
        code: z.enum(VERDICTS),
        sentence: z.string(),
        detail: z
          .string()
          .nullable()
          .meta({ description: 'What stands behind it: an error, blockers, what a gate found.' }),
      })
      .readonly(),
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
      .object({ id: idText, trigger: z.string(), startedAt: timeText })
      .readonly()
      .nullable()
      .meta({ description: 'The cycle that runs now.' }),
    currentMove: z
      .object({
        move: moveRecordSchema,
        position: z.int().min(1),
        total: z.int().min(1),
        startedAt: timeText,
        stateSince: timeText,
        inStateSeconds: z.number(),
      })
      .readonly()
      .nullable(),
    queue: z
      .object({ length: wholeNumber, next: list(plannedMoveSchema).meta({ description: 'The first ten.' }) })
      .readonly(),
    progress: z
      .object({
        done: wholeNumber,
        failed: wholeNumber,
        remaining: wholeNumber,
        etaSeconds: z.number().nullable().meta({ description: 'Null: not known, or nothing may be moved.' }),
      })
      .readonly(),
    plan: z
      .object({
        planId: z.string(),
        createdAt: timeText,
        moves: wholeNumber,
        minimumMoves: wholeNumber,
        optimal: z.boolean(),
        balances: z.boolean().meta({ description: 'Whether everything is even after it.' }),
      })
      .readonly()
      .nullable(),
    balance: z
      .object({
        before: z.object({ tableSkewMax: skew, nodeSkew: skew }).readonly(),
        now: z.object({ tableSkewMax: skew, nodeSkew: skew }).readonly(),
        after: z.object({ tableSkewMax: skew, nodeSkew: skew }).readonly(),
      })
      .readonly()
      .nullable(),
    datanodes: list(
      z
        .object({
          id: idText,
          addr: z.string().nullable(),
          state: datanodeState,
          weight: z.number(),
          regions: wholeNumber,
          regionsAfter: wholeNumber,
          share: z.number().nullable().meta({
            description: 'Regions that its weight entitles it to, not rounded; null where none are counted.',
          }),
        })
        .readonly(),
    ),
    lastCycle: z
      .object({
        id: idText,
        outcome: z.enum(CYCLE_OUTCOME_CODES),
        endedAt: timeText,
        durationMs: z.number(),
        moved: wholeNumber,
        detail: z.string(),
      })
      .readonly()
      .nullable(),
    lastSuccessAt: timeText.nullable(),
    nextTickAt: timeText.nullable(),
    snapshot: z
      .object({
        takenAt: timeText,
        ageSeconds: z.number(),
        datanodes: wholeNumber,
        tables: wholeNumber,
        regions: wholeNumber,
      })
      .readonly()
      .nullable(),
    gates: list(z.object({ code: z.enum(GATE_CODES), detail: z.string() }).readonly()).meta({
      description: 'What forbids acting now.',
    }),
    blocked: list(z.object({ code: z.enum(BLOCKER_CODES), count: wholeNumber }).readonly()),
    quarantined: wholeNumber,
    cooling: wholeNumber,
    process: z.object({ version: z.string(), startedAt: timeText, uptimeSeconds: z.number() }).readonly(),
  })
  .readonly();
export type StatusView = z.infer<typeof statusSchema>;

export const historySchema = z.object({
  moves: list(moveRecordSchema).meta({ description: 'The newest first.' }),
  next: idText
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
export const triggerAnswerSchema = z.object({ cycleId: idText });
export const drainAnswerSchema = z.object({
  dryRun: z.boolean(),
  draining: list(idText).meta({ description: 'All datanodes that drain, or would.' }),
  plan: planSchema.nullable().meta({ description: 'What would be moved; null when it is not yet known.' }),
});
export const undrainAnswerSchema = z.object({
  draining: list(idText).meta({ description: 'All datanodes that still drain.' }),
});
export const releaseAnswerSchema = z.object({
  released: z.boolean().meta({ description: 'False when the region had no failures to forget.' }),
});
export const quarantineSchema = z.object({
  quarantined: list(
    z
      .object({
        regionId: idText,
        failures: z.int().min(1),
        until: timeText,
        detail: z.string(),
        move: moveRecordSchema.nullable().meta({ description: 'The one that failed last, if it is known.' }),
      })
      .readonly(),
  ).meta({ description: 'By region id.' }),
});

export const auditSchema = z
  .object({
    entries: z
      .array(z.object({ at: timeText, who: z.string(), what: z.string(), why: z.string() }).readonly())
      .readonly()
      .meta({ description: 'The newest first.' }),
  })
  .readonly();
export type AuditView = z.infer<typeof auditSchema>;

export const matrixSchema = z
  .object({
    takenAt: timeText,
    planId: z.string().nullable(),
    datanodes: z.array(idText).readonly().meta({ description: 'The columns.' }),
    tables: z
      .array(
        z
          .object({
            id: idText,
            name: z.string(),
            selected: z
              .boolean()
              .meta({ description: 'Whether the configuration selects it: a drain reads all tables.' }),
            cells: z.array(wholeNumber).readonly().meta({
              description:
                'Three numbers for each datanode that leads or will lead a region of the table: its position in `datanodes`, regions now, regions after the plan.',
            }),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();
export type MatrixView = z.infer<typeof matrixSchema>;

export const regionsSchema = z
  .object({
    total: wholeNumber.meta({ description: 'Regions that the filters let through, beyond `limit` too.' }),
    regions: z
      .array(
        z
          .object({
            id: idText,
            tableId: idText,
            leader: idText.nullable(),
            target: idText.nullable().meta({ description: 'Where the plan moves it; null: it stays.' }),
            reason: z.enum(MOVE_REASON_CODES).nullable(),
            status: z.enum(['alive', 'migrating', 'staging']),
            writeBytesPerSecond: z.number().nullable(),
            diskBytes: z.number().nullable(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();
export type RegionsView = z.infer<typeof regionsSchema>;
export type RegionView = RegionsView['regions'][number];

export const queueSchema = z
  .object({
    total: wholeNumber.meta({ description: 'Moves that the filters let through, beyond `limit` too.' }),
    moves: z.array(plannedMoveSchema).readonly(),
  })
  .readonly();
export type QueueView = z.infer<typeof queueSchema>;

export const seriesSchema = z
  .object({
    since: timeText,
    until: timeText,
    stepSeconds: z.number(),
    points: z
      .array(
        z
          .object({
            at: timeText.meta({ description: 'The begin of the step.' }),
            cycles: wholeNumber.meta({ description: 'Cycles that ended in the step.' }),
            failed: wholeNumber.meta({ description: 'Those of them that failed.' }),
            moved: wholeNumber.meta({ description: 'Regions that were moved.' }),
            tableSkewMax: z.number().nullable(),
            nodeSkew: z.number().nullable(),
            least: z.number().nullable().meta({ description: 'Regions of the emptiest target.' }),
            most: z.number().nullable().meta({ description: 'Regions of the fullest target.' }),
          })
          .readonly(),
      )
      .readonly()
      .meta({ description: 'The oldest first; steps in which nothing happened are left out.' }),
  })
  .readonly();
export type SeriesView = z.infer<typeof seriesSchema>;

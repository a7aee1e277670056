import { z } from 'zod';
import { BLOCKER_CODES, CYCLE_OUTCOME_CODES, GATE_CODES, MOVE_REASON_CODES } from '../../domain/codes.ts';
import { amount, count, id, list, timestamp, word } from '../../domain/fields.ts';
import { DATANODE_STATES, loadBalanceSchema, moveFields, planSchema } from '../../domain/plan.ts';
import { DATANODE_ROLES } from '../../domain/policy.ts';
import { REGION_STATUSES } from '../../domain/snapshot.ts';
import { moveViewSchema } from '../../observability/event-view.ts';

export { readinessSchema } from '../../observability/health.ts';

/**
 * What the API answers with, for the server, the OpenAPI document, the page and the command line. Plans, snapshots, explanations and the
 * readiness are described where they are made.
 */

const plannedMove = moveFields.extend({ reason: word(MOVE_REASON_CODES) }).readonly();

export const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
export type ErrorView = z.infer<typeof errorSchema>;

/** One word for how things stand. `starting`: nothing is known yet. `lost-contact`: what is known is too old to rely on. */
export const VERDICTS = [
  'starting',
  'balanced',
  'balancing',
  'attention',
  'nothing-selected',
  'blocked',
  'paused',
  'dry-run',
  'standby',
  'lost-contact',
] as const;
export type Verdict = (typeof VERDICTS)[number];

const pause = z
  .object({
    until: timestamp.nullable().meta({ description: 'Null: until resumed.' }),
    reason: z.string(),
    by: z.string(),
  })
  .readonly();

const skews = z.object({ tableSkewMax: amount, nodeSkew: amount }).readonly();

export const statusSchema = z
  .object({
    verdict: z
      .object({
        code: word(VERDICTS),
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
        api: word(['sql', 'metasrv']).nullable(),
        version: z.string(),
        features: list(z.string()),
      })
      .readonly(),
    dryRun: z.boolean(),
    paused: pause.nullable(),
    leader: z.object({ leads: z.boolean(), holder: z.string().nullable() }).readonly(),
    cycle: z
      .object({ id: id('cycle'), trigger: z.string(), startedAt: timestamp })
      .readonly()
      .nullable()
      .meta({ description: 'The cycle that runs now.' }),
    currentMove: z
      .object({
        move: moveViewSchema,
        position: z.int().min(1),
        total: z.int().min(1),
        startedAt: timestamp,
        stateSince: timestamp,
        inStateSeconds: z.number(),
      })
      .readonly()
      .nullable(),
    queue: z
      .object({ length: count, next: list(plannedMove).meta({ description: 'The first ten.' }) })
      .readonly(),
    progress: z
      .object({
        done: count,
        failed: count,
        remaining: count,
        etaSeconds: z.number().nullable().meta({ description: 'Null: not known, or nothing may be moved.' }),
      })
      .readonly(),
    plan: z
      .object({
        planId: z.string(),
        createdAt: timestamp,
        moves: count,
        minimumMoves: count,
        optimal: z.boolean(),
      })
      .readonly()
      .nullable(),
    balance: z
      .object({
        before: skews,
        now: skews,
        after: skews,
      })
      .readonly()
      .nullable(),
    load: loadBalanceSchema.nullable().default(null).meta({ description: 'Null while regions are counted.' }),
    datanodes: list(
      z
        .object({
          id: id('datanode'),
          addr: z.string().nullable(),
          state: word(DATANODE_STATES),
          weight: z.number(),
          regions: count,
          regionsAfter: count,
          load: amount.nullable().default(null).meta({ description: 'Null while regions are counted.' }),
          loadAfter: amount.nullable().default(null),
          share: z.number().nullable().meta({
            description: 'Regions that its weight entitles it to, not rounded; null where none are counted.',
          }),
          drain: z
            .object({
              since: timestamp.nullable().meta({ description: 'Null: the configuration says so.' }),
              by: z.string(),
            })
            .readonly()
            .exactOptional()
            .meta({ description: 'Who wants it emptied, dead or alive; absent: nobody.' }),
        })
        .readonly(),
    ),
    lastCycle: z
      .object({
        id: id('cycle'),
        outcome: word(CYCLE_OUTCOME_CODES),
        endedAt: timestamp,
        durationMs: z.number(),
        moved: count,
        detail: z.string(),
      })
      .readonly()
      .nullable(),
    lastSuccessAt: timestamp.nullable(),
    nextTickAt: timestamp.nullable(),
    snapshot: z
      .object({
        takenAt: timestamp,
        ageSeconds: z.number(),
        datanodes: count,
        tables: count,
        regions: count,
      })
      .readonly()
      .nullable(),
    gates: list(z.object({ code: word(GATE_CODES), detail: z.string() }).readonly()).meta({
      description: 'What forbids acting now.',
    }),
    blocked: list(z.object({ code: word(BLOCKER_CODES), count, harmless: count }).readonly()).meta({
      description: 'Regions that are held, and how many of them cost no balance.',
    }),
    quarantined: count,
    quarantinedDatanodes: count.default(0),
    cooling: count,
    process: z
      .object({
        version: z.string(),
        startedAt: timestamp,
        uptimeSeconds: z.number(),
        pid: count.exactOptional(),
      })
      .readonly(),
  })
  .readonly();
export type StatusView = z.infer<typeof statusSchema>;

export const historySchema = z.object({
  moves: list(moveViewSchema).meta({ description: 'The newest first.' }),
  next: id('move')
    .nullable()
    .meta({ description: 'Pass it as `before` for the next page; null at the end of the history.' }),
});
export type HistoryView = z.infer<typeof historySchema>;

export const healthSchema = z.object({ status: z.literal('ok') });

export const pauseAnswerSchema = z.object({ paused: pause });
export const resumeAnswerSchema = z.object({
  paused: z.null(),
  resumed: z.boolean().default(true).meta({ description: 'False when it was not paused.' }),
});
export const triggerAnswerSchema = z.object({
  cycleId: id('cycle'),
  paused: pause.nullable().default(null).meta({ description: 'While paused, the cycle only plans.' }),
});
export const drainAnswerSchema = z.object({
  dryRun: z.boolean(),
  draining: list(id('datanode')).meta({ description: 'All datanodes that drain, or would.' }),
  plan: planSchema.nullable().meta({ description: 'What would be moved; null when it is not yet known.' }),
});
export type DrainView = z.infer<typeof drainAnswerSchema>;
export const undrainAnswerSchema = z.object({
  draining: list(id('datanode')).meta({ description: 'All datanodes that still drain.' }),
});
export type DrainingView = z.infer<typeof undrainAnswerSchema>;
export const cordonAnswerSchema = z.object({
  cordoned: list(id('datanode')).meta({ description: 'All datanodes that are cordoned.' }),
});
export type CordonedView = z.infer<typeof cordonAnswerSchema>;
export const releaseAnswerSchema = z.object({
  released: z.boolean().meta({ description: 'False when there were no failures to forget.' }),
});
export const quarantineSchema = z.object({
  quarantined: list(
    z
      .object({
        regionId: id('region'),
        failures: z.int().min(1),
        until: timestamp,
        detail: z.string(),
        move: moveViewSchema.nullable().meta({ description: 'The one that failed last, if it is known.' }),
      })
      .readonly(),
  ).meta({ description: 'By region id.' }),
  datanodes: list(
    z
      .object({
        datanodeId: id('datanode'),
        role: z.enum(DATANODE_ROLES).meta({ description: 'Whether it gives or receives no regions.' }),
        failures: z.int().min(1),
        until: timestamp,
        detail: z.string(),
      })
      .readonly(),
  )
    .default([])
    .meta({ description: 'Datanodes that rest because migrations from or to them failed, by id.' }),
});
export type QuarantineView = z.infer<typeof quarantineSchema>;

export const auditSchema = z
  .object({
    entries: z
      .array(z.object({ at: timestamp, who: z.string(), what: z.string(), why: z.string() }).readonly())
      .readonly()
      .meta({ description: 'The newest first.' }),
  })
  .readonly();
export type AuditView = z.infer<typeof auditSchema>;

export const matrixSchema = z
  .object({
    takenAt: timestamp,
    planId: z.string().nullable(),
    datanodes: z.array(id('datanode')).readonly().meta({ description: 'The columns.' }),
    tables: z
      .array(
        z
          .object({
            id: id('table'),
            name: z.string(),
            selected: z
              .boolean()
              .meta({ description: 'Whether the configuration selects it: a drain reads all tables.' }),
            regions: count.meta({
              description: 'Those that are shared among the datanodes; 0 where the table does not count.',
            }),
            misplacedNow: count.meta({
              description: 'Regions above or below the share of their datanode.',
            }),
            misplacedAfter: count.meta({ description: 'The same after the plan.' }),
            cells: z.array(count).readonly().meta({
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
    total: count.meta({ description: 'Regions that the filters let through, beyond `limit` too.' }),
    regions: z
      .array(
        z
          .object({
            id: id('region'),
            tableId: id('table'),
            leader: id('datanode').nullable(),
            target: id('datanode')
              .nullable()
              .meta({ description: 'Where the plan moves it; null: it stays.' }),
            reason: word(MOVE_REASON_CODES).nullable(),
            status: word(REGION_STATUSES),
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
    total: count.meta({ description: 'Moves that the filters let through, beyond `limit` too.' }),
    moves: z.array(plannedMove).readonly(),
  })
  .readonly();
export type QueueView = z.infer<typeof queueSchema>;

export const seriesSchema = z
  .object({
    since: timestamp,
    until: timestamp,
    stepSeconds: z.number(),
    points: z
      .array(
        z
          .object({
            at: timestamp.meta({ description: 'The begin of the step.' }),
            cycles: count.meta({ description: 'Cycles that ended in the step.' }),
            failed: count.meta({ description: 'Those of them that failed.' }),
            moved: count.meta({ description: 'Regions that were moved.' }),
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

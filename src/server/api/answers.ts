import { z } from 'zod';
import { BLOCKER_CODES, CYCLE_OUTCOME_CODES, GATE_CODES, MOVE_REASON_CODES } from '../../domain/codes.ts';
import { DATANODE_STATES } from '../../domain/datanode-state.ts';
import { amount, count, id, list, record, timestamp, word } from '../../domain/fields.ts';
import { loadBalanceSchema, moveFields, planSchema } from '../../domain/plan.ts';
import { DATANODE_ROLES } from '../../domain/policy.ts';
import { REGION_STATUSES } from '../../domain/snapshot.ts';
import { moveViewSchema } from '../../observability/event-view.ts';

export { readinessSchema, type Readiness } from '../../observability/health.ts';

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

const pause = record({
  until: timestamp.nullable().describe('Null: until resumed.'),
  reason: z.string(),
  by: z.string(),
});

const skews = { tableSkewMax: amount, nodeSkew: amount };
const placed = record({
  ...skews,
  isEven: z.boolean().default(false).describe('Whether every share is kept, with no datanode left out.'),
});

export const statusSchema = record({
  verdict: record({
    code: word(VERDICTS),
    sentence: z.string(),
    detail: z.string().nullable().describe('What stands behind it: an error, blockers, what a gate found.'),
  }),
  cluster: record({
    name: z.string(),
    api: word(['sql', 'metasrv']).nullable(),
    version: z.string(),
    features: list(z.string()),
  }),
  dryRun: z.boolean(),
  paused: pause.nullable(),
  leader: record({ leads: z.boolean(), holder: z.string().nullable() }),
  cycle: record({ id: id('cycle'), trigger: z.string(), startedAt: timestamp })
    .nullable()
    .describe('The cycle that runs now.'),
  currentMove: record({
    move: moveViewSchema,
    position: z.int().min(1),
    total: z.int().min(1),
    startedAt: timestamp,
    stateSince: timestamp,
    inStateSeconds: z.number(),
  }).nullable(),
  queue: record({ length: count, next: list(plannedMove).describe('The first ten.') }),
  progress: record({
    done: count,
    failed: count,
    remaining: count,
    etaSeconds: z.number().nullable().describe('Null: not known, or nothing may be moved.'),
    expectedSeconds: z
      .number()
      .nullable()
      .default(null)
      .describe('What the remaining moves would take if they could begin now. Null: not known.'),
  }),
  plan: record({
    planId: z.string(),
    createdAt: timestamp,
    moves: count,
    minimumMoves: count,
    optimal: z.boolean(),
  }).nullable(),
  balance: record({
    before: record(skews),
    now: placed,
    after: placed,
  }).nullable(),
  load: loadBalanceSchema.nullable().default(null).describe('Null while regions are counted.'),
  datanodes: list(
    record({
      id: id('datanode'),
      addr: z.string().nullable(),
      state: word(DATANODE_STATES),
      weight: z.number(),
      regions: count,
      regionsAfter: count,
      load: amount.nullable().default(null).describe('Null while regions are counted.'),
      loadAfter: amount.nullable().default(null),
      share: z
        .number()
        .nullable()
        .describe('Regions that its weight entitles it to, not rounded; null where none are counted.'),
      drain: record({
        since: timestamp.nullable().describe('Null: the configuration says so.'),
        by: z.string(),
      })
        .exactOptional()
        .describe('Who wants it emptied, dead or alive; absent: nobody.'),
      quarantine: list(z.enum(DATANODE_ROLES))
        .exactOptional()
        .describe('`target`: it receives no regions for a while, `source`: it gives none, after failures.'),
    }),
  ),
  loadPlanAt: timestamp
    .nullable()
    .default(null)
    .describe('When moves are planned at the latest for a load that is watched, if it stays as it is.'),
  lastCycle: record({
    id: id('cycle'),
    outcome: word(CYCLE_OUTCOME_CODES),
    endedAt: timestamp,
    durationMs: z.number(),
    moved: count,
    detail: z.string(),
  }).nullable(),
  lastSuccessAt: timestamp.nullable(),
  nextTickAt: timestamp.nullable(),
  snapshot: record({
    takenAt: timestamp,
    ageSeconds: z.number(),
    datanodes: count,
    tables: count,
    regions: count,
  }).nullable(),
  gates: list(record({ code: word(GATE_CODES), detail: z.string() })).describe(
    'What forbids moving anything now.',
  ),
  blocked: list(record({ code: word(BLOCKER_CODES), count, harmless: count })).describe(
    'Regions that are held, and how many of them cost no balance.',
  ),
  quarantined: count,
  quarantinedDatanodes: count.default(0),
  quarantineEndsAt: timestamp.nullable().default(null).describe('When the first quarantine ends.'),
  cooling: count,
  process: record({
    version: z.string(),
    startedAt: timestamp,
    uptimeSeconds: z.number(),
    pid: count.exactOptional(),
  }),
});
export type StatusView = z.infer<typeof statusSchema>;

export const historySchema = z.object({
  moves: list(moveViewSchema).describe('The newest first.'),
  next: id('move')
    .nullable()
    .describe('Pass it as `before` for the next page; null at the end of the history.'),
});
export type HistoryView = z.infer<typeof historySchema>;

export const healthSchema = z.object({ status: z.literal('ok') });

export const pauseAnswerSchema = z.object({ paused: pause });
export const resumeAnswerSchema = z.object({
  paused: z.null(),
  resumed: z.boolean().default(true).describe('False when it was not paused.'),
});
export const triggerAnswerSchema = z.object({
  cycleId: id('cycle'),
  paused: pause.nullable().default(null).describe('While paused, the cycle only plans.'),
});
export const drainAnswerSchema = z.object({
  dryRun: z.boolean(),
  draining: list(id('datanode')).describe('All datanodes that drain, or would.'),
  plan: planSchema.nullable().describe('What would be moved; null when it is not yet known.'),
});
export type DrainView = z.infer<typeof drainAnswerSchema>;
export const undrainAnswerSchema = z.object({
  draining: list(id('datanode')).describe('All datanodes that still drain.'),
});
export type DrainingView = z.infer<typeof undrainAnswerSchema>;
export const cordonAnswerSchema = z.object({
  cordoned: list(id('datanode')).describe('All datanodes that are cordoned.'),
});
export type CordonedView = z.infer<typeof cordonAnswerSchema>;
export const releaseAnswerSchema = z.object({
  released: z.boolean().describe('False when there were no failures to forget.'),
});
export const quarantineSchema = z.object({
  quarantined: list(
    record({
      regionId: id('region'),
      failures: z.int().min(1),
      until: timestamp,
      detail: z.string(),
      move: moveViewSchema.nullable().describe('The one that failed last, if it is known.'),
    }),
  ).describe('By region id.'),
  datanodes: list(
    record({
      datanodeId: id('datanode'),
      role: z.enum(DATANODE_ROLES).describe('Whether it gives or receives no regions.'),
      failures: z.int().min(1),
      until: timestamp,
      detail: z.string(),
    }),
  )
    .default([])
    .describe('Datanodes that rest because migrations from or to them failed, by id.'),
});
export type QuarantineView = z.infer<typeof quarantineSchema>;

export const auditSchema = record({
  entries: list(record({ at: timestamp, who: z.string(), what: z.string(), why: z.string() })).describe(
    'The newest first.',
  ),
});
export type AuditView = z.infer<typeof auditSchema>;

export const matrixSchema = record({
  takenAt: timestamp,
  planId: z.string().nullable(),
  datanodes: list(id('datanode')).describe('The columns.'),
  tables: list(
    record({
      id: id('table'),
      name: z.string(),
      selected: z.boolean().describe('False: only what a draining datanode leads of it is here.'),
      regions: count.describe('Those that are shared among the datanodes; 0 where the table does not count.'),
      misplacedNow: count.describe('Regions above or below the share of their datanode.'),
      misplacedAfter: count.describe('The same after the plan.'),
      cells: list(count).describe(
        'Three numbers for each datanode that leads or will lead a region of the table: its position in `datanodes`, regions now, regions after the plan.',
      ),
    }),
  ),
});
export type MatrixView = z.infer<typeof matrixSchema>;

export const regionsSchema = record({
  total: count.describe('Regions that the filters let through, beyond `limit` too.'),
  regions: list(
    record({
      id: id('region'),
      tableId: id('table'),
      leader: id('datanode').nullable(),
      target: id('datanode').nullable().describe('Where the plan moves it; null: it stays.'),
      reason: word(MOVE_REASON_CODES).nullable(),
      status: word(REGION_STATUSES),
      writeBytesPerSecond: z.number().nullable(),
      diskBytes: z.number().nullable(),
    }),
  ),
});
export type RegionsView = z.infer<typeof regionsSchema>;
export type RegionView = RegionsView['regions'][number];

export const queueSchema = record({
  total: count.describe('Moves that the filters let through, beyond `limit` too.'),
  moves: list(plannedMove),
});
export type QueueView = z.infer<typeof queueSchema>;

export const seriesSchema = record({
  since: timestamp,
  until: timestamp,
  stepSeconds: z.number(),
  points: list(
    record({
      at: timestamp.describe('The begin of the step.'),
      cycles: count.describe('Cycles that ended in the step.'),
      failed: count.describe('Those of them that failed.'),
      moved: count.describe('Regions that were moved.'),
      failedMoves: count.default(0).describe('Migrations that failed, were rolled back or ran out of time.'),
      tableSkewMax: z.number().nullable(),
      nodeSkew: z.number().nullable(),
      least: z.number().nullable().describe('Regions of the emptiest target.'),
      most: z.number().nullable().describe('Regions of the fullest target.'),
    }),
  ).describe('The oldest first; steps in which nothing happened are left out.'),
});
export type SeriesView = z.infer<typeof seriesSchema>;

import { z } from 'zod';
import { BLOCKER_CODES, MOVE_REASON_CODES } from './codes.ts';
import { DATANODE_STATES } from './datanode-state.ts';
import { amount, count, id, list, timestamp, uniqueList } from './fields.ts';
import { LOAD_MEASURES, LOAD_STATES } from './load.ts';
import { clusterSchema } from './snapshot.ts';

/** One region, from its leader to another datanode. */
export const moveFields = z.object({
  /** 1-based position in the plan. */
  seq: count,
  regionId: id('region'),
  tableId: id('table'),
  /** `catalog.schema.table` */
  table: z.string(),
  from: id('datanode'),
  to: id('datanode'),
  reason: z.enum(MOVE_REASON_CODES),
  /** One sentence for a person. */
  detail: z.string().default(''),
});

const move = moveFields
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'a datanode other than "from"' })
  .readonly();

const moves = uniqueList('moves', 'regionId', move).superRefine((items, context) => {
  const index = items.findIndex(({ seq }, position) => seq !== position + 1);
  if (index === -1) return;
  const message = `${index + 1}: moves are numbered from 1, in order`;
  context.addIssue({ code: 'custom', path: [index, 'seq'], message });
});

const datanodeBalance = z
  .object({
    id: id('datanode'),
    /** Regions of selected tables that it leads; of one that drains all of them. */
    regions: count,
    state: z.enum(DATANODE_STATES).default('target'),
    /** It is to be emptied, dead or alive. */
    drains: z.boolean().default(false),
    weight: count.default(1),
    /** What it carries, where load is what is evened out and it is a target. */
    load: amount.exactOptional(),
  })
  .readonly();

/** How even the load of the targets is, each load divided by weight. Units: bytes per second, bytes, or rows. */
export const loadBalanceSchema = z
  .object({
    by: z.enum(LOAD_MEASURES),
    mean: amount,
    /** Within these the load of every target should lie, but for those with a region that is too heavy for any. */
    low: amount,
    high: amount,
    /** Moves begin when a target has had more than this for long enough. */
    trigger: amount.exactOptional(),
    /** Targets outside. */
    outside: count,
    state: z.enum(LOAD_STATES),
    /** While waiting: for so many more cycles in a row a target has to be above the trigger. */
    cyclesToWait: count.exactOptional(),
    /** While waiting: after so many more cycles at most the loads are known well enough. Both 0: they vary too much. */
    readingsToWait: count.exactOptional(),
  })
  .readonly();

/** How even a placement is. Skew is max minus min over the targets, each count divided by weight where weights differ. */
const balance = z
  .object({
    /** The skew of the most skewed table. */
    tableSkewMax: amount,
    /** The skew of the datanodes' totals. */
    nodeSkew: amount,
    /** Regions above ceil or below floor, summed over tables and targets. */
    tableSpreadViolation: amount.default(0),
    /** The same for the datanodes' totals. */
    nodeSpreadViolation: amount.default(0),
    /** Regions that draining datanodes still lead, whatever tables are selected. */
    regionsOnDraining: amount.default(0),
    /** Regions of selected tables that are led by datanodes that are dead, or that the cluster does not list. */
    regionsOnDead: amount.default(0),
    /** Regions of selected tables without a leader. */
    regionsWithoutLeader: amount.default(0),
    /** Absent where regions are counted. */
    load: loadBalanceSchema.exactOptional(),
    datanodes: list(datanodeBalance),
  })
  .readonly();

/** Why a region stays, or goes to a worse place than it should. */
const blocker = z
  .object({
    code: z.enum(BLOCKER_CODES),
    regionId: id('region').exactOptional(),
    tableId: id('table').exactOptional(),
    datanodeId: id('datanode').exactOptional(),
    detail: z.string().default(''),
    /** It costs no balance: after the plan the region is well placed, or stays where somebody wants it. Absent: it may. */
    harmless: z.literal(true).exactOptional(),
  })
  .readonly();

const WARNING_CODES = ['matches-nothing', 'nothing-selected', 'load-unknown'] as const;

/** A name in the configuration that nothing in the cluster has. */
const warning = z
  .object({
    code: z.enum(WARNING_CODES),
    /** The configuration key that holds the name. */
    key: z.string(),
    name: z.string(),
    detail: z.string(),
  })
  .readonly();

const PLAN_ID = '"sha256:" and 64 hexadecimal digits';

/** What to move, why, and how good that is. The file format of `plan -o json`, `plan --out` and `apply`. */
export const planSchema = z
  .object({
    formatVersion: z.literal(1, '1, the only version of a plan file that this release reads'),
    planId: z
      .string(PLAN_ID)
      .regex(/^sha256:[0-9a-f]{64}$/, PLAN_ID)
      .meta({ description: 'SHA-256 of all else that the plan says.' }),
    createdAt: timestamp,
    snapshotTakenAt: timestamp,
    cluster: clusterSchema,
    objective: z.enum(['count', 'load']),
    moves,
    minimumMoves: count.meta({
      description: 'No plan that reaches the same balance has fewer moves: a proven lower bound.',
    }),
    optimal: z.boolean().meta({ description: 'Whether this plan meets the bound.' }),
    cutShortBy: z.enum(['budget', 'clock']).exactOptional().meta({
      description:
        'What ended the search before the proof. `budget`: its steps, and the same snapshot gives the same plan; `clock`: far too slow a machine, and it may not.',
    }),
    before: balance,
    after: balance,
    blocked: list(blocker).default([]),
    warnings: list(warning).default([]),
    expectedSeconds: amount.exactOptional().meta({
      description: 'Estimated time of the moves, from past migrations.',
    }),
  })
  .readonly();

export type Plan = z.infer<typeof planSchema>;
export type Move = z.infer<typeof move>;
export type Balance = z.infer<typeof balance>;
export type DatanodeBalance = z.infer<typeof datanodeBalance>;
export type Blocker = z.infer<typeof blocker>;
export type Warning = z.infer<typeof warning>;

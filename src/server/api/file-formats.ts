import { z } from 'zod';
import { BLOCKER_CODES, MOVE_REASON_CODES } from '../../domain/codes.ts';

export const idText = z.string().meta({ description: 'A decimal id.', examples: ['4398046511104'] });
export const timeText = z
  .string()
  .meta({ description: 'ISO 8601, UTC.', examples: ['2026-11-22T13:00:00.000Z'] });
export const wholeNumber = z.int().min(0);
export const skew = z.number().min(0);
export const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> =>
  z.array(item).readonly();

export const plannedMoveSchema = z
  .object({
    seq: z.int().min(1),
    regionId: idText,
    tableId: idText,
    table: z.string(),
    from: idText,
    to: idText,
    reason: z.enum(MOVE_REASON_CODES),
    detail: z.string(),
  })
  .readonly();

export const datanodeState = z.enum(['target', 'draining', 'cordoned', 'dead']);
const balance = z
  .object({
    tableSkewMax: skew,
    nodeSkew: skew,
    tableSpreadViolation: z.number(),
    nodeSpreadViolation: z.number(),
    regionsOnDraining: wholeNumber,
    datanodes: list(
      z.object({ id: idText, regions: wholeNumber, state: datanodeState, weight: z.number() }).readonly(),
    ),
  })
  .readonly();

export const planSchema = z
  .object({
    formatVersion: z.literal(1),
    planId: z.string(),
    createdAt: timeText,
    snapshotTakenAt: timeText,
    objective: z.literal('count'),
    moves: list(plannedMoveSchema),
    minimumMoves: wholeNumber,
    optimal: z.boolean(),
    before: balance,
    after: balance,
    inputs: z.object({ snapshot: z.string(), policy: z.string() }).readonly().optional(),
    blocked: list(
      z
        .object({
          code: z.enum(BLOCKER_CODES),
          regionId: idText.optional(),
          tableId: idText.optional(),
          datanodeId: idText.optional(),
          detail: z.string(),
        })
        .readonly(),
    ),
  })
  .readonly();

export const snapshotSchema = z
  .object({
    formatVersion: z.literal(1),
    takenAt: timeText,
    cluster: z.object({ name: z.string(), api: z.enum(['sql', 'metasrv']), version: z.string() }).readonly(),
    datanodes: list(z.object({ id: idText, addr: z.string(), status: z.enum(['alive', 'dead']) }).readonly()),
    tables: list(
      z.object({
        id: idText,
        catalog: z.string(),
        schema: z.string(),
        name: z.string(),
        engine: z.string(),
        logicalTables: list(
          z.object({ id: idText, schema: z.string(), name: z.string() }).readonly(),
        ).optional(),
      }),
    ),
    regions: list(
      z.object({
        id: idText,
        tableId: idText,
        leader: idText.nullable(),
        followers: list(idText).optional(),
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

import { z } from 'zod';
import { MOVE_REASON_CODES } from '../../domain/codes.ts';
import { plannedMoveSchema } from './schemas.ts';

/** What the overviews answer with: compact, because they are made for clusters of any size. */

const id = z.string().meta({ description: 'A decimal id.' });
const time = z.string().meta({ description: 'ISO 8601, UTC.' });
const count = z.int().min(0);

export const matrixSchema = z
  .object({
    takenAt: time,
    planId: z.string().nullable(),
    datanodes: z.array(id).readonly().meta({ description: 'The columns.' }),
    tables: z
      .array(
        z
          .object({
            id,
            name: z.string(),
            cells: z.array(z.int().min(0)).readonly().meta({
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
            id,
            tableId: id,
            leader: id.nullable(),
            target: id.nullable().meta({ description: 'Where the plan moves it; null: it stays.' }),
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
    total: count.meta({ description: 'Moves that the filters let through, beyond `limit` too.' }),
    moves: z.array(plannedMoveSchema).readonly(),
  })
  .readonly();
export type QueueView = z.infer<typeof queueSchema>;

export const seriesSchema = z
  .object({
    since: time,
    until: time,
    stepSeconds: z.number(),
    points: z
      .array(
        z
          .object({
            at: time.meta({ description: 'The begin of the step.' }),
            cycles: count.meta({ description: 'The running one among them.' }),
            failed: count.meta({ description: 'Cycles of the step that failed.' }),
            moved: count.meta({ description: 'Regions that its cycles moved.' }),
            tableSkewMax: z.number().nullable(),
            nodeSkew: z.number().nullable(),
            least: z.number().nullable().meta({ description: 'Regions of the emptiest datanode.' }),
            most: z.number().nullable().meta({ description: 'Regions of the fullest datanode.' }),
          })
          .readonly(),
      )
      .readonly()
      .meta({ description: 'The oldest first; steps without a cycle are left out.' }),
  })
  .readonly();
export type SeriesView = z.infer<typeof seriesSchema>;

export const auditSchema = z
  .object({
    entries: z
      .array(z.object({ at: time, who: z.string(), what: z.string(), why: z.string() }).readonly())
      .readonly()
      .meta({ description: 'The newest first.' }),
  })
  .readonly();
export type AuditView = z.infer<typeof auditSchema>;

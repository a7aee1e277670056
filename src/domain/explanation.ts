import { z } from 'zod';
import { BLOCKER_CODES, EXPLANATION_CODES, MOVE_REASON_CODES } from './codes.ts';
import { list, word } from './fields.ts';

export const EXPLAIN_KINDS = ['region', 'table', 'datanode'] as const;
export type ExplainKind = (typeof EXPLAIN_KINDS)[number];

const reason = z
  .object({
    code: word([...BLOCKER_CODES, ...MOVE_REASON_CODES, ...EXPLANATION_CODES]),
    detail: z.string(),
  })
  .readonly();

/** Why a region, table or datanode moves or stays. */
export const explanationSchema = z
  .object({
    kind: word(EXPLAIN_KINDS),
    id: z.string(),
    planId: z.string().exactOptional().meta({
      description: 'The plan that is explained. Absent while there is none.',
    }),
    answer: z.string().meta({ description: 'Why it moves or stays, in one or two sentences.' }),
    reasons: list(reason),
    facts: z
      .record(z.string(), z.unknown())
      .readonly()
      .meta({ description: 'The numbers behind it, by name.' }),
  })
  .readonly();

export type Explanation = z.infer<typeof explanationSchema>;
export type ExplanationReason = z.infer<typeof reason>;

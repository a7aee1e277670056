import { z } from 'zod';

/**
 * The answers of a daemon's HTTP API, as far as the command line shows them. Words are plain texts here: a newer daemon may
 * know more of them than this release.
 */

const text = z.string();
const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> =>
  z.array(item).readonly();

export const errorAnswer = z.object({ error: z.object({ code: text, message: text }) });

const move = z.object({
  id: text,
  regionId: text,
  table: text,
  from: text,
  to: text,
  reason: text,
  state: text,
  cause: text.nullable(),
  detail: text.nullable(),
  createdAt: text,
  submittedAt: text.nullable(),
  endedAt: text.nullable(),
});

const pause = z.object({ until: text.nullable(), reason: text, by: text });
const skews = z.object({ tableSkewMax: z.number(), nodeSkew: z.number() });

export const statusAnswer = z.object({
  verdict: z.object({ code: text, sentence: text }),
  cluster: z.object({ name: text, api: text.nullable(), version: text }),
  dryRun: z.boolean(),
  paused: pause.nullable(),
  leader: z.object({ leads: z.boolean(), holder: text.nullable() }),
  currentMove: z
    .object({ move, position: z.number(), total: z.number(), inStateSeconds: z.number() })
    .nullable(),
  progress: z.object({
    done: z.number(),
    failed: z.number(),
    remaining: z.number(),
    etaSeconds: z.number().nullable(),
  }),
  plan: z
    .object({ planId: text, moves: z.number(), minimumMoves: z.number(), optimal: z.boolean() })
    .nullable(),
  balance: z.object({ now: skews, after: skews }).nullable(),
  datanodes: list(
    z.object({
      id: text,
      addr: text.nullable(),
      state: text,
      weight: z.number(),
      regions: z.number(),
      regionsAfter: z.number(),
    }),
  ),
  lastCycle: z
    .object({
      id: text,
      outcome: text,
      endedAt: text,
      durationMs: z.number(),
      moved: z.number(),
      detail: text,
    })
    .nullable(),
  nextTickAt: text.nullable(),
  snapshot: z
    .object({ ageSeconds: z.number(), datanodes: z.number(), tables: z.number(), regions: z.number() })
    .nullable(),
  gates: list(z.object({ code: text, detail: text })),
  blocked: list(z.object({ code: text, count: z.number() })),
  quarantined: z.number(),
  cooling: z.number(),
  process: z.object({ version: text, uptimeSeconds: z.number() }),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export const historyAnswer = z.object({ moves: list(move), next: text.nullable() });
export type HistoryMove = z.infer<typeof move>;

export const explainAnswer = z.object({
  kind: text,
  id: text,
  answer: text,
  reasons: list(z.object({ code: text, detail: text })),
  facts: z.record(text, z.unknown()),
});
export type ExplainAnswer = z.infer<typeof explainAnswer>;

export const pauseAnswer = z.object({ paused: pause });
export const resumeAnswer = z.object({ paused: z.null() });
export const triggerAnswer = z.object({ cycleId: text });
export const readyAnswer = z.object({
  ready: z.boolean(),
  missing: list(z.object({ code: text, detail: text })),
});

export const quarantineAnswer = z.object({
  quarantined: list(z.object({ regionId: text, failures: z.number(), until: text, detail: text })),
});
export type QuarantinedRegion = z.infer<typeof quarantineAnswer>['quarantined'][number];
export const releaseAnswer = z.object({ released: z.boolean() });

export const auditAnswer = z.object({
  entries: list(z.object({ at: text, who: text, what: text, why: text })),
});
export type AuditEntryAnswer = z.infer<typeof auditAnswer>['entries'][number];

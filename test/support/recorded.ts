import { readFileSync } from 'node:fs';
import { z } from 'zod';

const exchangeSchema = z.object({
  at: z.iso.datetime(),
  method: z.string(),
  path: z.string(),
  sql: z.string().optional(),
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

/** One request to a real GreptimeDB and its answer. */
export type RecordedExchange = z.infer<typeof exchangeSchema>;

/**
 * What a real GreptimeDB 1.0.2 (one metasrv on etcd, three datanodes, one frontend) answered on 2026-11-28, the oldest first. In between,
 * datanode 1 was killed, and metasrv was stopped and started again.
 */
export function recordedExchanges(): RecordedExchange[] {
  const text = readFileSync(new URL('../fixtures/greptimedb-1.0.2.jsonl', import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => exchangeSchema.parse(JSON.parse(line)));
}

import { z } from 'zod';
import type { Clock } from '../../../src/lib/clock.ts';
import type { JsonResponse } from '../../../src/ha/http.ts';

const compareSchema = z.object({
  key: z.string(),
  target: z.enum(['CREATE', 'MOD', 'LEASE', 'VALUE']),
  result: z.literal('EQUAL'),
  create_revision: z.string().optional(),
  mod_revision: z.string().optional(),
  lease: z.string().optional(),
  value: z.string().optional(),
});
const putSchema = z.object({ key: z.string(), value: z.string(), lease: z.string().optional() });
const opSchema = z.object({
  request_put: putSchema.optional(),
  request_delete_range: z.object({ key: z.string() }).optional(),
});
const txnSchema = z.object({
  compare: z.array(compareSchema),
  success: z.array(opSchema),
  failure: z.tuple([z.object({ request_range: z.object({ key: z.string() }) })]).optional(),
});
const idSchema = z.object({ ID: z.string() });

interface Entry {
  readonly value: string;
  readonly lease: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** As much of etcd's v3 interface as a lock needs, by the semantics of its documentation, in the time of the world. */
export class EtcdDouble {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #leases = new Map<string, { readonly ttlMs: number; endsMs: number }>();
  #revision = 1;
  #nextLease = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** At this moment; everything here is linearizable. */
  answer(path: string, body: unknown): JsonResponse {
    this.#expire();
    const result = this.#route(path, body);
    return result === undefined
      ? { status: 404, text: '{"error":"Not Found","code":5}' }
      : { status: 200, text: JSON.stringify(result) };
  }

  /** What a key holds, for who looks on from outside. */
  valueOf(key: string): string | undefined {
    const entry = this.#entries.get(Buffer.from(key).toString('base64'));
    return entry && Buffer.from(entry.value, 'base64').toString();
  }

  #route(path: string, body: unknown): object | undefined {
    switch (path) {
      case '/v3/lease/grant':
        return this.#grant(Number(z.object({ TTL: z.string() }).parse(body).TTL) * 1_000);
      case '/v3/lease/keepalive':
        return { result: this.#keepAlive(idSchema.parse(body).ID) };
      case '/v3/lease/revoke':
        this.#end(idSchema.parse(body).ID);
        return { header: this.#header() };
      case '/v3/kv/range':
        return this.#range(z.object({ key: z.string() }).parse(body).key);
      case '/v3/kv/txn':
        return this.#transact(txnSchema.parse(body));
      default:
        return undefined;
    }
  }

  #header(): { revision: string } {
    return { revision: String(this.#revision) };
  }

  #grant(ttlMs: number): object {
    const ID = String(this.#nextLease++);
    this.#leases.set(ID, { ttlMs, endsMs: this.#clock.monotonicMs() + ttlMs });
    return { ID, TTL: String(ttlMs / 1_000) };
  }

  #keepAlive(ID: string): object {
    const lease = this.#leases.get(ID);
    if (!lease) return { ID };
    lease.endsMs = this.#clock.monotonicMs() + lease.ttlMs;
    return { ID, TTL: String(lease.ttlMs / 1_000) };
  }

  #end(ID: string): void {
    this.#leases.delete(ID);
    for (const [key, { lease }] of this.#entries) if (lease === ID) this.#entries.delete(key);
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [ID, { endsMs }] of this.#leases) if (endsMs <= nowMs) this.#end(ID);
  }

  #range(key: string): object {
    const found = this.#entries.get(key);
    if (!found) return { header: this.#header() };
    const { value, lease, createRevision, modRevision } = found;
    const kv = { key, value, create_revision: String(createRevision), mod_revision: String(modRevision) };
    return { header: this.#header(), kvs: [{ ...kv, ...(lease !== '0' && { lease }) }], count: '1' };
  }

  #transact({ compare, success, failure }: z.infer<typeof txnSchema>): object | undefined {
    const holds = compare.every(({ key, target, create_revision, mod_revision, lease, value }) => {
      const entry = this.#entries.get(key);
      // A key that is not there has no value that equals any.
      if (target === 'VALUE') return entry?.value === value;
      if (target === 'LEASE') return (entry?.lease ?? '0') === lease;
      return target === 'CREATE'
        ? String(entry?.createRevision ?? 0) === create_revision
        : String(entry?.modRevision ?? 0) === mod_revision;
    });
    const [otherwise] = failure ?? [];
    if (!holds) {
      const responses = otherwise && [{ response_range: this.#range(otherwise.request_range.key) }];
      return { header: this.#header(), ...(responses && { responses }) };
    }
    // etcd refuses the whole transaction: "requested lease not found", code 5.
    const leases = success.map(({ request_put: put }) => put?.lease ?? '0');
    if (leases.some((lease) => lease !== '0' && !this.#leases.has(lease))) return undefined;
    this.#revision += 1;
    for (const { request_put: put, request_delete_range: range } of success) {
      if (range) this.#entries.delete(range.key);
      if (put) this.#put(put);
    }
    return { header: this.#header(), succeeded: true };
  }

  #put({ key, value, lease = '0' }: z.infer<typeof putSchema>): void {
    const createRevision = this.#entries.get(key)?.createRevision ?? this.#revision;
    this.#entries.set(key, { value, lease, createRevision, modRevision: this.#revision });
  }
}

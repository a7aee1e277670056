import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { LeaseClient, LeaseObject } from './kubernetes-client.ts';
import { displayName, type Lock, type LockReading } from './port.ts';

export interface KubernetesLockOptions {
  /** The name of the Lease. */
  readonly lease: string;
  /** Unique to this process. */
  readonly instance: string;
  readonly leaseDurationMs: number;
}

/** The annotation that holds the note. */
export const NOTE_ANNOTATION = 'greptime-rebalancer/handover';

const specSchema = z.looseObject({
  holderIdentity: z.string().optional(),
  leaseDurationSeconds: z.number().optional(),
  acquireTime: z.string().optional(),
  renewTime: z.string().optional(),
  leaseTransitions: z.number().optional(),
});
const leaseSchema = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: specSchema.default({}),
});
type Lease = z.infer<typeof leaseSchema>;

/**
 * A lock in a Lease of coordination.k8s.io/v1, by the rules of client-go (tools/leaderelection/leaderelection.go): a lease that was not
 * seen to change for its whole duration, by the watcher's own clock, may be taken; every write names the resource version that it rests
 * on, so that of two only one succeeds. No time in the record is compared with a clock of ours.
 */
export class KubernetesLock implements Lock {
  readonly #options: KubernetesLockOptions;
  readonly #client: LeaseClient;
  readonly #clock: Clock;
  /** What the record looked like, and since when, on the monotonic clock. */
  #observed: { readonly record: string; readonly sinceMs: number } | undefined;
  /** Renewals and notes change one object: one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: KubernetesLockOptions, client: LeaseClient, { clock }: { readonly clock: Clock }) {
    this.#options = options;
    this.#client = client;
    this.#clock = clock;
  }

  acquireOrRenew(signal: AbortSignal): Promise<LockReading> {
    return this.#inTurn(() => this.#acquireOrRenew(signal));
  }

  async readNote(signal: AbortSignal): Promise<string | undefined> {
    const lease = await this.#get(signal);
    return lease?.metadata.annotations?.[NOTE_ANNOTATION];
  }

  writeNote(text: string, term: string, signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(async () => {
      const lease = await this.#get(signal);
      if (!lease || !this.#isOurs(lease) || termOf(lease) !== term) return false;
      const annotations = { ...lease.metadata.annotations, [NOTE_ANNOTATION]: text };
      const written = { ...this.#claim(lease), metadata: { ...lease.metadata, annotations } };
      return (await this.#put(written, signal)) !== undefined;
    });
  }

  release(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const lease = await this.#get(signal);
      if (!lease || !this.#isOurs(lease)) return;
      const spec = {
        ...lease.spec,
        holderIdentity: '',
        leaseDurationSeconds: 1,
        renewTime: this.#microTime(),
      };
      await this.#put({ ...lease, spec }, signal);
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<LockReading> {
    const lease = await this.#get(signal);
    const freeInMs = !lease || this.#isOurs(lease) ? 0 : this.#freeInMs(lease);
    if (freeInMs > 0) return { ...lostTo(lease), freeInMs };
    const claimed = await this.#put(this.#claim(lease), signal);
    if (claimed) return { kind: 'held', term: termOf(claimed) };
    // Who created it meanwhile is seen at the next look.
    return lostTo(lease && (await this.#get(signal)));
  }

  /** How long somebody else who has the lease may still renew it. */
  #freeInMs({ spec }: Lease): number {
    const record = JSON.stringify(spec);
    const nowMs = this.#clock.monotonicMs();
    if (this.#observed?.record !== record) this.#observed = { record, sinceMs: nowMs };
    if (!spec.holderIdentity) return 0;
    const statedMs = (spec.leaseDurationSeconds ?? 0) * 1_000;
    return this.#observed.sinceMs + Math.max(statedMs, this.#options.leaseDurationMs) - nowMs;
  }

  #isOurs({ spec }: Lease): boolean {
    return spec.holderIdentity === this.#options.instance;
  }

  /** The lease as ours, renewed now; a new one where there is none. */
  #claim(lease: Lease | undefined): LeaseObject {
    const now = this.#microTime();
    const { lease: name, instance, leaseDurationMs } = this.#options;
    const { spec, ...object } = lease ?? {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } },
      spec: { holderIdentity: instance },
    };
    const isOurs = spec.holderIdentity === instance;
    return {
      ...object,
      spec: {
        ...spec,
        holderIdentity: instance,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1_000),
        acquireTime: isOurs ? (spec.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (spec.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
      },
    };
  }

  async #get(signal: AbortSignal): Promise<Lease | undefined> {
    return parseLease(await this.#client.get(this.#options.lease, signal));
  }

  /** @returns undefined when somebody else wrote in between. */
  async #put(lease: LeaseObject, signal: AbortSignal): Promise<Lease | undefined> {
    return parseLease(await this.#client.put(this.#options.lease, lease, signal));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** A MicroTime, for people to read: nobody computes with it. */
  #microTime(): string {
    return new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
  }
}

/** Each taking changes both. */
function termOf({ spec }: Lease): string {
  return `${spec.leaseTransitions ?? 0} ${spec.acquireTime ?? ''}`;
}

function lostTo(lease: Lease | undefined): LockReading & { readonly kind: 'lost' } {
  return { kind: 'lost', holder: displayName(lease?.spec.holderIdentity ?? '') };
}

function parseLease(value: unknown): Lease | undefined {
  if (value === undefined) return undefined;
  const parsed = leaseSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new OperatingError('lock-answer', 'The API server answered with something that is no Lease');
}

import { z } from 'zod';
import { OperatingError } from '../domain/errors.ts';
import type { EtcdClient } from './etcd-client.ts';
import { displayName, type Lock, type LockReading } from './port.ts';

export interface EtcdLockOptions {
  /** Keys begin with this; two rebalancers of one cluster must share it, those of two clusters must not. */
  readonly prefix: string;
  /** Unique to this process. */
  readonly instance: string;
  readonly leaseDurationMs: number;
}

const keyValue = z.object({
  value: z.string().default(''),
  lease: z.string().default('0'),
  create_revision: z.string(),
  mod_revision: z.string(),
});
type KeyValue = z.infer<typeof keyValue>;
const rangeAnswer = z.object({ kvs: z.array(keyValue).default([]) });
const txnAnswer = z.object({
  header: z.object({ revision: z.string() }),
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: rangeAnswer.optional() })).default([]),
});
const grantAnswer = z.object({ ID: z.string() });
const keepAliveAnswer = z.object({ result: z.object({ TTL: z.string().default('0') }) });

const NOTE_TRIES = 3;
/** What etcd compares a key with that does not exist. */
const NEVER_WRITTEN = '0';

/** How the key looks while the lock is ours. */
interface Hold {
  readonly revision: string;
  readonly lease: string;
}

/**
 * A lock in etcd's v3 interface: a key that exists while the lease lives which it is attached to. Whoever creates the key holds the
 * lock; its creation revision and its lease name the term. Every write of the holder is a transaction that compares both, and the owner:
 * an etcd that lost its data counts revisions anew, so that another holder's key may have the same one.
 *
 * Facts: etcd Documentation/dev-guide/apispec (lease, kv) at v3.4; server/lease extends leases when its leader changes, so that none
 * ends early.
 */
export class EtcdLock implements Lock {
  readonly #options: EtcdLockOptions;
  readonly #client: EtcdClient;
  #lease: string | undefined;
  #hold: Hold | undefined;
  /** Of the note, as far as it is known for certain; "0" when there is none. */
  #noteRevision: string | undefined;

  constructor(options: EtcdLockOptions, client: EtcdClient) {
    this.#options = options;
    this.#client = client;
  }

  async acquireOrRenew(signal: AbortSignal): Promise<LockReading> {
    if (this.#lease !== undefined && !(await this.#keepAlive(this.#lease, signal))) this.#lease = undefined;
    const found = (await this.#read(this.#lockKey, signal)) ?? (await this.#take(signal));
    const hold = found && { revision: found.create_revision, lease: this.#lease ?? '' };
    if (hold && this.#isHeldAs(found, hold)) {
      this.#hold = hold;
      return { kind: 'held', term: termOf(hold) };
    }
    this.#hold = undefined;
    // A lease that won nothing runs out by itself.
    if (found) this.#lease = undefined;
    return { kind: 'lost', holder: found ? displayName(decode(found.value)) : null };
  }

  async readNote(signal: AbortSignal): Promise<string | undefined> {
    const found = await this.#read(this.#noteKey, signal);
    this.#noteRevision = found?.mod_revision ?? NEVER_WRITTEN;
    return found && decode(found.value);
  }

  async writeNote(text: string, term: string, signal: AbortSignal): Promise<boolean> {
    const hold = this.#hold;
    if (!hold || termOf(hold) !== term) return false;
    for (let tries = 0; tries < NOTE_TRIES; tries += 1) {
      if (await this.#tryNote(hold, text, signal)) return true;
      const lock = await this.#read(this.#lockKey, signal);
      if (!lock || !this.#isHeldAs(lock, hold)) return false;
    }
    throw new OperatingError('lock-error', 'The note beside the lock in etcd keeps changing');
  }

  /** A write that was given up may arrive late: it must not undo a later one, so each names the revision that it rests on. */
  async #tryNote(hold: Hold, text: string, signal: AbortSignal): Promise<boolean> {
    const key = encode(this.#noteKey);
    const before =
      this.#noteRevision ?? (await this.#read(this.#noteKey, signal))?.mod_revision ?? NEVER_WRITTEN;
    this.#noteRevision = undefined;
    const compare = [...this.#isHeld(hold), { key, target: 'MOD', result: 'EQUAL', mod_revision: before }];
    const success = [{ request_put: { key, value: encode(text) } }];
    const answer = await this.#client.call('/v3/kv/txn', { compare, success }, txnAnswer, signal);
    if (answer.succeeded) this.#noteRevision = answer.header.revision;
    return answer.succeeded;
  }

  async release(signal: AbortSignal): Promise<void> {
    const [hold, lease] = [this.#hold, this.#lease];
    this.#hold = undefined;
    this.#lease = undefined;
    if (hold !== undefined) {
      const success = [{ request_delete_range: { key: encode(this.#lockKey) } }];
      const body = { compare: this.#isHeld(hold), success };
      await this.#client.call('/v3/kv/txn', body, txnAnswer, signal);
    }
    if (lease !== undefined) await this.#client.call('/v3/lease/revoke', { ID: lease }, z.unknown(), signal);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** @returns who holds the lock now, if anybody does. */
  async #take(signal: AbortSignal): Promise<KeyValue | undefined> {
    const lease = (this.#lease ??= await this.#grant(signal));
    const [key, value] = [encode(this.#lockKey), encode(this.#options.instance)];
    const { succeeded, header, responses } = await this.#client.call(
      '/v3/kv/txn',
      {
        compare: [{ key, target: 'CREATE', result: 'EQUAL', create_revision: NEVER_WRITTEN }],
        success: [{ request_put: { key, value, lease } }],
        failure: [{ request_range: { key } }],
      },
      txnAnswer,
      signal,
    );
    const { revision } = header;
    if (succeeded) return { value, lease, create_revision: revision, mod_revision: revision };
    return responses[0]?.response_range?.kvs[0];
  }

  async #grant(signal: AbortSignal): Promise<string> {
    const TTL = String(Math.ceil(this.#options.leaseDurationMs / 1_000));
    const { ID } = await this.#client.call('/v3/lease/grant', { TTL }, grantAnswer, signal);
    return ID;
  }

  /** @returns false when the lease is over. */
  async #keepAlive(ID: string, signal: AbortSignal): Promise<boolean> {
    const { result } = await this.#client.call('/v3/lease/keepalive', { ID }, keepAliveAnswer, signal);
    return Number(result.TTL) > 0;
  }

  /** Linearizable: a member that was cut off does not answer from what it remembers. */
  async #read(name: string, signal: AbortSignal): Promise<KeyValue | undefined> {
    const { kvs } = await this.#client.call('/v3/kv/range', { key: encode(name) }, rangeAnswer, signal);
    return kvs[0];
  }

  #isHeldAs(found: KeyValue, { revision, lease }: Hold): boolean {
    const isOwner = decode(found.value) === this.#options.instance;
    return isOwner && found.lease === lease && found.create_revision === revision;
  }

  /** The same, for etcd to compare. */
  #isHeld({ revision, lease }: Hold): readonly object[] {
    const [key, value] = [encode(this.#lockKey), encode(this.#options.instance)];
    return [
      { key, target: 'CREATE', result: 'EQUAL', create_revision: revision },
      { key, target: 'LEASE', result: 'EQUAL', lease },
      { key, target: 'VALUE', result: 'EQUAL', value },
    ];
  }

  get #lockKey(): string {
    return `${this.#options.prefix}/leader`;
  }

  get #noteKey(): string {
    return `${this.#options.prefix}/handover`;
  }
}

function termOf({ revision, lease }: Hold): string {
  return `${revision} ${lease}`;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

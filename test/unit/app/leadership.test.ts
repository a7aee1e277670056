import { expect, it } from 'vitest';
import { describeHandover } from '../../../src/app/ha/handover.ts';
import { SharedLeadership } from '../../../src/app/ha/leadership.ts';
import type { LeaderElection } from '../../../src/ha/port.ts';
import type { VirtualClock } from '../../harness/virtual-clock.ts';
import { eventBus } from '../../support/observability.ts';
import { openStore } from '../../../src/store/sqlite.ts';

/** A lock whose holder, term and note the test sets. */
class Lock implements LeaderElection {
  held: number | undefined;
  note: string | undefined;
  other: string | null = null;
  #tell: () => void = () => undefined;

  start(): void {
    this.#tell();
  }
  term(): number | undefined {
    return this.held;
  }
  holder(): string | null {
    return this.other;
  }
  onChange(listener: () => void): () => void {
    this.#tell = listener;
    return () => undefined;
  }
  readNote(): Promise<string | undefined> {
    return Promise.resolve(this.note);
  }
  writeNote(note: string): Promise<boolean> {
    this.note = note;
    return Promise.resolve(this.held !== undefined);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  change(term: number | undefined, other: string | null): void {
    this.held = term;
    this.other = other;
    this.#tell();
  }
}

function stage(): { lock: Lock; clock: VirtualClock; leadership: SharedLeadership; warnings: string[] } {
  const { clock, bus: events } = eventBus();
  const lock = new Lock();
  const warnings: string[] = [];
  const leadership = new SharedLeadership(
    { identity: 'a', writeLimitMs: 10_000, retryMs: 2_000 },
    {
      election: lock,
      store: openStore({ path: ':memory:' }, { clock }),
      events,
      clock,
      logger: {
        info: () => undefined,
        warn: (_fields: unknown, message: unknown) => warnings.push(String(message)),
      },
    },
  );
  leadership.start(() => undefined);
  return { lock, clock, leadership, warnings };
}

it('a replica acts in a new term each time that it takes over', async () => {
  const { lock, clock, leadership } = stage();
  expect(leadership.actingTerm()).toBeUndefined();
  expect(leadership.problem()).toBe('No replica of the rebalancer leads.');
  lock.change(1, null);
  await clock.advance(100);
  expect(leadership.actingTerm()).toBe(1);
  lock.change(undefined, 'b');
  expect(leadership.actingTerm()).toBeUndefined();
  expect(leadership.problem()).toBeUndefined();
  lock.change(3, null);
  expect(leadership.actingTerm()).toBeUndefined();
  await clock.advance(100);
  expect(leadership.actingTerm()).toBe(3);
});

it('a takeover that cannot succeed is told of again and again, and is what readiness lacks', async () => {
  const { lock, clock, leadership, warnings } = stage();
  lock.note = '{"formatVersion":2}';
  lock.change(1, null);
  await clock.advance(3_600_000);
  expect(leadership.isActing()).toBe(false);
  expect(leadership.problem()).toContain(
    'cannot take over what the last leader left: The note beside the lock',
  );
  expect(warnings.length).toBeGreaterThanOrEqual(6);
  expect(warnings.length).toBeLessThanOrEqual(7);
  lock.note = JSON.stringify(describeHandover(openStore({ path: ':memory:' }, { clock }), 'b', clock.now()));
  await clock.advance(5_000);
  expect(leadership.isActing()).toBe(true);
  expect(leadership.problem()).toBeUndefined();
});

import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { EventBus } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { EventStream } from '../../../src/server/http/event-stream.ts';
import type { VirtualClock } from '../../harness/virtual-clock.ts';
import { eventBus, samplePlan, sampleSnapshot } from '../../support/observability.ts';
import { withCounts } from '../../support/plans.ts';

/** A response whose reader reads only when told to. */
class FakeClient extends EventEmitter {
  readonly written: string[] = [];
  writableLength = 0;
  destroyed = false;
  reads = true;

  writeHead(): this {
    return this;
  }
  write(text: string): boolean {
    this.written.push(text);
    if (!this.reads) this.writableLength += text.length;
    return this.reads;
  }
  end(): this {
    this.destroy();
    return this;
  }
  destroy(): this {
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

function streamOf(): { stream: EventStream; bus: EventBus; clock: VirtualClock } {
  const { bus, clock } = eventBus();
  const options = { epoch: 'e', maxClients: 2, maxWaitingBytes: 1_200, maxKept: 3, heartbeatMs: 10_000 };
  return { bus, clock, stream: new EventStream(options, { live: trackLiveState(bus), clock }) };
}

function join(stream: EventStream, lastEventId?: string): FakeClient {
  const client = new FakeClient();
  stream.add(client as never, {}, lastEventId);
  return client;
}

const paused = (reason: string) => ({ type: 'paused', untilMs: null, reason, by: 'me' }) as const;

const RESET = (id: number): string => `retry: 3000\nevent: reset\nid: e-${id}\ndata: {"type":"reset"}\n\n`;

describe('EventStream', () => {
  it.each([
    ['nothing happened', 0, 'e-0', [0]],
    ['nothing was missed', 3, 'e-3', [3]],
    ['some were missed', 3, 'e-1', [1, 2, 3]],
    ['all were missed and all are kept', 3, 'e-0', [0, 1, 2, 3]],
    ['exactly all kept ones were missed', 9, 'e-6', [6, 7, 8, 9]],
    ['one is no longer kept', 9, 'e-5', RESET(9)],
    ['the id was never given out', 3, 'e-17', RESET(3)],
    ['there are none, and the id was never given out', 0, 'e-17', RESET(0)],
    ['the id is of an earlier life', 3, 'd-1', RESET(3)],
    ['the id is none', 3, 'e-x', RESET(3)],
  ])('greets a client that comes back when %s', (_name, events, lastEventId, wanted) => {
    const { stream, bus } = streamOf();
    for (let count = 0; count < events; count += 1) bus.emit({ type: 'tick-missed', runningCycleId: 1 });
    const text = join(stream, lastEventId).written.join('');
    const ids = [...text.matchAll(/^id: e-(\d+)$/gm)].map((match) => Number(match[1]));
    expect(text.includes('event: reset') ? text : ids).toEqual(wanted);
  });

  it('keeps events small: no snapshot and no plan in them', () => {
    const { stream, bus } = streamOf();
    const client = join(stream);
    bus.emit({ type: 'snapshot-taken', cycleId: 1, snapshot: sampleSnapshot(), durationMs: 4 });
    bus.emit({ type: 'planned', cycleId: 1, ...withCounts(samplePlan()), durationMs: 4 });
    const [taken, planned] = client.written.slice(1).map((frame): unknown => {
      const data: unknown = JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '');
      return data;
    });
    expect(taken).toEqual({
      id: 'e-1',
      type: 'snapshot-taken',
      at: '2026-01-01T00:00:00.000Z',
      message: 'snapshot taken',
      data: {
        ...{ cycleId: '1', durationMs: 4, takenAt: '2026-01-01T00:00:00.000Z' },
        ...{ datanodes: 3, tables: 1, regions: 3 },
      },
    });
    expect(planned).toMatchObject({ data: { moves: 2, optimal: true } });
  });

  it('drops a client that lets too much wait, before it holds more', () => {
    const { stream, bus } = streamOf();
    const [slow, eager] = [join(stream), join(stream)];
    slow.reads = false;
    for (let count = 0; count < 5; count += 1) bus.emit(paused('x'.repeat(600)));
    expect([slow.destroyed, eager.destroyed, stream.clientCount]).toEqual([true, false, 1]);
    expect(slow.writableLength).toBeLessThan(2_000);
    expect(eager.written).toHaveLength(6);
  });

  it('tells a client that missed more than may wait to read everything afresh', () => {
    const { stream, bus } = streamOf();
    for (let count = 0; count < 5; count += 1) bus.emit(paused('x'.repeat(600)));
    expect(join(stream, 'e-2').written).toEqual([RESET(5)]);
  });

  it('is full at its limit and free again when a client goes', () => {
    const { stream } = streamOf();
    const client = join(stream);
    join(stream);
    expect(stream.isFull()).toBe(true);
    client.destroy();
    expect(stream.isFull()).toBe(false);
  });

  it('forgets a client whose connection broke', () => {
    const { stream } = streamOf();
    join(stream).emit('error', new Error('write EPIPE'));
    expect(stream.clientCount).toBe(0);
  });

  it('does not take a client that has gone before it could be greeted', () => {
    const { stream } = streamOf();
    const gone = new FakeClient();
    gone.destroyed = true;
    stream.add(gone as never, {}, undefined);
    expect([stream.clientCount, gone.written]).toEqual([0, []]);
  });

  it('beats only while somebody listens', async () => {
    const { stream, clock } = streamOf();
    const client = join(stream);
    await clock.advance(25_000);
    expect(client.written.slice(1)).toEqual([': alive\n\n', ': alive\n\n']);
    client.destroy();
    await clock.advance(25_000);
    expect(clock.nextDelayMs()).toBeUndefined();
    const next = join(stream);
    await clock.advance(10_000);
    expect(next.written).toHaveLength(2);
  });

  it('ends every client when it closes', () => {
    const { stream, bus } = streamOf();
    const client = join(stream);
    stream.close();
    bus.emit(paused('late'));
    expect([client.destroyed, client.written.length, stream.clientCount]).toEqual([true, 1, 0]);
  });
});

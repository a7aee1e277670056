import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createEventHistory } from '../../../src/observability/event-history.ts';
import type { EventBus } from '../../../src/observability/events.ts';
import { createEventStream } from '../../../src/server/http/event-stream.ts';
import type { EventStream } from '../../../src/server/http/event-stream.ts';
import type { VirtualClock } from '../../harness/virtual-clock.ts';
import { eventBus } from '../../support/observability.ts';

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
  const history = createEventHistory({}, { events: bus });
  const options = { epoch: 'e', maxClients: 2, maxWaitingBytes: 1_000, heartbeatMs: 10_000 };
  return { bus, clock, stream: createEventStream(options, { history, clock }) };
}

function join(stream: EventStream, lastEventId?: string): FakeClient {
  const client = new FakeClient();
  stream.add(client as never, {}, lastEventId);
  return client;
}

const paused = (reason: string) => ({ type: 'paused', untilMs: null, reason, by: 'me' }) as const;

describe('createEventStream', () => {
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
    expect(join(stream, 'e-0').written).toEqual([
      'retry: 3000\nevent: reset\nid: e-5\ndata: {"type":"reset"}\n\n',
    ]);
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

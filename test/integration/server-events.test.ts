import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, emitPlan, startTestServer as startWith } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const start = (port = 0): Promise<TestServer> =>
  startWith({ server: { listen: { host: '127.0.0.1', port } } });

interface Follower {
  readonly socket: Socket;
  readonly text: () => string;
  /** Resolves when the text so far matches. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly closed: Promise<void>;
}

/** A raw client of the event stream, so that a test decides when it reads. */
function follow(port: number, lastEventId?: string): Follower {
  let text = '';
  const waiting = new Set<() => void>();
  const socket = connect(port, '127.0.0.1', () => {
    const resume = lastEventId === undefined ? '' : `last-event-id: ${lastEventId}\r\n`;
    socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n${resume}\r\n`);
  });
  onTestFinished(() => void socket.destroy());
  socket.on('data', (part) => {
    text += part.toString();
    for (const check of waiting) check();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => undefined);
  });
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = pattern.exec(text.slice(-200_000));
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { socket, text: () => text, until, closed };
}

const idsOf = (text: string): number[] =>
  [...text.matchAll(/^id: \w+-(\d+)$/gm)].map((match) => Number(match[1]));

describe('GET /api/v1/events', () => {
  it('greets, then tells each event with its id, type and data', async () => {
    const { server, bus } = await start();
    const follower = follow(server.port);
    await follower.until(/event: hello\nid: \w+-0\n/);
    emitPlan(bus);
    await follower.until(/event: planned\n.*\n\n/);
    expect(follower.text()).toContain('content-type: text/event-stream');
    expect(follower.text()).toContain('x-content-type-options: nosniff');
    const data = /event: planned\ndata: (.*)\n/.exec(follower.text())?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ type: 'planned', message: 'plan made', data: { moves: 2 } });
    expect(idsOf(follower.text())).toEqual([0, 1, 2, 3]);
  });

  it('resumes after the last event that a client saw', async () => {
    const { server, bus } = await start();
    const first = follow(server.port);
    const [, epoch] = await first.until(/id: (\w+)-0\n/);
    emitPlan(bus);
    await first.until(/id: \w+-3\n/);
    const second = follow(server.port, `${epoch ?? ''}-1`);
    await second.until(/event: planned\n/);
    expect(idsOf(second.text())).toEqual([1, 2, 3]);
  });

  it.each(['old-2', 'nonsense', '-', 'x'.repeat(500)])(
    'tells a client with the unknown position %s to read everything afresh',
    async (position) => {
      const { server, bus } = await start();
      emitPlan(bus);
      const follower = follow(server.port, position);
      await follower.until(/event: reset\nid: \w+-3\n/);
    },
  );

  it('tells a client that missed more than is kept to read everything afresh', async () => {
    const { server, bus } = await start();
    const [, epoch] = await follow(server.port).until(/id: (\w+)-0\n/);
    for (let count = 0; count < 1_100; count += 1) bus.emit({ type: 'resumed', by: 'me' });
    await follow(server.port, `${epoch ?? ''}-1`).until(/event: reset\nid: \w+-1100\n/);
  });

  it('keeps idle connections alive', async () => {
    const { server, clock } = await start();
    const follower = follow(server.port);
    await follower.until(/event: hello\n/);
    await clock.advance(15_000);
    await follower.until(/: alive\n\n/);
    await clock.advance(15_000);
    await follower.until(/: alive\n\n: alive\n\n|: alive[^]*: alive/);
  });

  it('sets no timer once the last client has gone', async () => {
    const { server, clock, bus } = await start();
    const [first, second] = [follow(server.port), follow(server.port)];
    await Promise.all([first, second].map((follower) => follower.until(/event: hello\n/)));
    first.socket.destroy();
    second.socket.destroy();
    await Promise.all([first.closed, second.closed]);
    // The server hears of it a moment later; a third client proves that it has, and that it serves on.
    const third = follow(server.port);
    await third.until(/event: hello\n/);
    bus.emit({ type: 'resumed', by: 'me' });
    await third.until(/event: resumed\n/);
    await server.close();
    await clock.advance(20_000);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('serves a bounded number of clients, and a new one when another goes', async () => {
    const { server, url, bus } = await start();
    const followers = Array.from({ length: 200 }, () => follow(server.port));
    await Promise.all(followers.map((follower) => follower.until(/event: hello\n/)));
    const answer = await ask(`${url}/api/v1/events`);
    expect([answer.status, answer.code]).toEqual([503, 'too-many-streams']);
    followers[0]?.socket.destroy();
    let status = 503;
    for (let tries = 0; tries < 200 && status === 503; tries += 1) {
      bus.emit({ type: 'resumed', by: 'me' });
      const again = await fetch(`${url}/api/v1/events`);
      status = again.status;
      await again.body?.cancel();
    }
    expect(status).toBe(200);
  });

  it('drops a client that does not read, and nobody else notices', async () => {
    const { server, bus, url } = await start();
    const slow = follow(server.port);
    await slow.until(/event: hello\n/);
    slow.socket.pause();
    const eager = follow(server.port);
    await eager.until(/event: hello\n/);
    const reason = 'x'.repeat(50_000);
    // The kernel's own buffers take some megabytes first; after them the server's bound is what counts.
    for (let emitted = 1; emitted <= 300; emitted += 1) {
      bus.emit({ type: 'paused', untilMs: null, reason, by: 'me' });
      await eager.until(new RegExp(`id: \\w+-${emitted}\\n`));
    }
    slow.socket.resume();
    await slow.closed;
    expect(slow.text()).not.toMatch(/id: \w+-300\n/);
    expect(eager.socket.destroyed).toBe(false);
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });

  it('stands a thousand clients, of which most are refused', async () => {
    const { server, bus, url } = await start();
    const followers = Array.from({ length: 1_000 }, () => follow(server.port));
    const statuses = await Promise.all(
      followers.map(async (follower) => (await follower.until(/^HTTP\/1\.1 (\d+)/))[1]),
    );
    expect(statuses.filter((status) => status === '200')).toHaveLength(200);
    expect(statuses.filter((status) => status === '503')).toHaveLength(800);
    bus.emit({ type: 'resumed', by: 'me' });
    expect((await ask(`${url}/api/v1/status`)).status).toBe(200);
  });
});

describe('closing', () => {
  it('ends streams, idle and half-sent requests, and frees the port', async () => {
    const { server, clock } = await start();
    const stream = follow(server.port);
    await stream.until(/event: hello\n/);
    const idle = connect(server.port, '127.0.0.1');
    idle.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const half = connect(server.port, '127.0.0.1');
    half.write('POST /api/v1/pause HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n');
    for (const socket of [idle, half]) onTestFinished(() => void socket.destroy());
    const ends = [idle, half].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => undefined).on('close', () => resolve());
        }),
    );
    await new Promise((resolve) => idle.once('data', resolve));
    idle.resume();
    half.resume();
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await stream.closed;
    await clock.advance(1_000);
    await Promise.all([...ends, closing]);
    const again = await start(server.port);
    expect((await ask(`${again.url}/healthz`)).status).toBe(200);
  });
});

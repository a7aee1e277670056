import type { AskDaemon } from '../../../src/cli/ask-daemon.ts';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchScreen } from '../../../src/cli/render/watch.ts';
import type { Draw } from '../../../src/cli/render/watch.ts';
import { OperatingError, UsageError } from '../../../src/domain/errors.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { toMoveView } from '../../../src/observability/event-view.ts';
import { recordOutput, runCommand } from '../../support/cli.ts';
import { sampleMove } from '../../support/observability.ts';

/** Shows these screens, one every second of virtual time, and is stopped after the last. */
async function watched(screens: readonly (readonly string[] | Error)[], columns?: number): Promise<string> {
  const clock = new VirtualClock(0);
  const stop = new AbortController();
  const out = recordOutput(columns);
  let shown = 0;
  const read = async (): Promise<Draw> => {
    const screen = screens[shown++];
    if (screen instanceof Error) throw screen;
    return () => screen ?? [];
  };
  const watching = watchScreen(read, {
    out,
    clock,
    signal: stop.signal,
    everyMs: 1_000,
    inPlace: columns !== undefined,
  });
  // A failure is the caller's, who may come to it only after time has passed.
  watching.catch(() => undefined);
  for (let second = 1; second < screens.length; second += 1) {
    for (let round = 0; round < 10; round += 1) await turn();
    await clock.advance(1_000);
  }
  for (let round = 0; round < 10; round += 1) await turn();
  stop.abort();
  await watching;
  return out.text();
}

describe('a watched screen', () => {
  it('is drawn over the one before on a terminal, without clearing it first', async () => {
    expect(await watched([['long line', 'two'], ['short']], 80)).toBe(
      '\u001b[2J\u001b[Hlong line\u001b[K\ntwo\u001b[K\n\u001b[J\u001b[Hshort\u001b[K\n\u001b[J',
    );
  });

  it('follows the one before where there is no terminal', async () => {
    expect(await watched([['one'], ['two']])).toBe('one\ntwo\n');
  });

  it('shows that the daemon does not answer, and goes on', async () => {
    expect(await watched([new OperatingError('unreachable', 'No answer'), ['back']])).toBe(
      'error: No answer\nback\n',
    );
  });

  it('ends with what no waiting would mend', async () => {
    await expect(watched([new UsageError('--token-file: none')])).rejects.toThrow('--token-file: none');
  });
});

describe('a watched screen whose window or reader changes', () => {
  const open = (columns?: number) => {
    const [clock, stop, out] = [new VirtualClock(0), new AbortController(), recordOutput(columns, 10)];
    const read = async (): Promise<Draw> => () => [`${out.canvas.width} x ${out.rows}`];
    const options = { out, clock, signal: stop.signal, everyMs: 1_000, inPlace: columns !== undefined };
    return { clock, stop, out, watching: watchScreen(read, options) };
  };

  it('is drawn again at once when the window is resized', async () => {
    const { stop, out, watching } = open(80);
    for (let round = 0; round < 10; round += 1) await turn();
    out.resize(60, 20);
    stop.abort();
    await watching;
    out.resize(50, 5);
    expect(out.text()).toBe('\u001b[2J\u001b[H80 x 10\u001b[K\n\u001b[J\u001b[H60 x 20\u001b[K\n\u001b[J');
  });

  it('ends when nobody reads it any more', async () => {
    const { out, watching } = open();
    for (let round = 0; round < 10; round += 1) await turn();
    out.leave();
    await watching;
    expect(out.text()).toBe('Infinity x Infinity\n');
  });
});

/** A daemon with a history of three moves in pages of two. */
function daemon(asked: string[] = []): AskDaemon {
  const move = (id: number): object => toMoveView(sampleMove({ id, planId: 'sha256:1', table: 'a.b.c' }));
  const answers: Record<string, object> = {
    '/api/v1/history': { moves: [move(9), move(8)], next: '8' },
    '/api/v1/history before 8': { moves: [move(7)], next: null },
    '/api/v1/audit': {
      entries: [{ at: '2026-11-22T13:00:00.000Z', who: 'anna (10.0.0.1)', what: 'pause', why: 'deploy' }],
    },
  };
  return async (input) => {
    const url = new URL(input);
    asked.push(url.search);
    const before = url.searchParams.get('before');
    return Response.json(answers[url.pathname + (before === null ? '' : ` before ${before}`)]);
  };
}

describe('history', () => {
  it('exports every move as JSON lines, with all that the daemon says of it', async () => {
    const { status, out, err } = await runCommand(['history', '--all', '-o', 'jsonl'], { ask: daemon() });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['9', '8', '7']);
    expect(lines[0]).toContain('"planId":"sha256:1"');
  });

  it('shows one page and tells where the next one begins', async () => {
    const { out, err } = await runCommand(['history'], { ask: daemon() });
    expect(out.split('\n').filter((line) => line.includes('a.b.c'))).toHaveLength(2);
    expect(err).toBe('Older moves: --before 8\n');
  });

  it('asks for what was begun within a time', async () => {
    const asked: string[] = [];
    await runCommand(['history', '--since', '2026-01-01', '--until', '2026-01-02T00:00:00Z'], {
      ask: daemon(asked),
    });
    expect(asked[0]).toContain('since=2026-01-01T00%3A00%3A00.000Z&until=2026-01-02T00%3A00%3A00.000Z');
  });
});

describe('audit', () => {
  it.each([
    ['table', /anna \(10\.0\.0\.1\) +pause +deploy/],
    ['jsonl', /^\{"at":"2026-11-22T13:00:00\.000Z","who":"anna/],
    ['json', /"entries": \[/],
  ])('prints who did what as %s', async (format, text) => {
    expect((await runCommand(['audit', '-o', format], { ask: daemon() })).out).toMatch(text);
  });
});

import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CycleOutcome } from '../../../src/domain/codes.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { NotificationOutcome } from '../../../src/observability/metric-definitions.ts';
import { notice, NOTHING_TOLD, NOTICE_KINDS } from '../../../src/observability/notices.ts';
import { startNotifier } from '../../../src/observability/notify.ts';
import type { NotifierOptions } from '../../../src/observability/notify.ts';
import { listenOn } from '../../support/listen.ts';
import { eventBus, events, samplePlan } from '../../support/observability.ts';
import { Secret } from '../../../src/lib/secret.ts';

const { cycle, started, gate } = events;
const plan = events.planned();
/** A move of a region that none before it moved. */
const moved = events.ended({ regionId: '1' });
const lost = events.ended({ regionId: '2', state: 'failed' });
const ended = (outcome: CycleOutcome, detail = 'Why.') => events.finished(outcome, detail);
const paused = (by: string): RebalancerEvent => ({ type: 'paused', untilMs: null, reason: 'Too much.', by });

const held = (...codes: ('cooldown' | 'pinned')[]) => {
  const blocked = codes.map((code) => ({ code, detail: '' }));
  return events.planned(samplePlan({ moves: [], after: samplePlan().before, blocked }));
};
const resting = held('cooldown');

/** The texts of the notices, each with its kind. */
function toldOf(emitted: readonly RebalancerEvent[]): string[] {
  const { bus, clock } = eventBus();
  const texts: string[] = [];
  let told = NOTHING_TOLD;
  trackLiveState(bus).subscribe((event, state) => {
    const [next, found] = notice(told, event, state);
    told = next;
    if (found) texts.push(`${found.kind}: ${found.text}`);
  });
  for (const event of emitted) {
    bus.emit(event);
    clock.jumpWall(60_000);
  }
  return texts;
}

describe('what is told', () => {
  it.each<[string, RebalancerEvent[], string[]]>([
    [
      'the begin and the end of a rebalance, not each of its cycles',
      [
        cycle,
        plan,
        started,
        moved,
        started,
        lost,
        ended('partial'),
        cycle,
        plan,
        started,
        moved,
        ended('moved'),
        ended('balanced'),
      ],
      [
        'started: Rebalance started: 2 moves.',
        'finished: The cluster is balanced: 2 moves in 11 min, 1 did not succeed.',
      ],
    ],
    ['nothing about a cluster that stays balanced', [cycle, plan, ended('balanced'), ended('balanced')], []],
    ['nothing about a plan of a dry run', [cycle, plan, ended('planned')], []],
    [
      'a failing cluster once, and again after a success',
      [ended('failed'), ended('failed'), ended('balanced'), ended('failed', 'Again.')],
      ['failed: A cycle failed: Why.', 'failed: A cycle failed: Again.'],
    ],
    [
      'a blocked cluster once',
      [ended('blocked', 'Pins.'), ended('blocked', 'Pins.'), ended('moved'), ended('blocked', 'Others.')],
      ['blocked: The cluster cannot be balanced: Pins.', 'blocked: The cluster cannot be balanced: Others.'],
    ],
    [
      'nothing where cooldowns alone are in the way, and the end of the rebalance after them',
      [
        cycle,
        plan,
        started,
        moved,
        ended('moved'),
        resting,
        ended('blocked'),
        started,
        moved,
        ended('balanced'),
      ],
      ['started: Rebalance started: 2 moves.', 'finished: The cluster is balanced: 2 moves in 8 min.'],
    ],
    [
      'a cluster that is blocked by more than cooldowns',
      [held('cooldown', 'pinned'), ended('blocked', 'Pins.')],
      ['blocked: The cluster cannot be balanced: Pins.'],
    ],
    [
      'a gate that somebody has to open',
      [cycle, gate('maintenance'), ended('gated')],
      ['blocked: The cluster cannot be balanced: A gate.'],
    ],
    [
      'nothing of a gate while somebody wants that nothing is moved',
      [cycle, gate('paused'), gate('maintenance'), ended('gated')],
      [],
    ],
    ['no gate that opens by itself', [cycle, gate('move-limit'), ended('gated')], []],
    [
      'a pause of the breaker',
      [paused('breaker')],
      ['paused: Paused automatically: Too much. Run resume to continue.'],
    ],
    ['no pause of a person', [paused('anna (10.0.0.1)')], []],
    [
      'nothing at the end of the process',
      [plan, started, ended('stopped')],
      ['started: Rebalance started: 2 moves.'],
    ],
  ])('%s', (_, emitted, texts) => {
    expect(toldOf(emitted)).toEqual(texts);
  });
});

describe('delivery', () => {
  interface Received {
    readonly headers: IncomingMessage['headers'];
    readonly body: unknown;
  }

  /** A receiver that answers with these statuses, one after the other, the last one for ever; 0 never answers. */
  async function receiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
    const received: Received[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body: JSON.parse(text) });
        const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
        if (status > 0) response.writeHead(status).end('ok');
      });
    });
    return { url: `http://127.0.0.1:${await listenOn(server)}/hook?secret=1`, received };
  }

  function start(url: string, overrides: Partial<NotifierOptions> = {}) {
    const { bus, clock } = eventBus();
    const outcomes: NotificationOutcome[] = [];
    const problems: string[] = [];
    const stop = startNotifier(
      {
        url: new Secret(url),
        format: 'generic',
        kinds: NOTICE_KINDS,
        timeoutMs: 10_000,
        cluster: 'prod',
        version: '1.2.3',
        ...overrides,
      },
      {
        live: trackLiveState(bus),
        clock,
        onOutcome: (outcome) => outcomes.push(outcome),
        onProblem: (problem) => problems.push(problem),
      },
    );
    /** Lets virtual time pass until so many outcomes are known. */
    const settle = async (count: number): Promise<void> => {
      for (let round = 0; round < 20_000 && outcomes.length < count; round += 1) {
        await turn();
        if (round % 50 === 49) await clock.advance(1_000);
      }
    };
    return { bus, clock, outcomes, problems, stop, settle };
  }

  it('posts JSON of our own, with a token', async () => {
    const { url, received } = await receiver(200);
    const { bus, settle, outcomes, stop } = start(url, { token: new Secret('T') });
    bus.emit(ended('failed'));
    await settle(1);
    stop();
    expect(outcomes).toEqual(['delivered']);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer T',
      'user-agent': 'greptime-rebalancer/1.2.3',
    });
    expect(received[0]?.body).toEqual({
      event: 'failed',
      cluster: 'prod',
      at: '2026-01-01T00:00:00.000Z',
      text: 'A cycle failed: Why.',
    });
  });

  it('posts what Slack takes, with nothing that it would obey', async () => {
    const { url, received } = await receiver(200);
    const { bus, settle, stop } = start(url, { format: 'slack' });
    bus.emit(ended('failed', 'table <!channel> & co'));
    await settle(1);
    stop();
    expect(received[0]?.body).toEqual({
      text: ':x: *prod*: A cycle failed: table &lt;!channel&gt; &amp; co',
    });
  });

  it.each([
    ['tries again while the receiver fails', [500, 429, 200], 3, ['delivered']],
    ['does not try again when it is refused', [404], 1, ['failed']],
    ['gives up after five attempts', [503], 5, ['failed']],
    ['waits for a receiver that hangs no longer than it may', [0, 200], 2, ['delivered']],
  ] as const)('%s', async (_, statuses, requests, wanted) => {
    const { url, received } = await receiver(...statuses);
    const { bus, settle, outcomes, problems, stop } = start(url);
    bus.emit(ended('failed'));
    await settle(1);
    stop();
    expect(received).toHaveLength(requests);
    expect(outcomes).toEqual(wanted);
    expect(problems.join()).not.toContain('secret');
  });

  it('drops what is too much, and holds nobody up meanwhile', async () => {
    const { url } = await receiver(0);
    const { bus, outcomes, stop } = start(url, { maxWaiting: 3 });
    for (let count = 0; count < 10; count += 1) bus.emit(paused('breaker'));
    expect(outcomes).toEqual(Array.from({ length: 6 }, () => 'dropped'));
    stop();
    await turn();
    expect(outcomes).toHaveLength(6);
  });

  it('sends only what was asked for', async () => {
    const { url, received } = await receiver(200);
    const { bus, settle, stop } = start(url, { kinds: ['paused'] });
    bus.emit(ended('failed'));
    bus.emit(paused('breaker'));
    await settle(1);
    stop();
    expect(received).toHaveLength(1);
    expect(received[0]?.body).toMatchObject({ event: 'paused' });
  });
});

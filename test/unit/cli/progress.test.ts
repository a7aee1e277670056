import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { advance, NO_PROGRESS, timeLeftMs } from '../../../src/cli/render/progress-model.ts';
import type { ProgressEvent } from '../../../src/cli/render/progress-model.ts';
import { liveLine, showProgress } from '../../../src/cli/render/progress.ts';
import { plainStyle } from '../../../src/cli/render/style.ts';
import { displayWidth } from '../../../src/cli/render/text.ts';
import type { MoveRecord, MoveState } from '../../../src/domain/move.ts';
import { VirtualClock } from '../../../src/lib/clock.ts';
import { EventBus } from '../../../src/observability/events.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { makeMove, makePlan, withCounts } from '../../support/plans.ts';

function record(id: number, state: MoveState, detail?: string): MoveRecord {
  return {
    ...makeMove(id),
    id,
    planId: 'p',
    cycleId: 1,
    state,
    createdAtMs: 0,
    ...(detail !== undefined && { detail }),
  };
}

const PLANNED = {
  type: 'planned',
  cycleId: 1,
  ...withCounts(makePlan({ moves: [makeMove(1), makeMove(2), makeMove(3)], minimumMoves: 3 })),
  durationMs: 1,
} as const satisfies RebalancerEvent;

const started = (id: number): RebalancerEvent => ({
  type: 'move-started',
  move: record(id, 'checking'),
  position: id,
  total: 3,
});
const finished = (id: number, state: MoveState, detail?: string): RebalancerEvent => ({
  type: 'move-finished',
  move: record(id, state, detail),
  durationMs: 4_000,
});

function show(isTerminal: boolean, columns = 100) {
  const clock = new VirtualClock(0);
  const bus = new EventBus({
    now: () => clock.now(),
    onListenerError: (error) => {
      throw error;
    },
  });
  let text = '';
  const stop = showProgress(bus, {
    isTerminal,
    canvas: () => ({ width: isTerminal ? columns : Infinity, style: plainStyle }),
    clock,
    write: (piece) => (text += piece),
  });
  return { clock, bus, stop, text: () => text };
}

describe('progress without a terminal', () => {
  it('is one plain line for each thing that ended', async () => {
    const { clock, bus, stop, text } = show(false);
    bus.emit({ type: 'cycle-started', cycleId: 1, trigger: 'once' });
    bus.emit(PLANNED);
    bus.emit(started(1));
    await clock.advance(4_000);
    bus.emit(finished(1, 'succeeded'));
    bus.emit(started(2));
    await clock.advance(4_000);
    bus.emit(finished(2, 'rolled_back', 'The cluster\nundid it.'));
    bus.emit({ type: 'gate-closed', code: 'maintenance', detail: 'The cluster is in maintenance mode.' });
    bus.emit({ type: 'cycle-finished', cycleId: 1, outcome: 'partial', durationMs: 1, moved: 1, detail: '' });
    stop();
    expect(text().split('\n')).toEqual([
      'plan: 3 moves; fewer is impossible.',
      '[1/3] moved region 4398046511104 of greptime.public.cpu from 0 to 3 in 4 s, about 8 s left',
      '[2/3] rolled_back region 4398046511105 of greptime.public.cpu from 0 to 3 after 4 s: The cluster\\u{a}undid it.',
      'not acting (maintenance): The cluster is in maintenance mode.',
      'cycle partial: Some moves succeeded and some did not.',
      '',
    ]);
  });

  it('says once that nothing changes, and again after something did', () => {
    const { bus, text } = show(false);
    const plan = makePlan({ moves: [], minimumMoves: 0 });
    const cycle = (): void => {
      bus.emit({ type: 'planned', cycleId: 1, ...withCounts(plan), durationMs: 1 });
      bus.emit({
        type: 'cycle-finished',
        cycleId: 1,
        outcome: 'balanced',
        durationMs: 1,
        moved: 0,
        detail: '',
      });
    };
    cycle();
    cycle();
    bus.emit(started(1));
    cycle();
    const lines = ['plan: Balanced: nothing to move.', 'cycle balanced: Nothing to move.'];
    expect(text().split('\n')).toEqual([...lines, ...lines, '']);
  });

  it('shows nothing more after it was stopped, and leaves no timer', () => {
    const { clock, bus, stop, text } = show(false);
    stop();
    bus.emit(PLANNED);
    expect(text()).toBe('');
    expect(clock.nextDelayMs()).toBeUndefined();
  });
});

describe('progress on a terminal', () => {
  it('redraws one line while a move is under way', async () => {
    const { clock, bus, stop, text } = show(true);
    bus.emit(PLANNED);
    bus.emit(started(1));
    await clock.advance(1_000);
    bus.emit({ type: 'move-state', move: record(1, 'watching'), previous: 'submitted' });
    await clock.advance(1_000);
    const drawn = text()
      .split('\r')
      .map((line) => stripVTControlCharacters(line));
    expect(drawn).toContain(
      `${' '.repeat(20)} 0/3  region 4398046511104 of greptime.public.cpu from 0 to 3: checking 1 s`,
    );
    expect(drawn.at(-1)).toBe(
      `${' '.repeat(20)} 0/3  region 4398046511104 of greptime.public.cpu from 0 to 3: watching 2 s`,
    );
    stop();
    expect(text().endsWith('\r\u001b[2K')).toBe(true);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('leaves the time left to the line that goes on telling it, so that 80 columns are enough for the rest', () => {
    const { bus, stop, text } = show(true, 80);
    bus.emit(PLANNED);
    bus.emit(started(1));
    bus.emit(finished(1, 'succeeded'));
    stop();
    const lines = stripVTControlCharacters(text()).split(/[\r\n]+/);
    expect(lines).toContain('[1/3] moved region 4398046511104 of greptime.public.cpu from 0 to 3 in 4 s');
  });

  it.each([40, 60, 80, 120])('fits %i columns', (width) => {
    const events = [PLANNED, started(1), finished(1, 'failed'), started(2)] as ProgressEvent[];
    const progress = events.reduce((before, event) => advance(before, event, 0), NO_PROGRESS);
    const line = liveLine(progress, { width, style: plainStyle }, 5_000);
    expect(displayWidth(line)).toBeLessThan(width);
    expect(line).toContain('1/3, 1 failure');
  });
});

describe('the time left', () => {
  const at = (progress: typeof NO_PROGRESS, event: ProgressEvent, atMs: number): typeof NO_PROGRESS =>
    advance(progress, event, atMs);

  it('is not known before the first move has ended', () => {
    const progress = at(at(NO_PROGRESS, PLANNED, 0), started(1), 0);
    expect(timeLeftMs(progress, 60_000)).toBeUndefined();
  });

  it('is the average of the moves so far for each that remains, the one under way included', () => {
    let progress = at(at(NO_PROGRESS, PLANNED, 0), started(1), 0);
    progress = at(progress, finished(1, 'succeeded'), 10_000);
    expect(timeLeftMs(progress, 10_000)).toBe(20_000);
    progress = at(progress, started(2), 10_000);
    expect(timeLeftMs(progress, 14_000)).toBe(16_000);
    expect(timeLeftMs(progress, 60_000)).toBe(10_000);
  });

  it('counts on over several cycles', () => {
    let progress = at(at(NO_PROGRESS, PLANNED, 0), started(1), 0);
    progress = at(progress, finished(1, 'succeeded'), 10_000);
    progress = at(progress, PLANNED, 10_000);
    expect(progress).toMatchObject({ ended: 1, remaining: 3 });
    expect(liveLine(progress, { width: Infinity, style: plainStyle }, 10_000)).toContain(' 1/4');
  });
});

import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { WatchedWork } from '../../../src/app/daemon/work-progress.ts';
import { liveLine, showProgress } from '../../../src/cli/render/progress.ts';
import { plainStyle } from '../../../src/cli/render/style.ts';
import { displayWidth } from '../../../src/lib/wrap.ts';
import type { MoveRecord, MoveState } from '../../../src/domain/move.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { progressOf, trackLiveState } from '../../../src/observability/live-state.ts';
import { eventBus, START_MS } from '../../support/observability.ts';
import { makeMove, makePlan, withCounts } from '../../support/plans.ts';

function record(id: number, state: MoveState, detail?: string): MoveRecord {
  return {
    ...makeMove(id),
    id,
    planId: makePlan().planId,
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
});
const finished = (id: number, state: MoveState, detail?: string): RebalancerEvent => ({
  type: 'move-finished',
  move: record(id, state, detail),
  durationMs: 4_000,
});

function watched() {
  const { bus, clock } = eventBus();
  const live = trackLiveState(bus);
  const progress = (): ReturnType<typeof progressOf> => progressOf(live.state());
  // A move takes four seconds, and before the first has ended nobody knows.
  const timeLeftMs = (): number | undefined => (progress().moved === 0 ? undefined : progress().left * 4_000);
  const work: WatchedWork = { ...live, progress, timeLeftMs };
  return { bus, clock, work };
}

function show(isTerminal: boolean, columns = 100) {
  const { bus, clock, work } = watched();
  let text = '';
  const stop = showProgress(work, {
    isTerminal,
    canvas: () => ({ width: isTerminal ? columns : Infinity, style: plainStyle }),
    clock,
    write: (piece) => (text += piece),
  });
  return { clock, bus, stop, text: () => text };
}

it('breaks a long line between words on a terminal, and tells once that it stops', () => {
  const { bus, stop, text } = show(true, 40);
  bus.emit({ type: 'gate-closed', code: 'stopping', detail: 'The process was told to stop.' });
  bus.emit({ type: 'gate-closed', code: 'maintenance', detail: 'The cluster is in maintenance mode.' });
  stop();
  expect(stripVTControlCharacters(text()).replaceAll('\r', '')).toBe(
    'not moving (maintenance): The cluster\n  is in maintenance mode.\n',
  );
});

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
      '[2/3] rolled back region 4398046511105 of greptime.public.cpu from 0 to 3 after 4 s: The cluster\\u{a}undid it.',
      'not moving (maintenance): The cluster is in maintenance mode.',
      'cycle ended: Some moves succeeded and some did not.',
      '',
    ]);
  });

  it('says once why a cycle ended, where a gate has said it', () => {
    const { bus, text } = show(false);
    const detail = 'This cycle has made 4 moves (limit 4).';
    bus.emit({ type: 'gate-closed', code: 'move-limit', detail });
    bus.emit({ type: 'cycle-finished', cycleId: 1, outcome: 'moved', durationMs: 1, moved: 4, detail });
    expect(text()).toBe(`not moving (move-limit): ${detail}\n`);
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
    const lines = ['plan: no moves.', 'cycle ended: Nothing to move.'];
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
      `${' '.repeat(20)} 0/3  region 4398046511104 of greptime.public.cpu from 0 to 3: migrating 2 s`,
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
    const { bus, work } = watched();
    for (const event of [PLANNED, started(1), finished(1, 'failed'), started(2)]) bus.emit(event);
    const line = liveLine(work, { width, style: plainStyle }, START_MS + 5_000);
    expect(displayWidth(line)).toBeLessThan(width);
    expect(line).toContain('1/3, 1 failure');
  });

  it('leaves out how long the move takes before it cuts a word', () => {
    const { bus, work } = watched();
    for (const event of [PLANNED, started(1), finished(1, 'succeeded'), started(2)]) bus.emit(event);
    const at = (width: number): string =>
      liveLine(work, { width, style: plainStyle }, START_MS + 5_000).trimStart();
    expect(at(80)).toContain('1/3  4398046511105 0 → 3: checking 5 s  about 8 s left');
    expect(at(66)).toContain('1/3  4398046511105 0 → 3: checking  about 8 s left');
  });

  it('tells the time left of all moves, those of further cycles among them', () => {
    const { bus, work } = watched();
    for (const event of [PLANNED, started(1), finished(1, 'succeeded'), PLANNED, started(2)]) bus.emit(event);
    const line = liveLine(work, { width: 100, style: plainStyle }, START_MS + 5_000);
    expect(line).toContain(' 1/4');
    expect(line).toContain('about 12 s left');
  });

  it('has no position for a move that an earlier process began', () => {
    const { bus, stop, text } = show(false);
    bus.emit(finished(1, 'succeeded'));
    stop();
    expect(text()).toBe(
      'earlier move: moved region 4398046511104 of greptime.public.cpu from 0 to 3 in 4 s\n',
    );
  });
});

import { expect, it } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { toMoveView } from '../../../src/observability/event-view.ts';
import { readableLines } from '../../../src/observability/readable-log.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { sampleMove } from '../../support/observability.ts';

function log(fields: Record<string, unknown>, message = 'Something happened'): string {
  let text = '';
  const destination = readableLines((line) => (text += line));
  createLogger({ level: 'warn', destination }).warn(fields, message);
  return text;
}

it.each([
  ['the message alone', {}, 'warning: Something happened\n'],
  ['fields', { count: 3, first: '17' }, 'warning: Something happened: count=3, first=17\n'],
  [
    'an error by its message',
    { error: new OperatingError('x', 'Reading failed', { cause: new Error('no route') }) },
    'warning: Something happened: error=Reading failed: no route\n',
  ],
  [
    'a move by region, table and way',
    { move: toMoveView(sampleMove({ regionId: '17', table: 'a.b.c' })) },
    'warning: Something happened: region 17 of a.b.c from 0 to 1\n',
  ],
  [
    'how a move ended',
    {
      durationMs: 2_640,
      move: toMoveView(
        sampleMove({ regionId: '17', table: 'a.b.c', state: 'failed', cause: 'x', detail: 'It broke.' }),
      ),
    },
    'warning: Something happened: duration=2.6 s, region 17 of a.b.c from 0 to 1, failed: It broke.\n',
  ],
  [
    'nothing of a field without a value, and no full stop before the next field',
    { until: null, reason: '3 failed (limit 3).', by: 'breaker' },
    'warning: Something happened: reason=3 failed (limit 3), by=breaker\n',
  ],
  ['the place of a move among all', { position: 7, total: 58 }, 'warning: Something happened: 7 of 58\n'],
  ['lists without brackets', { datanodes: ['1', '2'] }, 'warning: Something happened: datanodes=1; 2\n'],
  ['secrets masked', { token: 'hunter2' }, 'warning: Something happened: token=[masked]\n'],
  ['no escape sequences', { text: 'a\u001b[31m\nb' }, 'warning: Something happened: text=a [31m b\n'],
])('shows a person %s', (_name, fields, wanted) => {
  expect(log(fields)).toBe(wanted);
});

it('leaves a line as it is that is none of the logger', () => {
  let text = '';
  readableLines((line) => (text += line)).write('plain\n');
  expect(text).toBe('plain\n');
});

it.each([
  [
    80,
    `13:00:05 info: move started: 7 of 58, region 4398046511120 of
         greptime.public.cpu from 0 to 1
`,
  ],
  [200, '13:00:05 info: move started: 7 of 58, region 4398046511120 of greptime.public.cpu from 0 to 1\n'],
])('breaks lines between words, below their first word, in a terminal of %i columns', (columns, wanted) => {
  let text = '';
  const destination = readableLines((line) => (text += line), { live: true, columns: () => columns });
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 13, 0, 5));
  const move = toMoveView(sampleMove({ regionId: '4398046511120', table: 'greptime.public.cpu' }));
  createLogger({ level: 'info', destination }, { clock }).info(
    { position: 7, total: 58, move },
    'move started',
  );
  expect(text).toBe(wanted);
});

it('tells the time of day where a person watches', () => {
  let text = '';
  const destination = readableLines((line) => (text += line), { live: true });
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 13, 0, 5));
  createLogger({ level: 'info', destination }, { clock }).info({ moved: 3 }, 'Something happened');
  expect(text).toBe('13:00:05 info: Something happened: moved=3\n');
});

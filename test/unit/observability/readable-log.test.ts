import { expect, it } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { readableLines } from '../../../src/observability/readable-log.ts';

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
    'a move by its region',
    { move: { id: '1', regionId: '17' } },
    'warning: Something happened: move=region 17\n',
  ],
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

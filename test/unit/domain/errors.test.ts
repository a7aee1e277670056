import { describe, expect, it } from 'vitest';
import { describeError, isAbort, OperatingError, UsageError } from '../../../src/domain/errors.ts';

describe('describeError', () => {
  it.each([
    ['the message', new OperatingError('x', 'Reading failed'), 'Reading failed'],
    [
      'its causes after it',
      new Error('Reading failed', { cause: new Error('no route', { cause: new Error('cable') }) }),
      'Reading failed: no route: cable',
    ],
    [
      'a cause after a whole sentence',
      new Error('The folder is in use.', { cause: new Error('locked.') }),
      'The folder is in use: locked.',
    ],
    [
      'a cause that the message quotes, once',
      new Error('Reading failed: no route', { cause: new Error('no route') }),
      'Reading failed: no route',
    ],
    [
      'a cause of several lines on one',
      new Error('no connection', { cause: new Error('wrong version:\ntls.c:77:\n') }),
      'no connection: wrong version: tls.c:77:',
    ],
    ['the name, when there is no message', new TypeError(''), 'TypeError'],
    [
      'each address that refused',
      new Error('fetch failed', {
        cause: new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]),
      }),
      'fetch failed: refused ::1, refused 127.0.0.1',
    ],
    ['a thrown text', 'went wrong', 'went wrong'],
    ['a thrown thing', { a: 1n }, 'object was thrown, not an error'],
  ])('gives %s', (_name, error, wanted) => {
    expect(describeError(error)).toBe(wanted);
  });

  it('ends on a cause that is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)).toBe('round');
  });
});

it('tells an abort from a failure', () => {
  expect(isAbort(new DOMException('Aborted', 'AbortError'))).toBe(true);
  expect(isAbort(new DOMException('late', 'TimeoutError'))).toBe(false);
  expect(isAbort('AbortError')).toBe(false);
});

it('gives usage errors a code of their own', () => {
  expect(new UsageError('no').code).toBe('usage');
  expect(new UsageError('no', { code: 'unknown-table' }).code).toBe('unknown-table');
});

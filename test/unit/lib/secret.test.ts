import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';

describe('a secret', () => {
  const secret = new Secret('geheim');

  test.each([
    ['as text', () => String(secret)],
    ['joined', () => [secret, secret].join()],
    ['as JSON', () => JSON.stringify({ secret })],
    ['to a debugger', () => inspect({ deep: { secret } }, { depth: 5, showHidden: true })],
    ['by its keys', () => JSON.stringify(Object.entries(secret))],
  ])('does not show itself %s', (_, show) => {
    expect(show()).not.toContain('geheim');
  });

  test('shows itself when asked', () => {
    expect(secret.reveal()).toBe('geheim');
  });
});

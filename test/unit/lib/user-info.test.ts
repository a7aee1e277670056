import { describe, expect, it } from 'vitest';
import { maskUserInfo, maskUserInfoInWords } from '../../../src/lib/user-info.ts';

describe('maskUserInfo', () => {
  it.each([
    ['http://admin:secret@fe:4000', 'http://***@fe:4000'],
    ['HTTPS://secret@fe', 'HTTPS://***@fe'],
    ['ftp://admin:secret@fe', 'ftp://***@fe'],
    ['http:/admin:secret@fe', 'http:/***@fe'],
    ['http:admin:secret@fe', 'http:***@fe'],
    ['https:///admin:secret@fe', 'https:///***@fe'],
    ['admin:secret@fe:4000', '***@fe:4000'],
    ['htp:/admin:secret@fe', '***@fe'],
    [' http://admin:secret@fe', '***@fe'],
    ['http://admin:sec@secret@fe', 'http://***@fe'],
    ['http://admin:secret/secret?secret#secret@fe', 'http://***@fe'],
    ['http://admin:secret\nsecret@fe', 'http://***@fe'],
    ['http://admin:secret%40fe', 'http://***@fe'],
    ['[http://a:secret@b, http://a:secret@c', '***@c'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskUserInfo(text)).toBe(masked);
  });

  it.each(['', '@daily', 'http://fe:4000', 'public.*', '0 4 * * *', '/etc/file'])('%j stays', (text) => {
    expect(maskUserInfo(text)).toBe(text);
  });

  it('takes no longer than the text is long', () => {
    expect(maskUserInfo('http:'.repeat(100_000))).toHaveLength(500_000);
  });
});

it('maskUserInfoInWords keeps the sentence around', () => {
  expect(maskUserInfoInWords('Not a YAML token: http://admin:secret@fe')).toBe(
    'Not a YAML token: http://***@fe',
  );
});

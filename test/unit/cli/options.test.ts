import { describe, expect, it } from 'vitest';
import {
  parseDurationOption,
  parseIds,
  parseWeights,
  parseWhatIf,
  parseWhole,
} from '../../../src/cli/options.ts';
import type { WhatIfFlags } from '../../../src/cli/options.ts';
import { UsageError } from '../../../src/domain/errors.ts';

describe('options', () => {
  it.each([
    ['3', ['3']],
    ['3,4', ['3', '4']],
    [' 3 , 18446744073709551615', ['3', '18446744073709551615']],
  ])('reads the ids %j', (text, wanted) => {
    expect(parseIds('--drain', text)).toEqual(wanted);
  });

  it.each([
    ['', '--drain: found "", wanted a decimal id such as 3'],
    ['3,', '--drain: found "", wanted a decimal id'],
    ['x', '--drain: found "x", wanted a decimal id'],
    ['-1', '--drain: found "-1", wanted a decimal id'],
    ['01', '--drain: found "01", wanted a decimal id'],
    ['18446744073709551616', '--drain: found "18446744073709551616", wanted a decimal id'],
    ['3,4,3', '--drain: found 3 twice, wanted each id once'],
  ])('refuses the ids %j', (text, message) => {
    expect(() => parseIds('--drain', text)).toThrow(message);
    expect(() => parseIds('--drain', text)).toThrow(UsageError);
  });

  it('reads weights', () => {
    expect(parseWeights('--weight', '3=2, 4=1000000')).toEqual({ 3: 2, 4: 1_000_000 });
  });

  it.each([
    ['3', '--weight: found "3", wanted ID=WEIGHT such as 3=2'],
    ['3=2=1', '--weight: found "3=2=1", wanted ID=WEIGHT'],
    ['3=0', '--weight: found weight "0", wanted a whole number from 1 to 1000000'],
    ['3=1.5', '--weight: found weight "1.5", wanted a whole number'],
    ['3=-1', '--weight: found weight "-1", wanted a whole number'],
    ['3=1e3', '--weight: found weight "1e3", wanted a whole number'],
    ['3=1000001', '--weight: found weight "1000001", wanted a whole number'],
    ['x=1', '--weight: found "x", wanted a decimal id'],
    ['3=1,3=2', '--weight: found datanode 3 twice, wanted each once'],
  ])('refuses the weights %j', (text, message) => {
    expect(() => parseWeights('--weight', text)).toThrow(message);
  });

  it('keeps a datanode called __proto__ from being one', () => {
    expect(() => parseWeights('--weight', '__proto__=1')).toThrow('wanted a decimal id');
  });

  it.each([
    ['5', '--for: found "5", wanted a duration such as 30s, 5m or 1h30m'],
    ['0s', '--for: found "0s", wanted a duration'],
    ['soon', '--for: found "soon", wanted a duration'],
  ])('refuses the duration %j', (text, message) => {
    expect(() => parseDurationOption('--for', text)).toThrow(message);
  });

  it.each(['', '-1', '1.5', '65536', '0x10', 'x', ' 1'])('refuses the port %j', (text) => {
    expect(() => parseWhole('--port', text, 0, 65_535)).toThrow(
      `--port: found ${JSON.stringify(text)}, wanted a whole number from 0 to 65535`,
    );
  });

  it.each<[WhatIfFlags, string]>([
    [
      { addDatanode: '7', removeDatanode: '7' },
      'Datanode 7 cannot be in both --add-datanode and --remove-datanode',
    ],
    [{ drain: '7', cordon: '6,7' }, 'Datanode 7 cannot be in both --drain and --cordon'],
    [{ removeDatanode: '7', cordon: '7' }, 'Datanode 7 cannot be in both --remove-datanode and --cordon'],
  ])('refuses changes that contradict each other: %j', (flags, message) => {
    expect(() => parseWhatIf(flags)).toThrow(message);
  });
});

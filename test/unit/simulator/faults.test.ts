import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import { FAULT_NAMES, FaultBox, parseFaults } from '../../../src/simulator/faults/faults.ts';

describe('parseFaults reads', () => {
  it.each([
    ['', []],
    [' , ', []],
    ['lost-answer', [{ name: 'lost-answer', scope: 'any', probability: null, afterMs: 0 }]],
    ['latency=0.25', [{ name: 'latency', scope: 'any', probability: 0.25, afterMs: 0 }]],
    ['node-death@1h30m', [{ name: 'node-death', scope: 'any', probability: null, afterMs: 5_400_000 }]],
    ['http-500:submit=1@30s', [{ name: 'http-500', scope: 'submit', probability: 1, afterMs: 30_000 }]],
    [
      'rollback, leader-change=0.5',
      [
        { name: 'rollback', scope: 'any', probability: null, afterMs: 0 },
        { name: 'leader-change', scope: 'any', probability: 0.5, afterMs: 0 },
      ],
    ],
  ])('%j', (text, settings) => {
    expect(parseFaults(text)).toEqual(settings);
  });

  it('every name', () => {
    expect(parseFaults(FAULT_NAMES.join()).map(({ name }) => name)).toEqual(FAULT_NAMES);
  });
});

describe('parseFaults refuses', () => {
  it.each([
    ['meteor', /known: .*lost-answer.*stale-routes/],
    ['latency=2', /probability/],
    ['latency=0.1.2', /probability/],
    ['latency=-1', /No fault/],
    ['latency@30', /duration/],
    ['latency:write', /No fault/],
    ['rollback:submit', /does not strike requests/],
    ['latency=0.2;rollback', /No fault/],
  ])('%j', (text, message) => {
    expect(() => parseFaults(text)).toThrow(UsageError);
    expect(() => parseFaults(text)).toThrow(message);
  });
});

describe('a fault', () => {
  function box(): { faults: FaultBox; pass: (ms: number) => void; changes: () => number } {
    let nowMs = 0;
    let changes = 0;
    const faults = new FaultBox({ monotonicMs: () => nowMs, prng: createPrng(1) });
    faults.onChange(() => (changes += 1));
    return { faults, pass: (ms) => (nowMs += ms), changes: () => changes };
  }

  it.each([
    ['rollback', 'rollback', 'read', [true, false, false]],
    ['rollback,rollback', 'rollback', 'read', [true, true, false]],
    ['redirect=1', 'redirect', 'read', [true, true, true]],
    ['lost-answer:submit=1', 'lost-answer', 'read', [false, false, false]],
    ['lost-answer:submit=1', 'lost-answer', 'submit', [true, true, true]],
  ] as const)('%s: whether %s strikes a %s', (settings, name, scope, expected) => {
    const { faults } = box();
    faults.set(settings);
    expect([1, 2, 3].map(() => faults.strikes(name, scope))).toEqual(expected);
    expect(faults.active.length > 0).toBe(settings.includes('='));
  });

  it('with a probability strikes about that often', () => {
    const { faults } = box();
    faults.set('latency=0.3');
    const strikes = Array.from({ length: 10_000 }, () => faults.strikes('latency')).filter(Boolean).length;
    expect(strikes).toBeGreaterThan(2_800);
    expect(strikes).toBeLessThan(3_200);
  });

  it('with a delay waits for it', () => {
    const { faults, pass } = box();
    faults.set('redirect@30s');
    pass(29_999);
    expect(faults.strikes('redirect')).toBe(false);
    pass(1);
    expect(faults.strikes('redirect')).toBe(true);
  });

  it('is replaced and taken away at run time, and each change is told', () => {
    const { faults, changes } = box();
    faults.set('latency=1,redirect=1');
    expect(faults.active.map(({ name }) => name)).toEqual(['latency', 'redirect']);
    faults.set('hang=1');
    expect(faults.has('latency')).toBe(false);
    faults.clear();
    expect(faults.active).toEqual([]);
    expect(changes()).toBe(3);
  });
});

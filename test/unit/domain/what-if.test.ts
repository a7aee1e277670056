import { describe, expect, it } from 'vitest';
import { applyWhatIf } from '../../../src/domain/what-if.ts';
import type { PlanBasis, WhatIf } from '../../../src/domain/what-if.ts';
import { DEFAULT_POLICY, SMALL_SNAPSHOT } from '../../support/plans.ts';

const BASIS: PlanBasis = {
  snapshot: SMALL_SNAPSHOT,
  policy: { ...DEFAULT_POLICY, weights: { 0: 2, 3: 3 }, drain: ['0'], cordon: ['3'] },
};

function imagine(changes: Partial<WhatIf>): PlanBasis {
  return applyWhatIf(BASIS, { add: [], remove: [], drain: [], cordon: [], weights: {}, ...changes });
}

describe('applyWhatIf', () => {
  it('changes nothing when nothing is imagined', () => {
    expect(imagine({})).toEqual(BASIS);
  });

  it('adds empty datanodes that live', () => {
    const { snapshot } = imagine({ add: ['7', '8'] });
    expect(snapshot.datanodes.slice(2)).toEqual([
      { id: '7', addr: '', status: 'alive' },
      { id: '8', addr: '', status: 'alive' },
    ]);
    expect(snapshot.regions).toBe(SMALL_SNAPSHOT.regions);
  });

  it('lets a datanode that is to leave drain', () => {
    expect(imagine({ remove: ['3'] }).policy).toMatchObject({ drain: ['0', '3'], cordon: [] });
  });

  it('keeps what the policy says, and lets the new word win', () => {
    const { policy } = imagine({ weights: { 3: 1 }, drain: ['3'], cordon: ['0'] });
    expect(policy).toMatchObject({ weights: { 0: 2, 3: 1 }, drain: ['3'], cordon: ['0'] });
  });

  it('takes weights and drains of datanodes that join', () => {
    expect(imagine({ add: ['7'], weights: { 7: 4 } }).policy.weights).toEqual({ 0: 2, 3: 3, 7: 4 });
  });

  it.each<[string, Partial<WhatIf>, string]>([
    [
      'a datanode that is there joins',
      { add: ['3'] },
      '--add-datanode 3: the snapshot has datanode 3 already',
    ],
    [
      'an unknown one leaves',
      { remove: ['9'] },
      '--remove-datanode 9: the snapshot has no datanode 9; it has 0, 3',
    ],
    ['an unknown one drains', { drain: ['9'] }, '--drain 9: the snapshot has no datanode 9'],
    ['an unknown one is cordoned', { cordon: ['9'] }, '--cordon 9: the snapshot has no datanode 9'],
    ['an unknown one is weighed', { weights: { 9: 2 } }, '--weight 9: the snapshot has no datanode 9'],
    [
      'one that joins leaves',
      { add: ['9'], remove: ['9'] },
      '--remove-datanode 9: the snapshot has no datanode 9',
    ],
  ])('is refused when %s', (_name, changes, message) => {
    expect(() => imagine(changes)).toThrow(message);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOAD_PATTERNS } from '../../../src/simulator/cluster/region-loads.ts';
import { FAULT_NAMES } from '../../../src/simulator/faults/faults.ts';
import { findProfile, profileNames } from '../../../src/simulator/index.ts';

const page = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');
const section = (title: string): string => page.split(/^## /m).find((part) => part.startsWith(title)) ?? '';
const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');
const firstCells = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => words(line.split('|')[1] ?? ''));

describe('the page of the simulator', () => {
  it('names every fault, and no other', () => {
    expect(firstCells(section('Faults')).sort()).toEqual([...FAULT_NAMES].sort());
  });

  it('names every kind of load, and no other', () => {
    expect(firstCells(section('Loads'))).toEqual([...LOAD_PATTERNS]);
  });

  it('names profiles that exist, each version among them', () => {
    const named = firstCells(section('Profiles'));
    expect(named.filter((name) => !profileNames().includes(name))).toEqual([]);
    const versions = new Set(named.map((name) => findProfile(name).version));
    for (const name of profileNames()) expect(versions).toContain(findProfile(name).version);
  });
});

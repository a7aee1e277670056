import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOnlyState } from '../../../src/store/read-only-state.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { sampleMove } from '../../support/observability.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const clock = { now: () => NOW_MS };

function writeMove(path: string): void {
  const store = openStore({ path, cluster: 'prod' }, { clock });
  const cycleId = store.beginCycle('once', NOW_MS);
  const move = store.createMove(sampleMove({ cycleId, regionId: '7', createdAtMs: NOW_MS }));
  store.writeMove({
    moveId: move.id,
    expected: 'planned',
    state: 'succeeded',
    atMs: NOW_MS + 5_000,
    submittedAtMs: NOW_MS + 1_000,
    endedAtMs: NOW_MS + 5_000,
    cause: 'moved',
    detail: '',
    effects: { cooldownUntilMs: NOW_MS + 60_000 },
  });
  store.addRequest('drain', { datanode: '3', by: 'test', atMs: NOW_MS });
  store.addRequest('cordon', { datanode: '4', by: 'test', atMs: NOW_MS });
  expect(readOnlyState(path, 'prod', NOW_MS)?.recentDurationsMs, 'while another holds the folder').toEqual([
    4_000,
  ]);
  store.close();
}

test('a state shows rests and durations, beside the process that works and after it', () => {
  const path = join(tempFolder(), 'state');
  writeMove(path);
  expect(readOnlyState(path, 'prod', NOW_MS)).toEqual({
    memory: { cooldowns: [{ regionId: '7', untilMs: NOW_MS + 60_000 }], quarantine: [], datanodes: [] },
    requests: { drain: ['3'], cordon: ['4'] },
    recentDurationsMs: [4_000],
    standing: {
      pause: undefined,
      failureRun: 0,
      submittedThisHour: expect.any(Number),
      undoneMoves: 0,
      ownRegions: [],
    },
    checkCluster: expect.any(Function),
  });
  expect(readOnlyState(path, 'prod', NOW_MS + 60_000)?.memory.cooldowns).toEqual([]);
});

test('where there is no state, or none that can be read, there is none to see', () => {
  const path = join(tempFolder(), 'other');
  expect(readOnlyState(path, 'prod', NOW_MS)).toBeUndefined();
  mkdirSync(path);
  writeFileSync(join(path, 'rebalancer.db'), 'not a database');
  expect(readOnlyState(path, 'prod', NOW_MS)).toBeUndefined();
});

test('a state of another cluster is refused, by its name and by what was read', () => {
  const path = join(tempFolder(), 'state');
  const store = openStore({ path, cluster: 'prod' }, { clock });
  const table = { id: '1024', catalog: 'greptime', schema: 'public', name: 'cpu' };
  store.checkCluster({ tables: [table] });
  store.close();
  expect(() => readOnlyState(path, 'staging', NOW_MS)).toThrow(
    /belongs to the cluster "prod", and cluster.name/,
  );
  const state = readOnlyState(path, 'prod', NOW_MS);
  expect(() => state?.checkCluster({ tables: [{ ...table, name: 'disk' }] })).toThrow(
    /known tables have other names/,
  );
});

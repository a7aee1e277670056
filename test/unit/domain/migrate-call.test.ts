import { describe, expect, it } from 'vitest';
import { migrateStatement, migrationPath } from '../../../src/domain/migrate-call.ts';

const REQUEST = { regionId: '4398046511105', from: '1', to: '2', replayTimeoutMs: 300_000 };

describe('the call that migrates a region', () => {
  it.each([
    ['ADMIN', 300_000, 'ADMIN migrate_region(4398046511105, 1, 2, 300)'],
    ['SELECT', 1, 'SELECT migrate_region(4398046511105, 1, 2, 1)'],
    ['ADMIN', 1_001, 'ADMIN migrate_region(4398046511105, 1, 2, 2)'],
  ] as const)(
    'is a statement of whole seconds, never of fewer: %s, %i ms',
    (form, replayTimeoutMs, expected) => {
      expect(migrateStatement(form, { ...REQUEST, replayTimeoutMs })).toBe(expected);
    },
  );

  it.each([
    [
      1_500,
      7,
      '/admin/region-migration?cluster_id=7&region_id=4398046511105&from_peer_id=1&to_peer_id=2&replay_timeout=1500ms',
    ],
    [
      300_000,
      0,
      '/admin/region-migration?cluster_id=0&region_id=4398046511105&from_peer_id=1&to_peer_id=2&replay_timeout=300s',
    ],
  ])('is a path of the admin interface: %i ms', (replayTimeoutMs, clusterId, expected) => {
    expect(migrationPath({ ...REQUEST, replayTimeoutMs }, clusterId)).toBe(expected);
  });

  it('lets nothing but numbers in', () => {
    const request = { ...REQUEST, regionId: '1); DROP TABLE t; --' };
    expect(() => migrateStatement('ADMIN', request)).toThrow(TypeError);
    expect(() => migrationPath(request, 0)).toThrow(TypeError);
  });
});

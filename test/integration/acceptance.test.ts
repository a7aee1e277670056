import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { describeFigures, isAccepted } from '../../scripts/acceptance-report.ts';
import { runAcceptance } from '../../scripts/acceptance-run.ts';
import type { AcceptanceFigures } from '../../scripts/acceptance-run.ts';
import { PARTS, preflightRig } from '../support/preflight-rig.ts';
import type { Rig } from '../support/preflight-rig.ts';

function accept(
  { listening: { served }, folder }: Rig,
  signal: AbortSignal,
  nemesis?: string,
): Promise<AcceptanceFigures> {
  const config = readConfig({
    env: {},
    cwd: folder,
    set: [
      `cluster.sql.endpoints=${JSON.stringify(served.frontend)}`,
      'cluster.name=test',
      'execution.pollInterval=20ms',
    ],
  });
  const call = { signal, say: () => undefined };
  return runAcceptance({ forMs: 1_000, everyMs: 100, nemesis }, config, PARTS, call);
}

test('a cluster is accepted when no row is lost and it is balanced at the end', async (context) => {
  const rig = await preflightRig(context);
  const figures = await accept(rig, context.signal, 'true');
  expect(figures).toMatchObject({ rowsLost: 0, balanced: true, left: undefined });
  expect(figures.migrations['succeeded']).toBeGreaterThan(3);
  expect(figures.drains).toBeGreaterThan(0);
  expect(figures.strikes).toBeGreaterThan(0);
  expect(figures.writes.acknowledged).toBeGreaterThan(50);
  expect(isAccepted(figures)).toBe(true);
  expect([...describeFigures(figures)][0]).toMatch(/^accepted: 0 of \d+ acknowledged rows lost$/);
  const schemas = rig.listening.cluster.truth.sortedTables().map(({ schema }) => schema);
  expect(schemas).not.toContain('greptime_rebalancer_preflight');
});

test('one that loses rows is not', async (context) => {
  const rig = await preflightRig(context);
  rig.listening.cluster.faults.set('lost-rows=1');
  const figures = await accept(rig, context.signal);
  expect(figures.rowsLost).toBeGreaterThan(0);
  expect([...describeFigures(figures)][0]).toMatch(/^NOT ACCEPTED: [\d ]+ of [\d ]+ acknowledged rows lost$/);
});

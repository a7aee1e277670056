import { afterEach, describe, expect, it } from 'vitest';
import { planNow, type Planner } from '../../../src/app/planning/planner.ts';
import { runOnce } from '../../../src/app/commands/once.ts';
import { readConfig } from '../../../src/config/load.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { SMALL_SNAPSHOT } from '../../support/plans.ts';
import { useTempFolders } from '../../support/temp-folder.ts';

const newFolder = useTempFolders();
let store: Store | undefined;
afterEach(() => store?.close());

describe('a state folder that only commands use', () => {
  it('keeps no more than its retention', async () => {
    const folder = newFolder();
    const clock = new VirtualClock();
    const cluster = new FakeCluster({ regions: {} }, clock);
    cluster.readSnapshot = () =>
      Promise.resolve({ ...SMALL_SNAPSHOT, takenAt: new Date(clock.now()).toISOString() });
    const config = readConfig({
      env: {},
      cwd: folder,
      set: [
        'cluster.sql.endpoints=["http://127.0.0.1:1"]',
        `state.path=${folder}/state`,
        'state.retention=1h',
      ],
    });
    const planner: Planner = (input, options) => Promise.resolve(planNow(input, options, clock));
    const parts = {
      ...{ version: '0', clock, planner, logger: silentLogger },
      openCluster: () => Promise.resolve(cluster),
    };
    for (let run = 0; run < 10; run += 1) {
      await clock.advance(1_200_000);
      await runOnce(config, parts, { signal: new AbortController().signal, watch: () => undefined });
    }
    store = openStore({ path: `${folder}/state` }, { clock });
    // The last hour: the last cycle, and those 20, 40 and 60 minutes before it.
    expect(store.listCycles(100)).toHaveLength(4);
  });
});

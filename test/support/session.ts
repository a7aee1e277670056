import { onTestFinished } from 'vitest';
import { ClusterSession } from '../../src/app/daemon/cluster-session.ts';
import type { ClusterSessionDependencies } from '../../src/app/daemon/cluster-session.ts';
import { Daemon } from '../../src/app/daemon/daemon.ts';
import { planNow } from '../../src/app/planning/planner.ts';
import { readConfig } from '../../src/config/load.ts';
import { readSecrets } from '../../src/config/secrets.ts';
import type { StampedEvent } from '../../src/observability/events.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';
import { REGION } from './executor.ts';
import { FakeCluster } from './fake-cluster.ts';

export interface SessionRig extends Pick<ClusterSessionDependencies, 'planner'> {
  readonly clock: VirtualClock;
  readonly cluster: FakeCluster;
  readonly session: ClusterSession;
  /** With a schedule that never fires. */
  readonly daemon: Daemon;
  readonly events: StampedEvent[];
}

interface SessionRigOptions extends Partial<Omit<ClusterSessionDependencies, 'clock'>> {
  readonly clock?: VirtualClock;
  /** `execution.dryRun=true` and the like. */
  readonly set?: readonly string[];
}

/** A cluster session that acts on a scripted cluster, with its state in memory, in virtual time. Closed after the test. */
export async function createSessionRig({ set = [], ...given }: SessionRigOptions = {}): Promise<SessionRig> {
  const clock = given.clock ?? new VirtualClock(Date.UTC(2026, 0, 5, 12));
  const cluster = new FakeCluster({ regions: { [REGION]: '0' } }, clock);
  const endpoints = 'cluster.sql.endpoints=["http://127.0.0.1:1"]';
  const config = readConfig({ env: {}, cwd: '/', set: [endpoints, 'execution.dryRun=false', ...set] });
  const dependencies: ClusterSessionDependencies = {
    planner: (input, options) => Promise.resolve(planNow(input, options, clock)),
    openCluster: () => Promise.resolve(cluster),
    logger: silentLogger,
    store: openStore({ path: ':memory:' }, { clock }),
    ...given,
    clock,
  };
  const session = new ClusterSession({ config, secrets: await readSecrets(config) }, dependencies);
  const daemon = new Daemon(session, () => ({
    nextTickAtMs: () => undefined,
    intervalMs: () => 3_600_000,
    stop: () => undefined,
  }));
  const events: StampedEvent[] = [];
  session.events.subscribe((event) => events.push(event));
  onTestFinished(async () => {
    await daemon.stop();
    await session.close();
  });
  return { clock, cluster, session, daemon, events, planner: dependencies.planner };
}

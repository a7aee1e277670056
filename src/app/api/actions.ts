import { OperatingError } from '../../domain/errors.ts';
import { withDrains } from '../../domain/policy.ts';
import { snapshotNow } from '../../observability/live-state.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { DrainRequest, ServerActions, UndrainRequest } from '../../server/api/ports.ts';
import type { DrainView, UndrainView } from '../../server/api/answers.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { Planner } from '../planning/planner.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';

export interface ActionDependencies {
  readonly session: ClusterSession;
  readonly daemon: Daemon;
  readonly live: LiveSource;
  readonly planner: Planner;
}

/** What the HTTP server may cause. Every action is written to the audit first. */
export function createActions(dependencies: ActionDependencies): ServerActions {
  const { session, daemon, live } = dependencies;
  const { store, clock, events } = session;
  const audit = (who: string, what: string, why: string): void =>
    store.addAudit({ atMs: clock.now(), who, what, why });
  return {
    pause({ forMs, reason, by }) {
      const atMs = clock.now();
      const untilMs = forMs === undefined ? null : atMs + forMs;
      audit(by, 'pause', reason);
      store.setPause({ reason, by, atMs, untilMs });
      events.emit({ type: 'paused', untilMs, reason, by });
      return { untilMs, reason, by };
    },
    resume({ by }) {
      audit(by, 'resume', '');
      store.clearPause();
      events.emit({ type: 'resumed', by });
    },
    trigger({ by }) {
      audit(by, 'trigger', '');
      const started = daemon.tick('manual');
      const { cycle } = live.state();
      if (cycle) return { kind: started ? 'started' : 'running', cycleId: cycle.id };
      const detail = daemon.isStopping
        ? 'The daemon is stopping; no cycle is started.'
        : 'The cycle could not begin: the state folder cannot be used, as GET /readyz tells.';
      return { kind: 'refused', detail };
    },
    drain: (request) => drain(dependencies, request, audit),
    undrain: (request) => undrain(dependencies, request, audit),
    releaseQuarantine({ regionId, datanodeId, by }) {
      const what = regionId === undefined ? `datanode ${datanodeId}` : `region ${regionId}`;
      audit(by, 'release-quarantine', what);
      const released =
        regionId === undefined ? store.releaseDatanode(datanodeId) : store.releaseQuarantine(regionId);
      if (released) events.emit({ type: 'quarantine-released', what, by });
      return { released };
    },
  };
}

async function drain(
  { session, daemon, live, planner }: ActionDependencies,
  { datanodes, by, dryRun }: DrainRequest,
  audit: (who: string, what: string, why: string) => void,
): Promise<DrainView> {
  const { store, clock, events } = session;
  const snapshot = snapshotNow(live.state());
  if (!snapshot)
    throw new OperatingError(
      'no-snapshot',
      'The cluster has not been read yet: ask again after the first cycle',
    );
  for (const id of datanodes) {
    if (snapshot.datanodes.some((datanode) => datanode.id === id)) continue;
    throw new OperatingError('unknown-datanode', `The cluster has no datanode ${id}`);
  }
  const policy = withDrains(session.policy(), datanodes);
  const nowMs = clock.now();
  const input = { snapshot, policy, memory: store.memory(nowMs), nowMs };
  const { plan } = await planner(input, { timeBudgetMs: session.config.planning.timeBudgetMs }, NEVER);
  if (!dryRun) {
    audit(by, 'drain', `datanodes ${datanodes.join(', ')}`);
    for (const datanode of datanodes) store.addDrain({ datanode, by, atMs: clock.now() });
    events.emit({ type: 'drain-requested', datanodes, by });
    daemon.tick('drain');
  }
  return { dryRun, draining: policy.drain, plan };
}

/** All of them or none: a request that names a wrong datanode changes nothing. */
function undrain(
  { session }: ActionDependencies,
  { datanodes, by }: UndrainRequest,
  audit: (who: string, what: string, why: string) => void,
): UndrainView {
  const { store, events, config } = session;
  const asked = new Set(store.drains().map(({ datanode }) => datanode));
  for (const id of datanodes) {
    if (config.datanodes.drain.includes(id)) {
      throw new OperatingError(
        'configured-drain',
        `Datanode ${id} drains because datanodes.drain names it: take it out of the configuration`,
      );
    }
    if (!asked.has(id)) throw new OperatingError('not-draining', `Datanode ${id} does not drain`);
  }
  audit(by, 'undrain', `datanodes ${datanodes.join(', ')}`);
  for (const id of datanodes) store.removeDrain(id);
  events.emit({ type: 'drain-ended', datanodes, by });
  return { draining: session.policy().drain };
}

const NEVER = new AbortController().signal;

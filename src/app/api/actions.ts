import { OperatingError } from '../../domain/errors.ts';
import { nameDatanodes } from '../../domain/ids.ts';
import type { DatanodeId } from '../../domain/ids.ts';
import { withRequests } from '../../domain/policy.ts';
import type { RequestKind } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { snapshotNow } from '../../observability/live-state.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { DrainView } from '../../server/api/answers.ts';
import type { DatanodesRequest, DrainRequest, MaybePromise, ServerActions } from '../../server/api/ports.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { notLeader } from '../ha/leadership.ts';
import type { Planner } from '../planning/planner.ts';

interface ActionDependencies {
  readonly session: ClusterSession;
  readonly daemon: Pick<Daemon, 'tick' | 'replan' | 'isStopping'>;
  readonly live: LiveSource;
  readonly planner: Planner;
}

/**
 * What the HTTP server may cause. It is the leader's to do: a standby refuses and names it. Every action is written to the audit first. Drains
 * and cordons hold until they are taken back.
 */
export function createActions(dependencies: ActionDependencies): ServerActions {
  const { session, daemon, live } = dependencies;
  const { store, clock, events, leadership } = session;
  const audit = (who: string, what: string, why: string): void =>
    store.addAudit({ atMs: clock.now(), who, what, why });
  const asLeader = <T>(act: () => T): T => {
    if (!leadership.isActing()) throw notLeader(leadership.status().holder);
    return act();
  };
  /** What is to outlive the leader is left for its successor before the answer is given. */
  const kept = async <T>(act: () => MaybePromise<T>): Promise<T> => {
    const result = await asLeader(act);
    await leadership.publish(NEVER);
    return result;
  };
  const ask = (kind: RequestKind, { datanodes, by }: DatanodesRequest): void => {
    audit(by, kind, nameDatanodes(datanodes));
    for (const datanode of datanodes) store.addRequest(kind, { datanode, by, atMs: clock.now() });
    events.emit({ type: `${kind}-requested`, datanodes, by });
    daemon.replan(kind);
  };
  const takeBack = (kind: RequestKind, { datanodes, by }: DatanodesRequest): void => {
    refuseStanding(session, kind, datanodes);
    audit(by, `un${kind}`, nameDatanodes(datanodes));
    for (const id of datanodes) store.removeRequest(kind, id);
    events.emit({ type: `${kind}-ended`, datanodes, by });
    daemon.replan(kind);
  };
  return {
    pause: ({ forMs, reason, by }) =>
      kept(() => {
        const atMs = clock.now();
        const untilMs = forMs === undefined ? null : atMs + forMs;
        audit(by, 'pause', reason);
        store.setPause({ reason, by, atMs, untilMs });
        events.emit({ type: 'paused', untilMs, reason, by });
        return { untilMs, reason, by };
      }),
    resume: ({ by }) =>
      kept(() => {
        audit(by, 'resume', '');
        const resumed = store.pause(clock.now()) !== undefined;
        store.clearPause();
        if (resumed) events.emit({ type: 'resumed', by });
        return { resumed };
      }),
    drain: (request) =>
      kept(async () => {
        const view = await previewDrain(dependencies, request);
        if (!request.dryRun) ask('drain', request);
        return view;
      }),
    undrain: (request) =>
      kept(() => {
        takeBack('drain', request);
        return { draining: session.policy().drain };
      }),
    cordon: (request) =>
      kept(() => {
        snapshotWith(live, request.datanodes);
        ask('cordon', request);
        return { cordoned: session.policy().cordon };
      }),
    uncordon: (request) =>
      kept(() => {
        takeBack('cordon', request);
        return { cordoned: session.policy().cordon };
      }),
    trigger: ({ by }) =>
      asLeader(() => {
        audit(by, 'trigger', '');
        const started = daemon.tick('manual');
        const { cycle } = live.state();
        if (cycle && started) return { kind: 'started', cycleId: cycle.id, paused: session.pause() };
        if (cycle) return { kind: 'running', cycleId: cycle.id };
        const detail = daemon.isStopping
          ? 'The daemon is stopping; no cycle is started.'
          : 'The cycle could not begin: the state folder cannot be used, as GET /readyz tells.';
        return { kind: 'refused', detail };
      }),
    releaseQuarantine: (request) =>
      asLeader(() => {
        const { by } = request;
        const isRegion = 'regionId' in request;
        const what = isRegion ? `region ${request.regionId}` : `datanode ${request.datanodeId}`;
        audit(by, 'release-quarantine', what);
        const released = isRegion
          ? store.releaseQuarantine(request.regionId)
          : store.releaseDatanode(request.datanodeId);
        if (released) events.emit({ type: 'quarantine-released', what, by });
        return { released };
      }),
  };
}

/** How long somebody who asks for a preview waits for the cluster. */
const PREVIEW_READ_MS = 3_000;

async function previewDrain(
  { session, live, planner }: ActionDependencies,
  { datanodes, dryRun }: DrainRequest,
): Promise<DrainView> {
  const { store, clock, config } = session;
  const known = snapshotWith(live, datanodes);
  // What nobody drains yet was read without the tables that are not selected. A cluster that is slow or gone is shown as it was known.
  const snapshot = dryRun
    ? await session
        .readSnapshot({
          selector: compileSelection(config.tables, { everything: true }),
          signal: AbortSignal.timeout(PREVIEW_READ_MS),
        })
        .catch(() => known)
    : known;
  const policy = withRequests(session.policy(), { drain: datanodes });
  const nowMs = clock.now();
  const input = { snapshot, policy, memory: store.memory(nowMs), nowMs };
  const { plan } = await planner(input, { timeBudgetMs: config.planning.timeBudgetMs }, NEVER);
  return { dryRun, draining: policy.drain, plan };
}

/** @throws OperatingError `no-snapshot`, `unknown-datanode` */
function snapshotWith(live: LiveSource, datanodes: readonly DatanodeId[]): Snapshot {
  const snapshot = snapshotNow(live.state());
  if (!snapshot)
    throw new OperatingError(
      'no-snapshot',
      'The cluster has not been read yet: ask again after the first cycle',
    );
  const unknown = datanodes.find((id) => !snapshot.datanodes.some((datanode) => datanode.id === id));
  if (unknown === undefined) return snapshot;
  const known = snapshot.datanodes.map(({ id }) => id).join(', ') || 'none';
  throw new OperatingError('unknown-datanode', `The cluster has no datanode ${unknown}; it has ${known}`);
}

const STATES = {
  drain: { is: 'drains', isNot: 'does not drain', not: 'not-draining' },
  cordon: { is: 'is cordoned', isNot: 'is not cordoned', not: 'not-cordoned' },
} as const satisfies Record<RequestKind, object>;

/** All of them or none: a request that names a wrong datanode changes nothing. */
function refuseStanding(
  { store, config }: ClusterSession,
  kind: RequestKind,
  datanodes: readonly DatanodeId[],
): void {
  const { is, isNot, not } = STATES[kind];
  const asked = new Set(store.requested(kind).map(({ datanode }) => datanode));
  for (const id of datanodes) {
    if (config.datanodes[kind].includes(id)) {
      throw new OperatingError(
        `configured-${kind}`,
        `Datanode ${id} ${is} because datanodes.${kind} names it: take it out of the configuration`,
      );
    }
    if (!asked.has(id)) throw new OperatingError(not, `Datanode ${id} ${isNot}`);
  }
}

const NEVER = new AbortController().signal;

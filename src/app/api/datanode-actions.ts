import { OperatingError } from '../../domain/errors.ts';
import type { DatanodeId } from '../../domain/ids.ts';
import { withRequests } from '../../domain/policy.ts';
import type { RequestKind } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { snapshotNow } from '../../observability/live-state.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { DrainView } from '../../server/api/answers.ts';
import type { DatanodesRequest, DrainRequest, ServerActions } from '../../server/api/ports.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { Planner } from '../planning/planner.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';

export interface ActionDependencies {
  readonly session: ClusterSession;
  readonly daemon: Pick<Daemon, 'tick' | 'replan' | 'isStopping'>;
  readonly live: LiveSource;
  readonly planner: Planner;
}

export type Audit = (who: string, what: string, why: string) => void;

/** Drains and cordons that operators ask for, and take back, while the daemon runs. They hold until they are taken back. */
export function createDatanodeActions(
  dependencies: ActionDependencies,
  audit: Audit,
): Pick<ServerActions, 'drain' | 'undrain' | 'cordon' | 'uncordon'> {
  const ask = (kind: RequestKind, { datanodes, by }: DatanodesRequest): void => {
    const { store, clock, events } = dependencies.session;
    audit(by, kind, `datanodes ${datanodes.join(', ')}`);
    for (const datanode of datanodes) store.addRequest(kind, { datanode, by, atMs: clock.now() });
    events.emit({ type: `${kind}-requested`, datanodes, by });
    dependencies.daemon.replan(kind);
  };
  const takeBack = (kind: RequestKind, { datanodes, by }: DatanodesRequest): void => {
    const { store, events } = dependencies.session;
    refuseStanding(dependencies.session, kind, datanodes);
    audit(by, `un${kind}`, `datanodes ${datanodes.join(', ')}`);
    for (const id of datanodes) store.removeRequest(kind, id);
    events.emit({ type: `${kind}-ended`, datanodes, by });
    dependencies.daemon.replan(kind);
  };
  const { session } = dependencies;
  return {
    async drain(request) {
      const view = await previewDrain(dependencies, request);
      if (!request.dryRun) ask('drain', request);
      return view;
    },
    undrain(request) {
      takeBack('drain', request);
      return { draining: session.policy().drain };
    },
    cordon(request) {
      snapshotWith(dependencies.live, request.datanodes);
      ask('cordon', request);
      return { cordoned: session.policy().cordon };
    },
    uncordon(request) {
      takeBack('cordon', request);
      return { cordoned: session.policy().cordon };
    },
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
  drain: { is: 'drains', isNot: 'does not drain', not: 'not-draining', configured: 'configured-drain' },
  cordon: {
    is: 'is cordoned',
    isNot: 'is not cordoned',
    not: 'not-cordoned',
    configured: 'configured-cordon',
  },
} as const satisfies Record<RequestKind, object>;

/** All of them or none: a request that names a wrong datanode changes nothing. */
function refuseStanding(
  { store, config }: ClusterSession,
  kind: RequestKind,
  datanodes: readonly DatanodeId[],
): void {
  const { is, isNot, not, configured } = STATES[kind];
  const asked = new Set(store.requested(kind).map(({ datanode }) => datanode));
  for (const id of datanodes) {
    if (config.datanodes[kind].includes(id)) {
      throw new OperatingError(
        configured,
        `Datanode ${id} ${is} because datanodes.${kind} names it: take it out of the configuration`,
      );
    }
    if (!asked.has(id)) throw new OperatingError(not, `Datanode ${id} ${isNot}`);
  }
}

const NEVER = new AbortController().signal;

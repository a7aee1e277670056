import type { Config } from '../../config/config.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Memory } from '../../domain/policy.ts';
import { decimalId } from '../../lib/json.ts';
import { explain } from '../../planner/explain/explain.ts';
import type { PlanInput } from '../../planner/plan.ts';
import { isoTime, toMoveView } from '../../observability/event-view.ts';
import { movesAhead, movesLeft, snapshotNow } from '../../observability/live-state.ts';
import type { LiveState } from '../../observability/live-state.ts';
import { assessReadiness } from '../../observability/health.ts';
import type { HistoryQuery } from '../../server/api/inputs.ts';
import { createMatrixReader } from '../../server/api/matrix.ts';
import type { ServerViews } from '../../server/api/ports.ts';
import { buildQueue } from '../../server/api/queue.ts';
import { buildRegions } from '../../server/api/regions.ts';
import type { StatusFacts } from '../../server/api/status.ts';
import { buildStatus, withHolds } from '../../server/api/status.ts';
import type { RegionId } from '../../domain/ids.ts';
import { isFinal } from '../../domain/move.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { Store } from '../../store/port.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';
import { expectedTimeMs } from '../daemon/work-progress.ts';
import type { WatchedWork } from '../daemon/work-progress.ts';
import { readSeries } from './series.ts';

export interface ViewDependencies {
  readonly session: ClusterSession;
  readonly daemon: Daemon;
  readonly live: WatchedWork;
  readonly version: string;
  /** When the process started, on the monotonic clock. */
  readonly startedMs: number;
}

/** What the HTTP server may see of the running daemon. */
export function createViews(dependencies: ViewDependencies): ServerViews {
  const { session, daemon, live, version, startedMs } = dependencies;
  const { store, clock } = session;
  /** On the monotonic clock: a wall clock that is set back must not make an old snapshot young. */
  const readMatrix = createMatrixReader();
  let snapshotReadMs: number | undefined;
  session.events.subscribe(({ type }) => {
    if (type === 'snapshot-taken') snapshotReadMs = clock.monotonicMs();
  });
  const stateProblem = (): string | undefined => store.problem() ?? daemon.stateProblem;
  const statusFacts = (): StatusFacts => {
    const nowMs = clock.now();
    const { profile } = session.connection;
    const memory = store.memory(nowMs);
    const paused = session.pause();
    const timeLeftMs = live.timeLeftMs();
    return {
      live: live.state(),
      nowMs,
      uptimeMs: clock.monotonicMs() - startedMs,
      version,
      cluster: {
        name: session.config.cluster.name,
        api: profile?.api ?? null,
        version: profile?.version ?? '',
        features: profile?.features ?? [],
      },
      dryRun: session.config.execution.dryRun,
      paused,
      failures: paused?.by === 'breaker' ? failuresBehind(store) : [],
      leader: session.leadership.status(),
      stateProblem: stateProblem(),
      tables: session.config.tables,
      nextTickAtMs: daemon.nextTickAtMs(),
      scheduleIntervalMs: daemon.scheduleIntervalMs(),
      maxSnapshotAgeMs: daemon.maxSnapshotAgeMs(),
      timeLeftMs,
      expectedMs: timeLeftMs ?? expectedMs(live.state(), session.config, nowMs),
      silentMs: session.connection.silentMs(),
      drains: drainsOf(session),
      pid: process.pid,
      quarantined: memory.quarantine.length,
      quarantineEndsAtMs: firstEndMs([...memory.quarantine, ...memory.datanodes]),
      restingDatanodes: restingOf(memory.datanodes),
      cooling: memory.cooldowns.length,
    };
  };
  return {
    status: () => buildStatus(statusFacts()),
    snapshot: () => live.state().snapshot ?? undefined,
    plan: () => live.state().plan ?? undefined,
    history: (query) => findMoves(store, query),
    explain(kind, id) {
      const state = live.state();
      const snapshot = snapshotNow(state);
      if (!snapshot) return undefined;
      const nowMs = clock.now();
      const input: PlanInput = {
        snapshot,
        policy: session.policy(),
        memory: store.memory(nowMs),
        loads: session.loadsOf(snapshot),
        nowMs,
      };
      const plan = state.plan ?? NO_PLAN;
      const explanation = explain(input, { ...plan, moves: [...movesAhead(state)] }, kind, id);
      return explanation && withHolds(explanation, statusFacts());
    },
    quarantine: () => ({
      quarantined: store.listQuarantine(clock.now()).map(({ untilMs, ...region }) => {
        const move = lastFailure(store, region.regionId);
        return { ...region, until: isoTime(untilMs), move: move ? toMoveView(move) : null };
      }),
      datanodes: store
        .listDatanodeRests(clock.now())
        .map(({ datanode, role, failures, untilMs, detail }) => ({
          ...{ datanodeId: datanode, role, failures, until: isoTime(untilMs), detail },
        })),
    }),
    readiness() {
      return assessReadiness({
        leaderProblem: session.leadership.problem(),
        snapshotAgeMs: snapshotReadMs === undefined ? undefined : clock.monotonicMs() - snapshotReadMs,
        maxSnapshotAgeMs: daemon.maxSnapshotAgeMs(),
        stateProblem: stateProblem(),
      });
    },
    matrix: () => readMatrix(live.state()),
    regions: (query) => buildRegions(live.state(), query),
    queue: (query) => buildQueue(live.state(), query),
    series: (query) => readSeries(query, { store, live: live.state(), nowMs: clock.now() }),
    audit: (limit) => store.listAudit(limit).map(({ atMs, ...entry }) => ({ at: isoTime(atMs), ...entry })),
  };
}

/** Of a daemon that may not move anything now: as if it began now. */
function expectedMs(state: LiveState, config: Config, nowMs: number): number | undefined {
  const { recentDurationsMs } = state;
  return expectedTimeMs({ moves: movesLeft(state), recentDurationsMs }, config, nowMs);
}

function firstEndMs(rests: readonly { readonly untilMs: number }[]): number | undefined {
  return rests.reduce<number | undefined>(
    (first, { untilMs }) => Math.min(first ?? untilMs, untilMs),
    undefined,
  );
}

function restingOf(rests: Memory['datanodes']): StatusFacts['restingDatanodes'] {
  const byDatanode = Map.groupBy(rests, ({ datanode }) => datanode);
  return new Map([...byDatanode].map(([id, list]) => [id, list.map(({ role }) => role)]));
}

/** Of several who want it, the configuration is named: it alone cannot be taken back over the API. */
function drainsOf({ store, config }: ClusterSession): StatusFacts['drains'] {
  const asked = store
    .requested('drain')
    .map(({ datanode, by, atMs }) => [datanode, { since: isoTime(atMs), by }] as const);
  const configured = config.datanodes.drain.map(
    (id) => [id, { since: null, by: 'datanodes.drain' }] as const,
  );
  return new Map<string, { since: string | null; by: string }>([...asked, ...configured]);
}

/** Moves of a region that are looked through for the one that failed: what was called off since lies before it. */
const LOOKED_AT = 20;

function lastFailure(store: Pick<Store, 'listMoves'>, regionId: RegionId): MoveRecord | undefined {
  return store.listMoves({ regionId, limit: LOOKED_AT }).find(isFailure);
}

function isFailure({ state }: MoveRecord): boolean {
  return isFinal(state) && state !== 'succeeded' && state !== 'abandoned';
}

/** The newest failures of the run that paused the daemon; none where something else did. */
function failuresBehind(store: Pick<Store, 'listMoves' | 'failureRun'>): MoveRecord[] {
  const run = store.failureRun();
  return run === 0 ? [] : store.listMoves({ limit: LOOKED_AT }).filter(isFailure).slice(0, run);
}

const NO_PLAN: Pick<Plan, 'moves' | 'blocked'> = { moves: [], blocked: [] };

/** The store itself looks for them: reading all that are kept, to filter them here, would hold up everything for a second. */
function findMoves(
  store: Pick<Store, 'listMoves'>,
  { limit, before, outcome, reason, region, table, datanode, since, until }: HistoryQuery,
): readonly MoveRecord[] {
  const tableId = decimalId(table);
  return store.listMoves({
    limit,
    beforeId: before,
    state: outcome,
    reason,
    regionId: region,
    tableId,
    table: tableId === undefined ? table : undefined,
    datanodeId: datanode,
    sinceMs: since,
    untilMs: until,
  });
}

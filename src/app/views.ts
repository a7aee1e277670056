import type { Plan } from '../domain/plan.ts';
import { explain } from '../planner/explain.ts';
import type { PlanInput } from '../planner/plan.ts';
import { assessReadiness } from '../observability/health.ts';
import type { LiveStateTracker } from '../observability/live-state.ts';
import type { HistoryQuery, ServerViews } from '../server/ports.ts';
import { buildStatus } from '../server/status.ts';
import { outcomeOf, isFinal } from '../domain/move.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Daemon } from './daemon.ts';
import type { Worksite } from './worksite.ts';

export interface ViewDependencies {
  readonly site: Worksite;
  readonly daemon: Daemon;
  readonly live: LiveStateTracker;
  readonly version: string;
  readonly startedAtMs: number;
}

/** What the HTTP server may see of the running daemon. */
export function createViews(dependencies: ViewDependencies): ServerViews {
  const { site, daemon, live, version, startedAtMs } = dependencies;
  const { store, clock } = site;
  return {
    status() {
      const nowMs = clock.now();
      const { profile } = site.connection;
      const memory = store.memory(nowMs);
      return buildStatus({
        live: live.state(),
        nowMs,
        startedAtMs,
        version,
        cluster: {
          name: site.config.cluster.name,
          api: profile?.api ?? null,
          version: profile?.version ?? '',
          features: profile?.features ?? [],
        },
        dryRun: site.config.execution.dryRun,
        paused: store.pause(nowMs),
        leader: site.leadership.status(),
        nextTickAtMs: daemon.nextTickAtMs(),
        maxSnapshotAgeMs: daemon.maxSnapshotAgeMs(),
        pauseBetweenMovesMs: site.config.execution.pauseBetweenMovesMs,
        quarantined: memory.quarantine.length,
        cooling: memory.cooldowns.length,
      });
    },
    snapshot: () => live.state().snapshot ?? undefined,
    plan: () => live.state().plan ?? undefined,
    history: (query) => findMoves(site, query),
    explain(kind, id) {
      const { snapshot, plan } = live.state();
      if (!snapshot) return undefined;
      const nowMs = clock.now();
      const input: PlanInput = { snapshot, policy: site.policy(), memory: store.memory(nowMs), nowMs };
      return explain(input, plan ?? NO_PLAN, kind, id);
    },
    quarantine: () => store.listQuarantine(clock.now()),
    readiness() {
      const takenAt = live.state().snapshot?.takenAt;
      return assessReadiness({
        hasLeader: site.leadership.hasLeader(),
        snapshotAgeMs: takenAt === undefined ? undefined : Math.max(0, clock.now() - Date.parse(takenAt)),
        maxSnapshotAgeMs: daemon.maxSnapshotAgeMs(),
        stateProblem: daemon.stateProblem,
      });
    },
  };
}

const NO_PLAN: Pick<Plan, 'moves' | 'blocked'> = { moves: [], blocked: [] };

/** Moves are looked through in pages of this size, at most so many pages per request: the oldest are reached with `before`. */
const PAGE_SIZE = 1_000;
const MAX_PAGES = 200;

function findMoves({ store }: Worksite, query: HistoryQuery): MoveRecord[] {
  const found: MoveRecord[] = [];
  let beforeId = query.before;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const moves = store.listMoves({
      limit: PAGE_SIZE,
      ...(beforeId !== undefined && { beforeId }),
      ...(query.regionId !== undefined && { regionId: query.regionId }),
    });
    for (const move of moves) {
      if (matches(move, query)) found.push(move);
      if (found.length >= query.limit) return found;
    }
    const last = moves.at(-1);
    if (moves.length < PAGE_SIZE || !last) return found;
    beforeId = last.id;
  }
  return found;
}

function matches(move: MoveRecord, query: HistoryQuery): boolean {
  const { outcome, reason, tableId, table, datanodeId, sinceMs, untilMs } = query;
  return (
    (outcome === undefined || (isFinal(move.state) && outcomeOf(move.state) === outcome)) &&
    (reason === undefined || move.reason === reason) &&
    (tableId === undefined || move.tableId === tableId) &&
    (table === undefined || move.table.includes(table)) &&
    (datanodeId === undefined || move.from === datanodeId || move.to === datanodeId) &&
    (sinceMs === undefined || move.createdAtMs >= sinceMs) &&
    (untilMs === undefined || move.createdAtMs < untilMs)
  );
}

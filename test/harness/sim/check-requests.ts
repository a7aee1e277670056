import { serverWorstCaseMs } from '../../../src/executor/options.ts';
import { evaluateWindows } from '../../../src/executor/windows.ts';
import type { MoveRecord } from '../../../src/domain/move.ts';
import { saysMoved, type SentRequest } from './watch.ts';
import type { World } from './world.ts';

/** A rule, and how a request breaks it. */
export type Broken = readonly [rule: string, detail: string];

/**
 * How old may be what our process knew when it sent the request: liveness is read before (a lease of 10 s, a heartbeat of 3 s), as are
 * the switches of metasrv (cached for 10 s), and each read may take its time.
 */
const DEAD_FOR_MS = 60_000;
const SWITCHED_FOR_MS = 90_000;

type Rule = (world: World, request: SentRequest, move: MoveRecord | undefined) => string | undefined;

/** What must hold whenever a request for a migration leaves our process. */
const RULES: Readonly<Record<string, Rule>> = {
  'intent-before-request': (_, { regionId }, move) => {
    if (!move) return `No durable intent says that region ${regionId} shall be moved`;
    return move.state === 'intent-recorded'
      ? undefined
      : `Its move ${move.id} is ${move.state}, not intent-recorded`;
  },
  'sent-once': (world, request, move) => {
    const before = world.watch.requests.find(
      ({ moveId, arrival }) => move !== undefined && moveId === move.id && arrival !== 'refused',
    );
    return (
      before &&
      `Move ${move?.id ?? 0} was sent before, as request ${before.number}: now again as ${request.number}`
    );
  },
  'one-at-a-time': (world, { sentMs }) => {
    const running = world.cluster.migrationsUnderWay.find(({ procedureId }) => {
      const sent = world.watch.requests.find((other) => other.procedureId === procedureId);
      return sent && !isBeyondSight(world, sentMs - sent.sentMs);
    });
    return running && `Our migration of region ${running.regionId} is under way (${running.procedureId})`;
  },
  'recovered-first': (world, _, move) => {
    const open = world.disk.raw
      .unresolvedMoves()
      .find(({ id, state }) => id !== move?.id && state !== 'timed_out');
    return open && `Move ${open.id} of region ${open.regionId} is ${open.state} still`;
  },
  'not-in-dry-run': ({ watch }) => (watch.config.execution.dryRun ? 'execution.dryRun is true' : undefined),
  'not-in-pause': ({ disk, clock }) => {
    const pause = disk.raw.pause(clock.now());
    return pause && `Paused by ${pause.by}: ${pause.reason}`;
  },
  'inside-a-window': ({ watch, clock }) => {
    const { windows, timezone } = watch.config.schedule;
    const window = evaluateWindows(windows, timezone, clock.now());
    return window.isOpen ? undefined : window.detail;
  },
  'not-in-maintenance': ({ switches, clock, knowsSafety }) => {
    const sinceMs = switches.maintenanceSinceMs;
    const isOver = sinceMs !== undefined && clock.monotonicMs() - sinceMs > SWITCHED_FOR_MS;
    return knowsSafety && isOver ? 'The cluster has been in maintenance mode for a while' : undefined;
  },
  'not-while-procedures-are-paused': ({ switches, clock, scenario, cluster }) => {
    const sinceMs = switches.pausedSinceMs;
    const isOver = sinceMs !== undefined && clock.monotonicMs() - sinceMs > SWITCHED_FOR_MS;
    const canKnow = scenario.knowsMetasrv && cluster.profile.maintenance === 'json';
    return canKnow && isOver ? 'The procedure manager has been paused for a while' : undefined;
  },
  'to-the-living': (world, { to, from }) => {
    const dead = [to, from].find((id) => deadForMs(world, id) > DEAD_FOR_MS);
    return dead === undefined || !world.knowsLiveness
      ? undefined
      : `Datanode ${dead} has been dead for a while`;
  },
  'not-to-a-follower': ({ cluster, knowsFollowers }, { regionId, to }) => {
    if (!knowsFollowers) return undefined;
    const followers = cluster.truth.routeOf(BigInt(regionId))?.followers ?? [];
    return followers.includes(to) ? `Datanode ${to} holds a follower of region ${regionId}` : undefined;
  },
  'not-to-the-draining': ({ watch, disk, cluster, knowsWorkloads }, { to }) => {
    const { drain, cordon } = watch.config.datanodes;
    const draining = [...drain, ...disk.raw.requested('drain').map(({ datanode }) => datanode)];
    if (draining.includes(to)) return `Datanode ${to} drains`;
    const cordoned = [...cordon, ...disk.raw.requested('cordon').map(({ datanode }) => datanode)];
    if (cordoned.includes(to)) return `Datanode ${to} is cordoned`;
    const isReader = knowsWorkloads && cluster.truth.datanodes.get(to)?.workload === 'query';
    return isReader ? `Datanode ${to} takes no writes` : undefined;
  },
  'within-limits': ({ watch }) => {
    const { maxMovesPerCycle } = watch.config.execution;
    return watch.requestsThisCycle > maxMovesPerCycle
      ? `${watch.requestsThisCycle} requests in a cycle; ${maxMovesPerCycle} are the limit`
      : undefined;
  },
  'rests-in-cooldown': (world, request, move) => {
    const last = lastMoved(world, request.regionId);
    // Whoever drains a datanode wants it empty, however lately a region came.
    if (!last || move?.reason === 'drain') return undefined;
    const restedMs = request.sentAtMs - last.endedAtMs;
    const { regionCooldownMs } = world.watch.config.execution;
    if (restedMs >= regionCooldownMs) return undefined;
    return `Region ${request.regionId} was moved ${restedMs} ms before; it rests for ${regionCooldownMs} ms`;
  },
};

/** Every rule that a request breaks. */
export function checkRequest(world: World, request: SentRequest, move: MoveRecord | undefined): Broken[] {
  return Object.entries(RULES).flatMap(([rule, isBroken]): Broken[] => {
    const detail = isBroken(world, request, move);
    return detail === undefined
      ? []
      : [
          [
            rule,
            `Request ${request.number}, region ${request.regionId} from ${request.from} to ${request.to}: ${detail}`,
          ],
        ];
  });
}

/**
 * Before 0.7 only routes can be read, and a procedure that keeps trying leaves no mark there; each new metasrv leader begins its tries
 * anew. What has shown nothing for longer than a server tries is out of sight, and docs/recovery.md says so.
 */
function isBeyondSight({ cluster, config }: World, elapsedMs: number): boolean {
  const isBlind = cluster.profile.adminFunctions === null;
  return isBlind && elapsedMs > serverWorstCaseMs(config.execution.replayTimeoutMs);
}

export const REQUEST_RULES = Object.keys(RULES);

function deadForMs({ cluster }: World, id: string): number {
  const diedAtMs = cluster.truth.datanodes.get(id)?.diedAtMs;
  return typeof diedAtMs === 'number' ? cluster.nowMs - diedAtMs : 0;
}

/** When a migration of ours last moved the region, by wall clock; undefined when the clock jumped since. */
function lastMoved({ watch, disk }: World, regionId: string): { endedAtMs: number } | undefined {
  const last = watch.requests.findLast((sent) => sent.regionId === regionId && sent.end?.moved === true);
  const move = last?.moveId === undefined ? undefined : disk.raw.move(last.moveId);
  // What our process did not come to know of in time is history's business, not the cooldown's.
  if (!last?.end || !move || !saysMoved(move) || last.end.endedMs < watch.lastJumpMs) return undefined;
  return { endedAtMs: last.end.endedAtMs };
}

import type { Config } from '../../config/config.ts';
import type { BlockerCode } from '../../domain/codes.ts';
import { OperatingError, UsageError } from '../../domain/errors.ts';
import type { Plan } from '../../domain/plan.ts';
import { withRequests } from '../../domain/policy.ts';
import type { Policy } from '../../domain/policy.ts';
import { regionsLeft } from '../../domain/regions-left.ts';
import type { DrainVerdict } from '../../domain/regions-left.ts';
import type { Datanode } from '../../domain/snapshot.ts';
import { describeClosed } from '../../executor/gates.ts';
import { sleep } from '../../lib/clock.ts';
import type { Parts } from '../compose.ts';
import { withSession } from './once.ts';
import type { WatchedCall } from './once.ts';
import type { ClusterSession } from '../daemon/cluster-session.ts';
import { runCycle } from '../daemon/cycle.ts';

/** Regions that others are moving, or that rest for a moment, may become free: looked at again this often, for this long. */
const RETRY_MS = 5_000;
/** Blockers that pass by themselves soon. */
const PASSING: readonly BlockerCode[] = ['migrating'];

/**
 * Empties datanodes, cycle after cycle, and nothing else: every region elsewhere stays where it is. Ends when they lead nothing, or
 * when nothing more can be moved off them.
 *
 * @throws UsageError when the cluster has no such datanode.
 */
export async function drainDatanodes(
  config: Config,
  datanodes: readonly string[],
  parts: Parts,
  call: WatchedCall,
): Promise<DrainVerdict> {
  const drain = async (session: ClusterSession): Promise<DrainVerdict> => {
    // Datanodes that the configuration drains besides are emptied too: they must receive nothing either.
    const policy: Policy = {
      ...withRequests(session.policy(), { drain: datanodes }),
      onlyDrain: true,
    };
    const cluster = await session.connection.get(call.signal);
    checkKnown(await cluster.readDatanodes({ signal: call.signal }), datanodes);
    return work(session, policy, datanodes, call.signal);
  };
  return withSession(config, parts, call, drain, Infinity);
}

async function work(
  session: ClusterSession,
  policy: Policy,
  datanodes: readonly string[],
  signal: AbortSignal,
): Promise<DrainVerdict> {
  const { dryRun, moveTimeoutMs } = session.config.execution;
  let deadlineMs = session.clock.monotonicMs() + moveTimeoutMs;
  let moved = 0;
  let failed = 0;
  for (;;) {
    const report = await runCycle(session, 'drain', signal, { policy, maxMoves: Infinity });
    moved += report.moved;
    failed += report.failed;
    const { snapshot, plan } = report;
    signal.throwIfAborted();
    if (!snapshot || !plan) throw new OperatingError('drain-failed', report.detail);
    // A cycle that did something is followed by one that looks what is left. What failed is in quarantine then.
    const closed = report.closed ?? [];
    const mayGoOn = !closed.some(({ code }) => code === 'too-many-failures');
    if (!dryRun && report.moved + report.failed > 0 && mayGoOn) {
      deadlineMs = session.clock.monotonicMs() + moveTimeoutMs;
      continue;
    }
    if (
      !dryRun &&
      report.outcome === 'blocked' &&
      mayPass(plan) &&
      session.clock.monotonicMs() < deadlineMs
    ) {
      await sleep(session.clock, RETRY_MS, signal);
      continue;
    }
    const why = {
      plan,
      stop:
        closed.length > 0 ? describeClosed(closed) : report.outcome === 'failed' ? report.detail : undefined,
    };
    return {
      moves: { moved, failed },
      dryRun,
      datanodes: datanodes.map((id) => ({ id, left: regionsLeft(snapshot, id, why) })),
    };
  }
}

function checkKnown(datanodes: readonly Datanode[], wanted: readonly string[]): void {
  const unknown = wanted.find((id) => !datanodes.some((datanode) => datanode.id === id));
  if (unknown === undefined) return;
  const known = datanodes.map(({ id }) => id).join(', ') || 'none';
  throw new UsageError(`drain ${unknown}: the cluster has no datanode ${unknown}; it has ${known}`);
}

function mayPass({ blocked }: Plan): boolean {
  return blocked.some(({ code }) => PASSING.includes(code));
}

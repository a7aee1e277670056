import type { Config } from '../../config/config.ts';
import type { BlockerCode } from '../../domain/codes.ts';
import { OperatingError, UsageError } from '../../domain/errors.ts';
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
  const { clock, config } = session;
  const { dryRun, moveTimeoutMs } = config.execution;
  let deadlineMs = clock.monotonicMs() + moveTimeoutMs;
  let [moved, failed] = [0, 0];
  for (;;) {
    const report = await runCycle(session, 'drain', signal, { policy, maxMoves: Infinity });
    moved += report.moved;
    failed += report.failed;
    const { snapshot, plan, outcome, detail, closed = [] } = report;
    signal.throwIfAborted();
    if (!snapshot || !plan) throw new OperatingError('drain-failed', detail);
    // A cycle that did something is followed by one that looks what is left. What failed is in quarantine then.
    const hasWorked =
      report.moved + report.failed > 0 && !closed.some(({ code }) => code === 'too-many-failures');
    if (hasWorked) deadlineMs = clock.monotonicMs() + moveTimeoutMs;
    const mayPass =
      outcome === 'blocked' &&
      plan.blocked.some(({ code }) => PASSING.includes(code)) &&
      clock.monotonicMs() < deadlineMs;
    if (!dryRun && (hasWorked || mayPass)) {
      if (!hasWorked) await sleep(clock, RETRY_MS, signal);
      continue;
    }
    const stop = closed.length > 0 ? describeClosed(closed) : outcome === 'failed' ? detail : undefined;
    const left = datanodes.map((id) => ({ id, left: regionsLeft(snapshot, id, { plan, stop }) }));
    return { moves: { moved, failed }, dryRun, datanodes: left };
  }
}

function checkKnown(datanodes: readonly Datanode[], wanted: readonly string[]): void {
  const unknown = wanted.find((id) => !datanodes.some((datanode) => datanode.id === id));
  if (unknown === undefined) return;
  const known = datanodes.map(({ id }) => id).join(', ') || 'none';
  throw new UsageError(`drain ${unknown}: the cluster has no datanode ${unknown}; it has ${known}`);
}

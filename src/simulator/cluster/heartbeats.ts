import type { RegionCopy, SimDatanode } from './model.ts';

/**
 * Heartbeats as arithmetic: a datanode beats every 3 s from its start until it dies, so the last beat follows from the time and
 * nothing has to happen in between, however many regions there are.
 */
export const HEARTBEAT_MS = 3_000;
/** Region and datanode lease: 3 heartbeats and a second. */
export const LEASE_MS = 3 * HEARTBEAT_MS + 1_000;
export const FRONTEND_HEARTBEAT_MS = 6 * HEARTBEAT_MS;

/** What the leading metasrv knows of heartbeats: all that came since it was elected. */
export interface LeaderMemory {
  readonly electedAtMs: number;
  readonly statFlushBeats: number;
}

/** The last beat at or before `nowMs`, or undefined when none came since `sinceMs`. */
export function lastBeatMs(
  node: { readonly startedAtMs: number; readonly diedAtMs: number | null },
  nowMs: number,
  sinceMs: number,
  intervalMs = HEARTBEAT_MS,
): number | undefined {
  const endMs = Math.min(nowMs, node.diedAtMs ?? nowMs);
  if (endMs < node.startedAtMs) return undefined;
  const beatMs = node.startedAtMs + Math.floor((endMs - node.startedAtMs) / intervalMs) * intervalMs;
  return beatMs >= sinceMs ? beatMs : undefined;
}

/** The last beat whose statistics the leader kept: the first one that it saw, then every n-th. */
function lastFlushMs(node: SimDatanode, nowMs: number, memory: LeaderMemory): number | undefined {
  const last = lastBeatMs(node, nowMs, memory.electedAtMs);
  if (last === undefined) return undefined;
  const missedMs = Math.max(0, memory.electedAtMs - node.startedAtMs);
  const first = node.startedAtMs + Math.ceil(missedMs / HEARTBEAT_MS) * HEARTBEAT_MS;
  const periodMs = HEARTBEAT_MS * memory.statFlushBeats;
  return first + Math.floor((last - first) / periodMs) * periodMs;
}

/** Must run before `node.copies` changes: keeps what the last flush reported, once per flush period. */
export function beforeCopiesChange(node: SimDatanode, nowMs: number, memory: LeaderMemory): void {
  const flushMs = lastFlushMs(node, nowMs, memory);
  if (flushMs !== undefined && node.flushed?.flushMs !== flushMs && node.changedAtMs <= flushMs)
    node.flushed = { flushMs, copies: [...node.copies.values()] };
  node.changedAtMs = nowMs;
}

interface FlushedStats {
  readonly flushMs: number;
  readonly copies: Iterable<RegionCopy>;
}

/** The region copies that the leader believes a datanode to have: as of the last flush, never expired for a dead one. */
export function flushedStats(
  node: SimDatanode,
  nowMs: number,
  memory: LeaderMemory,
): FlushedStats | undefined {
  const flushMs = lastFlushMs(node, nowMs, memory);
  if (flushMs === undefined) return undefined;
  if (node.changedAtMs > flushMs && node.flushed?.flushMs === flushMs)
    return { flushMs, copies: node.flushed.copies };
  return { flushMs, copies: node.copies.values() };
}

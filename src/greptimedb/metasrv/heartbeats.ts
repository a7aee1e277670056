import { z } from 'zod';
import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { unexpected } from '../call-error.ts';
import type { TransportResponse } from '../http.ts';
import type { AnswerLimits } from '../json-meter.ts';
import type { LoadReading } from '../load.ts';
import { checked, id, jsonOf, list, optionalAmount, optionalText } from '../wire.ts';
import { isOurs, requireSuccess } from './admin.ts';

/** A datanode's newest statistics. They are up to 9 s old, up to 30 s before 0.10. */
export interface NodeStat {
  readonly id: DatanodeId;
  readonly timestampMs: number;
  readonly regions: readonly RegionStat[];
}

interface RegionStat extends LoadReading {
  readonly id: RegionId;
  /** `Leader`, `Follower`, `StagingLeader`, `DowngradingLeader`. */
  readonly role: string;
}

export interface HeartbeatReading {
  readonly nodes: readonly NodeStat[];
  /** The oldest time stamp in the history: the leader has collected at least since then. */
  readonly oldestMs: number | undefined;
}

const regionStat = z
  .object({
    id,
    role: optionalText,
    approximate_bytes: optionalAmount,
    memtable_size: optionalAmount,
    written_bytes: optionalAmount,
    num_rows: optionalAmount,
  })
  .transform((stat): RegionStat => ({
    id: stat.id,
    role: stat.role,
    diskBytes: stat.approximate_bytes,
    memtableBytes: stat.memtable_size,
    writtenBytes: stat.written_bytes,
    rows: stat.num_rows,
  }));
const nodeStat = z.object({ id, region_stats: list(regionStat).nullish() });
/** What every entry of a history is looked at for. */
const statHead = z.looseObject({
  cluster_id: z.unknown().optional(),
  timestamp_millis: optionalAmount.transform((atMs = 0) => atMs),
});

/** Statistics of a million regions, the history counted. */
export const HEARTBEAT_LIMITS: AnswerLimits = { containers: 1_000_000, values: 10_000_000, depth: 16 };

/** Characters that are parsed between two turns of the event loop: some milliseconds' work. */
const TURN_LENGTH = 256 * 1024;

/** `/admin/heartbeat`: per datanode the history of its statistics, the newest last. Each is parsed by itself, with turns for others. */
export function heartbeatReader(
  clusterId: number,
): (response: TransportResponse, where: string) => Promise<HeartbeatReading> {
  return async (response, where) => {
    requireSuccess(response, where);
    const newest = new Map<number, z.output<typeof statHead>>();
    let oldestMs: number | undefined;
    let sinceTurn = 0;
    for (const { json, item } of objectsIn(response, where)) {
      sinceTurn += json.length;
      if (sinceTurn > TURN_LENGTH) await yieldToEventLoop();
      sinceTurn %= TURN_LENGTH;
      const stat = jsonOf({ ...response, body: json }, where, 'the statistics of a datanode');
      const head = checked(statHead, stat, where);
      if (!isOurs(head.cluster_id, clusterId)) continue;
      const best = newest.get(item);
      if (!best || head.timestamp_millis >= best.timestamp_millis) newest.set(item, head);
      oldestMs = Math.min(oldestMs ?? Infinity, head.timestamp_millis);
    }
    const nodes: NodeStat[] = [];
    for (const [item, head] of newest) {
      if (response.body.length > TURN_LENGTH) await yieldToEventLoop();
      const stat = checked(nodeStat, head, `${where}: item ${item}`);
      nodes.push({ id: stat.id, timestampMs: head.timestamp_millis, regions: stat.region_stats ?? [] });
    }
    return { nodes, oldestMs };
  };
}

interface ObjectText {
  readonly json: string;
  /** The position in the outermost array. */
  readonly item: number;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The outermost objects of an array of arrays, as text: all of a large answer parsed at once would hold up everybody else.
 *
 * @throws CallError when the answer is no array, or ends in the middle.
 */
function* objectsIn(response: TransportResponse, where: string): Generator<ObjectText> {
  const { body } = response;
  let [depth, item, start, startDepth, isInString] = [0, 0, -1, 0, false];
  if (!body.trimStart().startsWith('[')) throw unexpected(where, 'a JSON array of statistics', response);
  for (let index = 0; index < body.length; index += 1) {
    const code = body.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === COMMA && depth === 1) item += 1;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth += 1;
      if (code === OPEN_BRACKET || start !== -1) continue;
      [start, startDepth] = [index, depth];
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      if (start !== -1 && depth === startDepth) {
        yield { json: body.slice(start, index + 1), item };
        start = -1;
      }
      depth -= 1;
    }
  }
  if (depth !== 0 || isInString) throw unexpected(where, 'a JSON array of statistics', response);
}

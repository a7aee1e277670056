import { parentPort } from 'node:worker_threads';
import type { Plan } from '../../domain/plan.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Planned } from '../../planner/plan.ts';
import { planNow } from './planner.ts';
import type { PlanMessage, PlanRequest } from './planner.ts';
import { unpackSnapshot } from './snapshot-transfer.ts';

/** Entries per message: the receiving thread spends about a millisecond on each. */
const CHUNK = 500;

const port = parentPort;
if (!port) throw new Error('This file is the planning thread; it does nothing by itself');

/** Takes one request, posts one plan in pieces, and ends with its owner's word. */
port.once('message', ({ snapshot, input, options }: PlanRequest) => {
  const pieces = piecesOf(planNow({ ...input, snapshot: unpackSnapshot(snapshot) }, options, systemClock));
  const post = (): void => {
    const { value } = pieces.next();
    if (value) port.postMessage(value, value.kind === 'end' ? buffersOf(value.counts) : []);
  };
  port.on('message', post);
  post();
});

function* piecesOf({
  plan: { moves, blocked, ...plan },
  counts: { tables: _, ...counts },
}: Planned<Plan>): Generator<PlanMessage, undefined> {
  for (let at = 0; at < moves.length; at += CHUNK)
    yield { kind: 'moves', moves: moves.slice(at, at + CHUNK) };
  for (let at = 0; at < blocked.length; at += CHUNK)
    yield { kind: 'blocked', blocked: blocked.slice(at, at + CHUNK) };
  yield { kind: 'end', plan, counts };
}

/** The buffers that change threads instead of being copied. */
function buffersOf(counts: Extract<PlanMessage, { kind: 'end' }>['counts']): ArrayBuffer[] {
  const { scope, first, datanodeOf, now, after } = counts;
  return [scope, first, datanodeOf, now, after].map(({ buffer }) => buffer);
}

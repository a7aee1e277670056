import { parentPort } from 'node:worker_threads';
import type { Blocker, Move, Plan } from '../../domain/plan.ts';
import { systemClock } from '../../lib/clock.ts';
import { planNow } from './planner.ts';
import type { PlanMessage, PlanRequest } from './planner.ts';
import { unpackSnapshot } from './snapshot-transfer.ts';

/** Entries per message: the receiving thread spends about a millisecond on each. */
const CHUNK = 500;

const port = parentPort;
if (!port) throw new Error('This file is the planning thread; it does nothing by itself');

/** Takes one request, posts one plan in pieces, and ends with its owner's word. */
port.once('message', ({ snapshot, input, options }: PlanRequest) => {
  const { moves, blocked, ...plan } = planNow(
    { ...input, snapshot: unpackSnapshot(snapshot) },
    options,
    systemClock,
  );
  const pieces = piecesOf(moves, blocked, plan);
  const post = (): void => {
    const { value } = pieces.next();
    if (value) port.postMessage(value);
  };
  port.on('message', post);
  post();
});

function* piecesOf(
  moves: readonly Move[],
  blocked: readonly Blocker[],
  plan: Omit<Plan, 'moves' | 'blocked'>,
): Generator<PlanMessage, undefined> {
  for (let at = 0; at < moves.length; at += CHUNK)
    yield { kind: 'moves', moves: moves.slice(at, at + CHUNK) };
  for (let at = 0; at < blocked.length; at += CHUNK)
    yield { kind: 'blocked', blocked: blocked.slice(at, at + CHUNK) };
  yield { kind: 'end', plan };
}

import { parentPort } from 'node:worker_threads';
import { systemClock } from '../lib/clock.ts';
import { planNow } from './planning.ts';
import type { PlanMessage, PlanRequest } from './planning.ts';
import { unpackSnapshot } from './snapshot-transfer.ts';

/** Entries per message: the receiving thread spends a few milliseconds on each. */
const CHUNK = 2_000;

const port = parentPort;
if (!port) throw new Error('This file is the planning thread; it does nothing by itself');

/** Takes one request, posts one plan in pieces, and ends with its owner's word. */
port.once('message', ({ snapshot, input, options }: PlanRequest) => {
  const { moves, blocked, ...plan } = planNow(
    { ...input, snapshot: unpackSnapshot(snapshot) },
    options,
    systemClock,
  );
  const post = (message: PlanMessage): void => port.postMessage(message);
  for (let at = 0; at < moves.length; at += CHUNK)
    post({ kind: 'moves', moves: moves.slice(at, at + CHUNK) });
  for (let at = 0; at < blocked.length; at += CHUNK)
    post({ kind: 'blocked', blocked: blocked.slice(at, at + CHUNK) });
  post({ kind: 'end', plan });
});

import {
  SimulatedNetworkError,
  type SimulatedCluster,
  type SimRequest,
} from '../../../src/simulator/index.ts';
import { migrationIn } from '../sim/network.ts';
import type { Trouble } from './crash-world.ts';

const READS_OF_REGIONS = /region_peers|\/admin\/route/;

function reset(): never {
  throw new SimulatedNetworkError('ECONNRESET', 'The connection is cut');
}

function textOf({ path, query = '', body = '' }: SimRequest): string {
  return `${path}?${query} ${body}`;
}

/** Neither where the region is nor where it is wanted. */
function third(cluster: SimulatedCluster, { from, to }: { from: string; to: string }): string {
  return [...cluster.truth.datanodes.keys()].find((id) => id !== from && id !== to) ?? to;
}

const IMPATIENT = ['execution.moveTimeout=1s'];

/** The request never arrives. */
export const REQUEST_LOST: Trouble = { before: (request) => (migrationIn(request) ? reset() : undefined) };
export const REQUEST_LOST_AND_IMPATIENT: Trouble = { ...REQUEST_LOST, set: IMPATIENT };
export const ANSWER_LOST: Trouble = { faults: 'lost-answer:submit=1' };

/** Somebody takes the region elsewhere between the last look and the request. */
export const OVERTAKEN: Trouble = {
  before: (request, _, cluster) => {
    const move = migrationIn(request);
    if (move) cluster.moveRegionBehindTheScenes(move.regionId, third(cluster, move));
  },
};

/** Somebody makes the target a follower between the last look and the request: a server from 0.14 on refuses it. */
export const REFUSED: Trouble = {
  before: (request, _, cluster) => {
    const move = migrationIn(request);
    if (!move) return;
    const { regionId, to } = move;
    cluster.setFollower(regionId, to);
    setImmediate(() => cluster.setFollower(regionId, to, false));
  },
};

export const ROLLED_BACK: Trouble = { faults: 'rollback=1' };
export const DONE_NOT_MOVED: Trouble = { faults: 'done-not-moved=1' };
export const SLOW: Trouble = { faults: 'slow-migration=1', set: IMPATIENT };

/** Nothing can be read any more once a migration was accepted. */
export const BLIND_AFTER_ACCEPTANCE: Trouble = {
  before: (request, { migrationsAccepted }) =>
    migrationsAccepted > 0 && !migrationIn(request) ? reset() : undefined,
  set: IMPATIENT,
};

/** Where regions are cannot be read any more once a migration has ended. */
export const BLIND_AFTER_THE_END: Trouble = {
  before: (request, { migrationsEnded }) =>
    migrationsEnded > 0 && READS_OF_REGIONS.test(textOf(request)) ? reset() : undefined,
  set: IMPATIENT,
};

/** Twice for each procedure, which takes its move from submitted through watching to verifying, metasrv says that it is Done while it runs. */
export const DONE_TOO_EARLY: Trouble = {
  faults: 'slow-migration=1',
  // So that it is asked often enough while the migration runs.
  set: ['execution.pollInterval=200ms'],
  answer: (exchange, request, seen) => {
    const question = textOf(request);
    const replaced = seen.replaced.get(question) ?? 0;
    const isRunning = question.includes('procedure_state') && exchange.body.includes('Running');
    if (!isRunning || replaced > 1) return exchange;
    seen.replaced.set(question, replaced + 1);
    return { ...exchange, body: exchange.body.replace('Running', 'Done') };
  },
};

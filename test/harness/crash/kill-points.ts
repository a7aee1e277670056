import type { MoveState } from '../../../src/domain/move.ts';
import * as trouble from './crash-troubles.ts';
import { migrationIn } from '../sim/network.ts';
import type { KillPoint, Trouble } from './crash-world.ts';
import type { SimRequest } from '../../../src/simulator/index.ts';

const isMigration = (request: SimRequest): boolean => migrationIn(request) !== undefined;

const isStep =
  (step: string): NonNullable<KillPoint['event']> =>
  (event) =>
    event.kind === 'migration-step' && event.step === step;

/** Moments as the cluster sees them. */
export const KILL_POINTS: readonly KillPoint[] = [
  { name: 'the first thing is read', request: { when: 'before', matches: (_, { reads }) => reads === 1 } },
  {
    name: 'a move is being checked',
    request: { when: 'after', matches: (request, { reads }) => !isMigration(request) && reads >= 12 },
  },
  {
    name: 'the request was executed and is not answered',
    request: { when: 'after', matches: isMigration },
  },
  {
    name: 'the procedure is registered',
    event: (event) => event.kind === 'migration-started' && event.reason === 'Manual',
  },
  { name: 'the target opens the region', event: isStep('OpenCandidateRegion') },
  { name: 'the route is downgraded', event: isStep('UpdateMetadataDowngrade') },
  { name: 'the leader gives up its lease', event: isStep('DowngradeLeaderRegion') },
  { name: 'the target takes over', event: isStep('UpgradeCandidateRegion') },
  { name: 'the route names the target', event: isStep('UpdateMetadataUpgrade') },
  { name: 'the migration has ended', event: (event) => event.kind === 'migration-ended' },
  {
    name: 'the end is being verified',
    request: {
      when: 'before',
      matches: (request, { migrationsEnded }) => !isMigration(request) && migrationsEnded > 0,
    },
  },
  {
    name: 'the proof was read and is not written down',
    request: {
      when: 'after',
      matches: (request, { migrationsEnded }) => !isMigration(request) && migrationsEnded > 0,
    },
  },
  {
    name: 'the next request is about to be sent',
    request: {
      when: 'after',
      matches: (request, { migrationsEnded }) => !isMigration(request) && migrationsEnded > 1,
    },
  },
];

/** The request never arrives: the next process has to wait until that is certain. */
export const LOST_REQUEST: KillPoint = {
  name: 'the request arrives and is not executed',
  request: { when: 'before', matches: isMigration },
};

/** At some time after the start. */
export function atTime(afterMs: number): KillPoint {
  return { name: `${afterMs} ms after the start`, afterMs };
}

type Edge = (from: MoveState, to: MoveState, trouble?: Trouble) => KillPoint;

const at =
  (when: 'before' | 'after'): Edge =>
  (from, to, trouble) => ({
    name: `${when} ${from} -> ${to}`,
    edge: { from, to, when },
    ...(trouble && { trouble }),
  });
const before = at('before');
const after = at('after');
const sides = (...edge: Parameters<Edge>): KillPoint[] => [before(...edge), after(...edge)];

/** SQL with everything, without proof by datanodes, without a list of procedures, and the admin interface alone. */
export const CRASH_PROFILES: readonly string[] = ['1.3.0', '0.12.0', '0.8.2', '0.6.0'];

/** Points that are reached one after the other in one cluster. */
export interface KillSeries {
  readonly name: string;
  readonly points: readonly KillPoint[];
  /** Versions that cannot get there, with the reason in a comment. Default: none. */
  readonly not?: readonly string[];
}

/** Both sides of every change of state, in order: what one process leaves is what the next one finds. */
export const EDGE_SERIES: readonly KillSeries[] = [
  {
    name: 'edges before the request',
    points: [
      before('planned', 'checking'),
      ...sides('planned', 'abandoned'),
      after('planned', 'checking'),
      ...sides('checking', 'abandoned'),
      before('checking', 'intent-recorded'),
    ],
  },
  {
    name: 'edges of a migration',
    points: [
      after('intent-recorded', 'submitted'),
      ...sides('submitted', 'watching'),
      ...sides('watching', 'verifying'),
      ...sides('verifying', 'succeeded'),
    ],
  },
  { name: 'answered and not written down', points: [before('intent-recorded', 'submitted')] },
  {
    name: 'nothing sent, and nothing seen of it',
    points: [after('checking', 'intent-recorded'), after('intent-recorded', 'failed')],
  },
  {
    name: 'the end of a request that was lost',
    points: [before('intent-recorded', 'failed', trouble.REQUEST_LOST)],
  },
  // Older servers refuse no follower.
  {
    name: 'refused',
    points: sides('intent-recorded', 'failed', trouble.REFUSED),
    not: ['0.12.0', '0.8.2', '0.6.0'],
  },
  { name: 'overtaken', points: sides('intent-recorded', 'abandoned', trouble.OVERTAKEN) },
  // Before 0.7 a region that was never seen downgraded looks as if nothing had been asked for.
  {
    name: 'rolled back',
    points: sides('verifying', 'rolled_back', trouble.ROLLED_BACK),
    not: ['0.6.0'],
  },
  { name: 'done and not moved', points: sides('verifying', 'failed', trouble.DONE_NOT_MOVED) },
  // With a list of procedures the request is found in it and becomes submitted.
  {
    name: 'the answer lost, the route seen',
    points: sides('intent-recorded', 'watching', trouble.ANSWER_LOST),
    not: ['1.3.0', '0.12.0'],
  },
  // From 1.1 on datanodes prove at once that the region has not moved; before 0.7 nobody can ask for a procedure.
  {
    name: 'done too early',
    points: sides('verifying', 'watching', trouble.DONE_TOO_EARLY),
    not: ['1.3.0', '0.6.0'],
  },
  { name: 'slower than we wait', points: sides('watching', 'timed_out', trouble.SLOW) },
  // Before 0.7 there is no procedure to wait for: a submitted move is watched at once.
  {
    name: 'nothing can be read after the answer',
    points: sides('submitted', 'timed_out', trouble.BLIND_AFTER_ACCEPTANCE),
    not: ['0.6.0'],
  },
  // Before 0.7 the route is all there is, and it ends both states at once.
  {
    name: 'no route can be read after the end',
    points: sides('verifying', 'timed_out', trouble.BLIND_AFTER_THE_END),
    not: ['0.6.0'],
  },
  {
    name: 'given up before it is certain that nothing was sent',
    points: sides('intent-recorded', 'timed_out', trouble.REQUEST_LOST_AND_IMPATIENT),
  },
];

/** For a minute that has other tests too: one moment at each stage of a move, in a version that need not wait for anything. */
export const SHORT_SERIES: readonly KillPoint[] = [
  before('checking', 'intent-recorded'),
  before('intent-recorded', 'submitted'),
  ...KILL_POINTS.filter(({ name }) => name === 'the request was executed and is not answered'),
  after('submitted', 'watching'),
  after('watching', 'verifying'),
  before('verifying', 'succeeded'),
];

import { isMigration, type KillPoint } from './crash-world.ts';

const isStep =
  (step: string): NonNullable<KillPoint['event']> =>
  (event) =>
    event.kind === 'migration-step' && event.step === step;

/** Moments that follow each other at once: each edge of the state table has one on either side. */
export const KILL_POINTS: readonly KillPoint[] = [
  { name: 'the first thing is read', request: { when: 'before', matches: (_, { reads }) => reads === 1 } },
  {
    name: 'a move is being checked',
    request: { when: 'after', matches: (request, { reads }) => !isMigration(request) && reads >= 12 },
  },
  {
    name: 'the request was executed and is not answered',
    request: { when: 'after', matches: (request) => isMigration(request) },
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

/** The request never arrives: the next process has to wait 80 s until that is certain. */
export const LOST_REQUEST: KillPoint = {
  name: 'the request arrives and is not executed',
  request: { when: 'before', matches: (request) => isMigration(request) },
};

/** At some time after the start. */
export function atTime(afterMs: number): KillPoint {
  return { name: `${afterMs} ms after the start`, afterMs };
}

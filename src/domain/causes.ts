import { BLOCKERS } from './codes.ts';

/**
 * What was recognised when a move ended: the word in `MoveRecord.cause`. Closed, one sentence each; what a plan knows as a blocker has the
 * same word here. docs/recovery.md is tested against this list.
 */
export const CAUSES = {
  // Succeeded.
  moved: 'The route names the target as the healthy leader.',
  'failed-but-moved':
    'The procedure ended as Failed, and yet the route names the target as the healthy leader.',
  'moved-unconfirmed':
    'The route names the target as the healthy leader; the datanodes did not confirm it in time.',

  // Abandoned before anything was sent, or without anything being started.
  'already-there': 'The region is led by the target already.',
  'leader-changed': 'The region is no longer led by the datanode that the plan says.',
  'region-gone': 'The region or its table does not exist any more.',
  migrating: BLOCKERS.migrating,
  staging: BLOCKERS.staging,
  'no-leader': BLOCKERS['no-leader'],
  'leader-dead': BLOCKERS['leader-dead'],
  'unknown-datanode': BLOCKERS['unknown-datanode'],
  'target-dead': 'The target is not alive, or the cluster does not list it.',
  'follower-on-target': BLOCKERS['follower-on-target'],
  cooldown: BLOCKERS.cooldown,
  quarantined: BLOCKERS.quarantined,
  'no-longer-wanted': 'The plan was looked at again, and this move no longer helps or is no longer allowed.',
  'gate-closed': 'A gate closed before the request left.',
  interrupted: 'The process ended or was told to stop before the request left.',
  'not-sent': 'The request could not be sent, or did not reach the cluster.',

  // Refused by the cluster: nothing was started.
  'refused-peer-unavailable': 'The cluster refused: it holds the source or the target to be unavailable.',
  'refused-already-running':
    'The cluster refused: it says that a migration of this region runs, and none was found.',
  'refused-logical-table': 'The cluster refused: the region belongs to a logical table.',
  'refused-not-leader': 'The cluster refused: the metasrv that was asked is not the leader.',
  'refused-invalid': 'The cluster refused the request as invalid.',
  'refused-access-denied': 'The cluster refused: the account may not migrate regions.',

  // Started, or perhaps started, and did not end where it should.
  rolled_back: 'The migration began and the cluster undid it.',
  'done-not-moved': 'The procedure ended as Done, and yet the region stayed where it was.',
  'moved-elsewhere': 'The region is led by a third datanode: somebody else moved it.',
  'region-dropped': 'The region or its table vanished during the migration.',
  'submit-unclear-not-started':
    'No answer came to the request, and for as long as the server could have taken nothing was seen of it.',
  'procedure-not-registered':
    'The cluster accepted the migration and never registered it: its procedure manager was paused, full or changing leader.',
  'procedure-lost': 'The cluster forgot the running procedure, and the region stayed where it was.',
  'no-effect':
    'The cluster accepted the migration, and for as long as the server could have taken nothing was seen of it.',

  // Out of time: what becomes of it is looked up later.
  'still-running': 'The migration still ran when the time for it was over.',
  'stuck-downgraded': 'No procedure runs any more and the region is still without a writable leader.',
  'outcome-unknown': 'The cluster could not be read well enough to tell what became of the migration.',
} as const;
export type CauseCode = keyof typeof CAUSES;

export function isCause(text: string): text is CauseCode {
  return text in CAUSES;
}

/**
 * What was recognised when a move ended: the word in `MoveRecord.cause`. Closed, one sentence each; docs/recovery.md is tested
 * against this list.
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
  'region-migrating': 'The region is being migrated, or its leader is downgraded.',
  'region-staging': 'The region is being repartitioned.',
  'region-busy': 'A procedure of somebody else holds the region.',
  'source-dead': 'The datanode that leads the region is not alive, and migrations need it alive.',
  'target-dead': 'The target is not alive.',
  'target-unknown': 'The cluster does not list the source or the target.',
  'target-is-follower': 'The target holds a follower of the region.',
  cooldown: 'The region was moved recently and rests until its cooldown ends.',
  quarantined: 'A migration of the region failed; it rests, longer after each failure.',
  'no-longer-wanted': 'The plan was looked at again, and this move no longer helps or is no longer allowed.',
  'gate-closed': 'Something began to forbid acting between the plan and this move.',
  'check-failed': 'The cluster could not be read well enough to be sure that the move is safe.',
  interrupted: 'The process ended or was told to stop before the request left.',
  'not-sent': 'The request could not be sent.',

  // Refused by the cluster: nothing was started.
  'refused-peer-unavailable': 'The cluster refused: it holds the source or the target to be unavailable.',
  'refused-already-running':
    'The cluster refused: it says that a migration of this region runs, and none was found.',
  'refused-leader-changed': 'The cluster refused: the region is led by another datanode.',
  'refused-target-is-follower': 'The cluster refused: the target holds a follower of the region.',
  'refused-region-gone': 'The cluster refused: it does not know the region.',
  'refused-logical-table': 'The cluster refused: the region belongs to a logical table.',
  'refused-not-leader': 'The cluster refused: the metasrv that was asked is not the leader.',
  'refused-invalid': 'The cluster refused the request as invalid.',
  'refused-access-denied': 'The cluster refused: the account may not migrate regions.',

  // Started, or perhaps started, and did not end where it should.
  'rolled-back': 'The migration began and the cluster undid it.',
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
  'no-verdict': 'The cluster could not be read well enough to tell what became of the migration.',
} as const;
export type CauseCode = keyof typeof CAUSES;
export const CAUSE_CODES = Object.keys(CAUSES) as CauseCode[];

export function isCause(text: string): text is CauseCode {
  return text in CAUSES;
}

import { BLOCKERS } from './codes.ts';

/**
 * What was recognised when a move ended: the word in `MoveRecord.cause`. Closed, one sentence each; what a plan knows as a blocker has the
 * same word here. docs/recovery.md is tested against this list.
 */
export const CAUSES = {
  // Succeeded.
  moved: 'The route names the target as the healthy leader.',
  'failed-but-moved': 'The procedure ended as Failed, but the route names the target as the healthy leader.',
  'moved-unconfirmed':
    'The route names the target as the healthy leader; the datanodes did not confirm it in time.',

  // Abandoned before anything was sent, or without anything being started.
  'already-there': 'The target leads the region already.',
  'leader-changed': 'Another datanode leads the region than the plan says.',
  'region-gone': 'The region or its table no longer exists.',
  migrating: BLOCKERS.migrating,
  staging: BLOCKERS.staging,
  'no-leader': BLOCKERS['no-leader'],
  'leader-dead': BLOCKERS['leader-dead'],
  'unknown-datanode': BLOCKERS['unknown-datanode'],
  'target-dead': 'The target is dead, or the cluster does not list it.',
  'follower-on-target': BLOCKERS['follower-on-target'],
  cooldown: BLOCKERS.cooldown,
  quarantined: BLOCKERS.quarantined,
  'no-longer-wanted': 'Checked again, the move no longer helps or is no longer allowed.',
  'gate-closed': 'A gate closed before the request was sent.',
  interrupted: 'The process ended or was told to stop before the request was sent.',
  'not-sent': 'The request could not be sent, or did not reach the cluster.',

  // Refused by the cluster: nothing was started.
  'refused-peer-unavailable': 'The cluster refused: it says that the source or the target is unavailable.',
  'refused-already-running':
    'The cluster refused: it says that a migration of this region is running, but none was found.',
  'refused-logical-table': 'The cluster refused: the region belongs to a logical table.',
  'refused-not-leader': 'The cluster refused: the metasrv that was asked is not the leader.',
  'refused-invalid': 'The cluster refused the request as invalid.',
  'refused-access-denied': 'The cluster refused: the account may not migrate regions.',

  // Started, or perhaps started, and did not end where it should.
  rolled_back: 'The migration began and the cluster undid it.',
  'done-not-moved': 'The procedure ended as Done, but the region stayed where it was.',
  'moved-elsewhere': 'A third datanode leads the region: somebody else moved it.',
  'region-dropped': 'The region or its table vanished during the migration.',
  'submit-unclear-not-started':
    'The request got no answer, and no migration was seen for as long as the server could have taken.',
  'procedure-not-registered':
    'The cluster accepted the migration but never registered it: its procedure manager was paused, full or changing leader.',
  'procedure-lost': 'The cluster lost the running procedure, and the region stayed where it was.',
  'no-effect':
    'The cluster accepted the migration, but none was seen for as long as the server could have taken.',

  // Out of time: what becomes of it is looked up later.
  'still-running': 'The migration was still running when its time was over.',
  'stuck-downgraded': 'No procedure is running any more, and the region still has no writable leader.',
  'outcome-unknown': 'The cluster could not be read well enough to tell how the migration ended.',
} as const;
export type CauseCode = keyof typeof CAUSES;

/**
 * What somebody does first about a cause: one sentence each, as docs/recovery.md has it. Causes that need nobody, or that a later cycle mends,
 * have none.
 */
export const FIRST_STEPS: Readonly<Partial<Record<CauseCode, string>>> = {
  'moved-unconfirmed': 'Look whether writes to the table work.',
  migrating: 'Wait; if it lasts, look at information_schema.procedure_info.',
  'no-leader': "Look at metasrv's log: failover has to give it one.",
  'leader-dead': 'Check whether that datanode runs.',
  'target-dead': 'Check whether that datanode runs.',
  'unknown-datanode': 'Check whether that datanode runs.',
  'not-sent': 'Check the network between the rebalancer and GreptimeDB.',
  'refused-peer-unavailable':
    'Check whether both datanodes run and send heartbeats; after a change of the leader of metasrv it passes within seconds.',
  'refused-already-running': 'Look at information_schema.procedure_info.',
  'refused-not-leader': 'Check cluster.metasrv.endpoints.',
  'refused-invalid': 'Check whether this version of GreptimeDB is supported, and read the error.',
  'refused-access-denied': 'Give the account the right to run admin functions, or configure another one.',
  rolled_back:
    'Look at the log and the disk of the target, and whether it reaches the object storage and the write-ahead log.',
  'moved-elsewhere': 'Find out who else moves regions.',
  'submit-unclear-not-started': 'Check the network between the rebalancer and GreptimeDB.',
  'procedure-not-registered':
    'Check whether the procedure manager of metasrv is paused, or full with 128 procedures.',
  'no-effect': "Look at metasrv's log for the region.",
  'still-running':
    'Wait: nothing else starts until then. Raise execution.moveTimeout if such migrations are normal.',
  'stuck-downgraded':
    'Submit the same migration once more by hand, as docs/recovery.md says: writes to the region fail until then.',
  'outcome-unknown': 'Make GreptimeDB reachable again; the end is found out then.',
};

export function isCause(text: string): text is CauseCode {
  return text in CAUSES;
}

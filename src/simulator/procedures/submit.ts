import type { ClusterCore } from '../cluster/core.ts';
import { displayRegion } from '../cluster/model.ts';
import type { RegionRoute } from '../cluster/model.ts';
import { invalidArguments, MetaError, unexpected } from './errors.ts';
import { beginMigration, isMigrating } from './migrations.ts';

export interface MigrationSubmission {
  readonly regionKey: bigint;
  readonly from: string;
  readonly to: string;
  readonly budgetMs: number;
}

/** A request for a migration as the journal tells it. */
interface AskedMigration {
  readonly target: string;
  readonly detail: string;
  readonly regionId: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What the leading metasrv does with a request for a migration, which is journalled whatever becomes of it. Returns the procedure's id;
 * null: the region is there already (up to 0.14; later versions make it an error).
 *
 * @param read what was asked, as the port understands it; may throw what the port refuses.
 * @throws MetaError with GreptimeDB's text.
 */
export function requestMigration(
  core: ClusterCore,
  asked: AskedMigration,
  read: () => MigrationSubmission,
): string | null {
  const { target, ...rest } = asked;
  const entry = { kind: 'mutating-request', target, operation: 'migrate-region', ...rest } as const;
  try {
    const procedureId = submitMigration(core, read());
    core.journal.record(
      procedureId === null
        ? { ...entry, verdict: 'already-there' }
        : { ...entry, verdict: 'accepted', procedureId },
    );
    return procedureId;
  } catch (error) {
    if (error instanceof Error) core.journal.record({ ...entry, verdict: 'refused', message: error.message });
    throw error;
  }
}

/** The checks in GreptimeDB's order (src/meta-srv/src/procedure/region_migration/manager.rs), then an id. */
function submitMigration(core: ClusterCore, submission: MigrationSubmission): string | null {
  const { regionKey, from, to, budgetMs } = submission;
  const { profile } = core;
  const display = displayRegion(regionKey);
  requireAlive(core, from);
  requireAlive(core, to);
  // Up to 0.8 the guard is dropped too early, so that nothing is ever found running.
  if (profile.duplicateRefused && isMigrating(core, regionKey))
    throw new MetaError('Unexpected', `Another migration procedure is running for region: ${display}`);
  if (from === to) throw invalidArguments("The `from_peer_id` can't equal `to_peer_id`");
  const { region, leader, followers, state } = requireRoute(core, submission);
  // From 0.9 a region whose leader is being downgraded has not arrived yet.
  if (leader === to && !(profile.duplicateRefused && state === 'downgrading')) {
    if (!profile.refusesArrived) return null;
    const text = `The region migration procedure is completed for region: ${display}, target_peer: ${to}`;
    throw new MetaError('Unexpected', text);
  }
  if (leader !== from)
    throw profile.namesActualLeader
      ? new MetaError(
          'InvalidArguments',
          `Region's leader peer changed: Region's leader peer(${leader}) is not the \`from_peer\`(${from}), region: ${display}`,
        )
      : invalidArguments('Invalid region migration `from_peer` argument');
  if (profile.refusesFollower && followers.includes(to))
    throw invalidArguments(`The \`to_peer\`(${to}) is already has a region follower, region: ${display}`);
  return beginMigration(core, { region, from, to, budgetMs, reason: 'Manual' });
}

function requireAlive(core: ClusterCore, nodeId: string): void {
  if (core.meta.isAlive(core.state.datanodes.get(nodeId))) return;
  const status = core.profile.deadPeerIsInternal ? 'Internal' : 'Unexpected';
  throw new MetaError(status, `The target peer is unavailable temporally: ${nodeId}`);
}

function requireRoute(
  core: ClusterCore,
  submission: MigrationSubmission,
): RegionRoute & { readonly leader: string } {
  const { regionKey } = submission;
  const tableId = regionKey >> 32n;
  const table = core.state.tables.get(Number(tableId));
  if (!table || table.kind === 'view')
    throw new MetaError('Unexpected', `Failed to find table route for ${tableId}`);
  if (table.kind === 'logical') throw logicalTable(core, submission);
  const route = core.state.routeOf(regionKey);
  if (!route) throw new MetaError('Unexpected', `Failed to find table route for ${displayRegion(regionKey)}`);
  const { leader } = route;
  if (leader === null) throw unexpected('Region route leader peer is not found');
  return { ...route, leader };
}

function logicalTable(core: ClusterCore, { regionKey, from, to }: MigrationSubmission): MetaError {
  const peer = (id: string): string => `peer-${id}(${core.state.datanodes.get(id)?.addr ?? ''})`;
  const cluster = core.profile.clusterId ? 'cluster: 0, ' : '';
  const reason = core.profile.migrationEvents ? ', trigger_reason: Manual' : '';
  return unexpected(
    `Trying to execute region migration on the logical table, task ${cluster}region: ${displayRegion(regionKey)}, ` +
      `from_peer: ${peer(from)}, to_peer: ${peer(to)}${reason}`,
  );
}

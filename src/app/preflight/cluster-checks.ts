import type { Config } from '../../config/config.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { DatanodeId } from '../../domain/ids.ts';
import type { Policy } from '../../domain/policy.ts';
import type { TableSelector } from '../../domain/selector.ts';
import { takesWrites } from '../../domain/snapshot.ts';
import type { Datanode, Snapshot } from '../../domain/snapshot.ts';
import type { Warning } from '../../domain/plan.ts';
import type { Cluster, ClusterProfile, ClusterSafety } from '../../greptimedb/port.ts';
import { count } from '../../lib/number.ts';
import { check } from './check.ts';
import type { Check } from './check.ts';

/** A procedure that nobody has. Metasrv looks its state up and finds none; nothing else comes of it. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/**
 * Whether the user may migrate. Every version checks the right to `ADMIN` (or `SELECT function`) as such, before it looks what function is
 * called (GreptimeDB src/sql/src/statements/statement.rs `is_readonly`, src/auth/src/permission.rs): the harmless call tells.
 */
export async function rightsCheck(cluster: Cluster, config: Config, signal: AbortSignal): Promise<Check> {
  if (cluster.profile.api === 'metasrv')
    return check('rights', 'pass', 'The admin interface of metasrv asks nobody for rights.');
  const { username } = config.cluster.sql;
  const user = `User ${JSON.stringify(username)}`;
  try {
    await cluster.readProcedure(NOBODY, { signal });
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== 'access-denied') throw error;
    return check(
      'rights',
      config.execution.dryRun ? 'warn' : 'fail',
      `${user} may only read: plan, explain, snapshot and a dry run work, every migration is refused.`,
      'To let it act, configure a user that may write (docs/security.md).',
    );
  }
  const may = `${user} may migrate regions.`;
  const mayAnybody = 'No login is configured, and none is asked for: migrations are allowed.';
  return check('rights', 'pass', username === undefined ? mayAnybody : may);
}

/** What this version can do, and what it cannot. */
export function featureChecks(
  { api, features, version }: ClusterProfile,
  safety: ClusterSafety,
  { cluster }: Config,
): readonly Check[] {
  const seesOthers = features.includes('procedure_info');
  const hasMetasrv = cluster.metasrv.endpoints.length > 0;
  const either = (isThere: boolean, there: string, missing: string, advice: string): Check =>
    isThere ? check('feature', 'pass', there) : check('feature', 'warn', missing, advice);
  return [
    either(
      api === 'sql' && seesOthers,
      'Regions are flushed before they move: a local write-ahead log is enough, on shared storage.',
      `GreptimeDB ${version === '' ? 'of this age' : version} moves regions without flushing them: only a Kafka write-ahead log keeps every row.`,
      'Look at the configuration of the datanodes; preflight --migrate shows what happens.',
    ),
    either(
      seesOthers,
      'Migrations of others are seen, and waited for.',
      'Migrations of others cannot be seen in this version.',
      'Let nobody else move regions.',
    ),
    either(
      safety.maintenance !== 'unknown',
      'Maintenance mode is seen, and nothing moves during it.',
      `Maintenance mode cannot be seen${hasMetasrv ? ' in this version' : ' over SQL'}: migrations go on during it.`,
      hasMetasrv
        ? 'Pause the rebalancer (pause) during maintenance.'
        : 'Name the metasrvs in cluster.metasrv.endpoints.',
    ),
    ...(safety.procedureManager === 'unknown'
      ? []
      : [check('feature', 'pass', 'A paused procedure manager is seen, and waited for.')]),
  ];
}

/** Which datanodes there are, and which of them take regions. @param quarantined nothing moves to them for a while. */
export function datanodeChecks(
  { datanodes, regions }: Snapshot,
  policy: Policy,
  quarantined: ReadonlySet<DatanodeId>,
): readonly Check[] {
  const led = (ids: readonly string[]): string => {
    const theirs = regions.filter(({ leader }) => leader !== null && ids.includes(leader));
    return count(theirs.length, 'region');
  };
  const idsOf = (wanted: (datanode: Datanode) => boolean): string[] =>
    datanodes.filter(wanted).map(({ id }) => id);
  const alive = idsOf(({ status }) => status === 'alive');
  const dead = idsOf(({ status }) => status === 'dead');
  const draining = policy.drain.filter((id) => datanodes.some((datanode) => datanode.id === id));
  const cordoned = alive.filter((id) => policy.cordon.includes(id));
  const readers = idsOf((datanode) => !takesWrites(datanode));
  const targets = alive.filter((id) => ![...draining, ...cordoned, ...readers].includes(id));
  const leaders = new Set(regions.map(({ leader }) => leader));
  const empty = targets.filter((id) => !leaders.has(id) && !quarantined.has(id));
  const restart =
    'Start them again, or leave their regions to the failover of GreptimeDB. Their regions are not moved.';
  const told: [
    ids: readonly string[],
    verdict: Check['verdict'],
    text: (ids: string) => string,
    advice?: string,
  ][] = [
    [dead, 'warn', (ids) => `Dead: ${ids}, leading ${led(dead)}.`, restart],
    [empty, 'pass', (ids) => `Empty, to be filled: ${ids}.`],
    [draining, 'pass', (ids) => `Draining: ${ids}, with ${led(draining)} left.`],
    [cordoned, 'pass', (ids) => `Cordoned, so that nothing is moved there: ${ids}.`],
    [readers, 'pass', (ids) => `For queries alone, so that nothing is moved there: ${ids}.`],
  ];
  const [only] = targets;
  const areAlive = `${alive.length} of ${count(datanodes.length, 'datanode')} ${alive.length === 1 ? 'is' : 'are'} alive.`;
  return [
    check('datanodes', 'pass', areAlive),
    ...told
      .filter(([ids]) => ids.length > 0)
      .map(([ids, verdict, text, advice]) => check('datanodes', verdict, text(ids.join(', ')), advice)),
    ...(targets.length > 1
      ? []
      : [
          check(
            'datanodes',
            'warn',
            `${only === undefined ? 'No datanode' : `Only datanode ${only}`} may receive regions: there is nothing to balance.`,
            'Add datanodes, or look at datanodes.drain and datanodes.cordon.',
          ),
        ]),
  ];
}

/** What the configuration selects, and which of its names match nothing. */
export function selectionChecks(
  { tables, regions }: Snapshot,
  selector: TableSelector,
  unmatched: readonly Warning[],
): readonly Check[] {
  const selected = new Set(tables.filter((table) => selector.selects(table)).map(({ id }) => id));
  const selectedRegions = regions.filter(({ tableId }) => selected.has(tableId)).length;
  const isOne = selected.size === 1;
  const detail = `${selected.size} of ${count(tables.length, 'table')} with ${count(selectedRegions, 'region')} ${isOne ? 'is' : 'are'} selected.`;
  const nothing = 'No table is selected: there is nothing to balance.';
  const wrongName = 'Correct the name in the configuration, or take it out.';
  return [
    ...(selected.size > 0 ? [check('selection', 'pass', detail)] : []),
    ...unmatched.map((warning) => check('selection', 'warn', warning.detail, wrongName)),
    ...(selected.size === 0 && unmatched.length === 0
      ? [check('selection', 'warn', nothing, 'Look at tables.include and tables.exclude.')]
      : []),
  ];
}

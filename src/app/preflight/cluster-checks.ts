import type { Config } from '../../config/config.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { Policy } from '../../domain/policy.ts';
import type { TableSelector } from '../../domain/selector.ts';
import { takesWrites } from '../../domain/snapshot.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Warning } from '../../domain/plan.ts';
import type { Cluster, ClusterProfile, ClusterSafety } from '../../greptimedb/port.ts';
import { count } from '../../lib/number.ts';
import type { Check } from './check.ts';

/** A procedure that nobody has. Metasrv looks its state up and finds none; nothing else comes of it. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/**
 * Whether the user may migrate. Every version checks the right to `ADMIN` (or `SELECT function`) as such, before it looks what function is
 * called (GreptimeDB src/sql/src/statements/statement.rs `is_readonly`, src/auth/src/permission.rs): the harmless call tells.
 */
export async function rightsCheck(cluster: Cluster, config: Config, signal: AbortSignal): Promise<Check> {
  const check = 'rights';
  if (cluster.profile.api === 'metasrv')
    return { check, verdict: 'pass', detail: 'The admin interface of metasrv asks nobody for rights.' };
  const { username } = config.cluster.sql;
  try {
    await cluster.readProcedure(NOBODY, { signal });
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== 'access-denied') throw error;
    return {
      check,
      verdict: config.execution.dryRun ? 'warn' : 'fail',
      detail: `User ${JSON.stringify(username)} may only read: plan, explain, snapshot and a dry run work, every migration is refused.`,
      advice: 'To let it act, configure a user that may write (docs/security.md).',
    };
  }
  const who =
    username === undefined
      ? 'No login is configured, and none is asked for'
      : `User ${JSON.stringify(username)}`;
  return {
    check,
    verdict: 'pass',
    detail: `${who}${username === undefined ? ': migrations are allowed' : ' may migrate regions'}.`,
  };
}

/** What this version can do, and what it cannot. */
export function featureChecks(
  { api, features, version }: ClusterProfile,
  safety: ClusterSafety,
  { cluster }: Config,
): readonly Check[] {
  const feature = (verdict: Check['verdict'], detail: string, advice?: string): Check => ({
    ...{ check: 'feature' as const, verdict, detail },
    ...(advice !== undefined && { advice }),
  });
  const seesOthers = features.includes('procedure_info');
  const hasMetasrv = cluster.metasrv.endpoints.length > 0;
  const flushes = api === 'sql' && seesOthers;
  return [
    flushes
      ? feature(
          'pass',
          'Regions are flushed before they move: a local write-ahead log is enough, on shared storage.',
        )
      : feature(
          'warn',
          `GreptimeDB ${version === '' ? 'of this age' : version} moves regions without flushing them: only a Kafka write-ahead log keeps every row.`,
          'Look at the configuration of the datanodes; preflight --migrate shows what happens.',
        ),
    seesOthers
      ? feature('pass', 'Migrations of others are seen, and waited for.')
      : feature(
          'warn',
          'Migrations of others cannot be seen in this version.',
          'Let nobody else move regions.',
        ),
    safety.maintenance === 'unknown'
      ? feature(
          'warn',
          `Maintenance mode cannot be seen${hasMetasrv ? ' in this version' : ' over SQL'}: migrations go on during it.`,
          hasMetasrv
            ? 'Pause the rebalancer (pause) during maintenance.'
            : 'Name the metasrvs in cluster.metasrv.endpoints.',
        )
      : feature('pass', 'Maintenance mode is seen, and nothing moves during it.'),
    ...(safety.procedureManager === 'unknown'
      ? []
      : [feature('pass', 'A paused procedure manager is seen, and waited for.')]),
  ];
}

/** Which datanodes there are, and which of them take regions. */
export function datanodeChecks({ datanodes, regions }: Snapshot, policy: Policy): readonly Check[] {
  const leads = (id: string): number => regions.filter(({ leader }) => leader === id).length;
  const dead = datanodes.filter(({ status }) => status === 'dead').map(({ id }) => id);
  const alive = datanodes.filter(({ status }) => status === 'alive').map(({ id }) => id);
  const draining = policy.drain.filter((id) => datanodes.some((datanode) => datanode.id === id));
  const cordoned = alive.filter((id) => policy.cordon.includes(id));
  const readers = datanodes.filter((datanode) => !takesWrites(datanode)).map(({ id }) => id);
  const held = new Set([...draining, ...cordoned, ...readers]);
  const targets = alive.filter((id) => !held.has(id));
  const empty = targets.filter((id) => leads(id) === 0);
  const left = draining.reduce((sum, id) => sum + leads(id), 0);
  const say = (verdict: Check['verdict'], detail: string, advice?: string): Check => ({
    ...{ check: 'datanodes' as const, verdict, detail },
    ...(advice !== undefined && { advice }),
  });
  return [
    say(
      'pass',
      `${alive.length} of ${count(datanodes.length, 'datanode')} ${alive.length === 1 ? 'is' : 'are'} alive.`,
    ),
    ...(dead.length === 0
      ? []
      : [
          say(
            'warn',
            `Dead: ${dead.join(', ')}, leading ${count(
              dead.reduce((sum, id) => sum + leads(id), 0),
              'region',
            )}.`,
            'Start them again, or leave their regions to the failover of GreptimeDB. Their regions are not moved.',
          ),
        ]),
    ...(empty.length === 0 ? [] : [say('pass', `Empty, to be filled: ${empty.join(', ')}.`)]),
    ...(draining.length === 0
      ? []
      : [say('pass', `Draining: ${draining.join(', ')}, with ${count(left, 'region')} left.`)]),
    ...(cordoned.length === 0
      ? []
      : [say('pass', `Cordoned, so that nothing is moved there: ${cordoned.join(', ')}.`)]),
    ...(readers.length === 0
      ? []
      : [say('pass', `For queries alone, so that nothing is moved there: ${readers.join(', ')}.`)]),
    ...(targets.length > 1
      ? []
      : [
          say(
            'warn',
            `${targets.length === 0 ? 'No datanode' : `Only datanode ${targets[0]!}`} may receive regions: there is nothing to balance.`,
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
  const detail = `${selected.size} of ${count(tables.length, 'table')} with ${count(selectedRegions, 'region')} ${selected.size === 1 ? 'is' : 'are'} selected.`;
  const advice = 'Correct the name in the configuration, or take it out.';
  return [
    ...(selected.size > 0 ? [{ check: 'selection', verdict: 'pass', detail } as const] : []),
    ...unmatched.map(
      (warning) => ({ check: 'selection', verdict: 'warn', detail: warning.detail, advice }) as const,
    ),
    ...(selected.size === 0 && unmatched.length === 0
      ? [
          {
            check: 'selection',
            verdict: 'warn',
            detail: 'No table is selected: there is nothing to balance.',
            advice: 'Look at tables.include and tables.exclude.',
          } as const,
        ]
      : []),
  ];
}

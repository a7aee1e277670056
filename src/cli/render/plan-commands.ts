import { UsageError } from '../../domain/errors.ts';
import { migrateStatement, migrationPath } from '../../domain/migrate-call.ts';
import type { FunctionForm } from '../../domain/migrate-call.ts';
import type { Move, Plan } from '../../domain/plan.ts';
import type { ClusterIdentity } from '../../domain/snapshot.ts';
import { printable } from './text.ts';
import type { Lines } from './text.ts';
import { count } from '../../lib/number.ts';

/** What the statements need beside the plan. */
export interface CommandOptions {
  readonly cluster: ClusterIdentity;
  /** Replay timeout, or the budget for downgrade and upgrade in newer versions; whole seconds are sent. */
  readonly replayTimeoutMs: number;
  /** The HTTP address to send to; without one, the script begins with a variable to fill in. */
  readonly endpoint?: string;
  /** The metasrv API's `cluster_id`; 0 is its own default. */
  readonly clusterId?: number;
  /** Basic authentication for `/v1/sql`; the password stays in its file. */
  readonly username?: string;
  readonly passwordFile?: string;
}

const CAUTION = [
  'Run one migration at a time. Start the next when the target leads the region:',
  'two at once can leave a region without a leader.',
];

/**
 * The moves as SQL statements to paste, one a line.
 *
 * @throws UsageError when the cluster is older than 0.7 and knows no such statement.
 */
export function* planSql(plan: Plan, options: CommandOptions): Lines {
  const form = functionForm(options.cluster);
  yield* comments('--', plan, options.cluster);
  for (const move of plan.moves) yield `${statement(form, move, options)}; -- ${moveNote(move)}`;
}

/** The moves as curl commands for a shell: the metasrv's admin API for clusters that are reached by it, else `/v1/sql` of a frontend. */
export function* planCurl(plan: Plan, options: CommandOptions): Lines {
  yield* comments('#', plan, options.cluster);
  const isMetasrv = options.cluster.api === 'metasrv';
  yield isMetasrv
    ? endpointLine('METASRV', options.endpoint, 'http://127.0.0.1:3002', 'the metasrv that leads')
    : endpointLine('FRONTEND', options.endpoint, 'http://127.0.0.1:4000', 'a frontend');
  const form = isMetasrv ? 'SELECT' : functionForm(options.cluster);
  for (const move of plan.moves)
    yield `${isMetasrv ? metasrvCurl(move, options) : sqlCurl(form, move, options)} # ${moveNote(move)}`;
}

function* comments(mark: string, plan: Plan, cluster: ClusterIdentity): Lines {
  const server = `GreptimeDB ${cluster.version || 'of unknown version'}`;
  yield `${mark} ${printable(cluster.name || 'cluster')} (${printable(server)}): ${count(plan.moves.length, 'move')} of plan ${plan.planId}`;
  yield `${mark} made from a snapshot taken ${printable(plan.snapshotTakenAt)}.`;
  for (const line of CAUTION) yield `${mark} ${line}`;
}

/** A comment at the end of a line: no line break and no control character may come out of a table's name. */
function moveNote(move: Move): string {
  return `${move.seq}: ${printable(move.table)}, ${move.reason}`;
}

function functionForm({ api, version }: ClusterIdentity): FunctionForm {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  // The metasrv API ended with 0.7, the only version that has both it and the statement.
  if (!match) return api === 'metasrv' ? 'SELECT' : 'ADMIN';
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3] ?? '0')];
  if (major === 0 && minor < 7)
    throw new UsageError(`GreptimeDB ${version} has no SQL statement that migrates a region; use -o curl`);
  return major === 0 && (minor < 9 || (minor === 9 && patch < 3)) ? 'SELECT' : 'ADMIN';
}

function statement(form: FunctionForm, move: Move, { replayTimeoutMs }: CommandOptions): string {
  return migrateStatement(form, { ...move, replayTimeoutMs });
}

function endpointLine(variable: string, endpoint: string | undefined, example: string, what: string): string {
  const value = `${variable}=${shellQuote((endpoint ?? example).replace(/\/+$/, ''))}`;
  return endpoint === undefined ? `${value} # set this to ${what}` : value;
}

function metasrvCurl(move: Move, { replayTimeoutMs, clusterId = 0 }: CommandOptions): string {
  return `curl -sS "$METASRV${migrationPath({ ...move, replayTimeoutMs }, clusterId)}"`;
}

function sqlCurl(form: FunctionForm, move: Move, options: CommandOptions): string {
  const sql = shellQuote(`sql=${statement(form, move, options)}`);
  return `curl -sS ${credentials(options)}"$FRONTEND/v1/sql" --data-urlencode ${sql}`;
}

function credentials({ username, passwordFile }: CommandOptions): string {
  if (username === undefined) return '';
  if (passwordFile === undefined) return `-u ${shellQuote(username)} `;
  return `-u ${shellQuote(`${username}:`)}"$(cat ${shellQuote(passwordFile)})" `;
}

/** One word for a POSIX shell, whatever it holds. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

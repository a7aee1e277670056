/*
 * Loaded into a real daemon before its own code (NODE_OPTIONS=--import): kills it with SIGKILL right before or right after the commit that
 * takes a move from one state to another. KILL_AT_EDGE says which: `checking intent-recorded after`.
 */
import { DatabaseSync, StatementSync } from 'node:sqlite';

const [from, to, when] = (process.env['KILL_AT_EDGE'] ?? '').split(' ');
let isDue = false;
/** The one that opened the transaction in which a move changes. */
let connection: DatabaseSync | undefined;

function opened(database: DatabaseSync): void {
  connection = database;
}

function stateOf(moveId: number): unknown {
  return connection?.prepare('SELECT state FROM moves WHERE id = ?').get(moveId)?.['state'];
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const run: unknown = Reflect.get(StatementSync.prototype, 'run');
const exec: unknown = Reflect.get(DatabaseSync.prototype, 'exec');
if (typeof run !== 'function' || typeof exec !== 'function') throw new Error('node:sqlite has changed');

Reflect.set(
  StatementSync.prototype,
  'run',
  function (this: StatementSync, ...parameters: unknown[]): unknown {
    const isState = this.sourceSQL.startsWith('UPDATE moves SET state = ?');
    if (isState && parameters[0] === to && stateOf(Number(parameters.at(-1))) === from) isDue = true;
    return Reflect.apply(run, this, parameters) as unknown;
  },
);

Reflect.set(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string): unknown {
  opened(this);
  if (!isDue || sql !== 'COMMIT') return Reflect.apply(exec, this, [sql]) as unknown;
  if (when === 'before') die();
  Reflect.apply(exec, this, [sql]);
  die();
  return undefined;
});

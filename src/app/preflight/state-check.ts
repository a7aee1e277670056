import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { describeError } from '../../domain/errors.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { whyUnread } from '../../store/read-only-state.ts';
import type { ReadOnlyState } from '../../store/read-only-state.ts';
import { identityOf } from '../daemon/settings.ts';
import { check } from './check.ts';
import type { Check } from './check.ts';

/** Whether a daemon of this user could keep its state there. Nothing is made, and no lock is taken: a daemon may be at work. */
export function stateCheck(
  config: Config,
  state: ReadOnlyState | undefined,
  snapshot: Snapshot | undefined,
): Check {
  const { path } = config.state;
  const problem = folderProblem(path);
  if (problem !== undefined) {
    const advice = 'Make the folder so that this user may write to it, or name another one in state.path.';
    return check('state', 'fail', problem, advice);
  }
  if (!existsSync(join(path, 'rebalancer.db')))
    return check('state', 'pass', `The state folder ${path} is new: the first start fills it.`);
  if (!state && whyUnread(path) === 'older')
    return check(
      'state',
      'warn',
      `The state in ${path} is of an older release.`,
      'The next start brings it up to date. Keep a copy of the folder if you may want to go back.',
    );
  if (!state)
    return check(
      'state',
      'fail',
      `The state in ${path} cannot be used: a newer release wrote it, it is damaged, or the file is another program's.`,
      'Start the daemon: it says what is wrong. docs/recovery.md ("The state folder") says what to do.',
    );
  if (!snapshot)
    return check('state', 'warn', `The state in ${path} is readable; whose it is was not compared.`);
  state.checkCluster(identityOf(snapshot, config));
  return check('state', 'pass', `The state in ${path} is of this cluster.`);
}

/** What keeps a state from being written there, or undefined. */
function folderProblem(path: string): string | undefined {
  const found = nearestExisting(path);
  const target = statSync(found, { throwIfNoEntry: false });
  if (!target?.isDirectory())
    return `state.path ${path}: ${found} is ${target ? 'a file' : 'a link to nothing'}, a folder was wanted.`;
  const named = found === path ? '' : ` (${found})`;
  for (const file of [found, join(path, 'rebalancer.db'), join(path, 'rebalancer.lock')]) {
    if (!existsSync(file)) continue;
    try {
      accessSync(file, file === found ? constants.W_OK | constants.X_OK : constants.W_OK);
    } catch (error) {
      return `state.path ${path}${named} cannot be written: ${describeError(error)}.`;
    }
  }
  return undefined;
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return isThere || parent === path ? path : nearestExisting(parent);
}

import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatingError } from '../../../src/domain/errors.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { throughEach } from '../through-each.ts';

type DiskHealth = 'well' | 'full' | 'failing';

/** What outlives the process: the state of the rebalancer. */
export interface Disk {
  /** The store itself, for who looks on from outside. */
  readonly raw: Store;
  /** `full`: nothing can be written. `failing`: every other call fails, reads too. */
  health: DiskHealth;
  /** The store for a new process. */
  open(): Store;
  /** The process that had it is dead: `crashed` leaves the files as they were at that moment. */
  release(how: 'crashed' | 'closed'): void;
  /** At the end of the run. */
  discard(): void;
}

const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const DATABASE = 'rebalancer.db';

export function createDisk(kind: 'memory' | 'folder', dependencies: { clock: Clock; prng: Prng }): Disk {
  return kind === 'memory' ? memoryDisk(dependencies) : folderDisk(dependencies);
}

function memoryDisk({ clock, prng }: { clock: Clock; prng: Prng }): Disk {
  const raw = openStore({ path: ':memory:' }, { clock });
  const disk: Disk = {
    raw,
    health: 'well',
    open: () => onDisk({ ...raw, close: () => undefined }, () => troubleOf(disk, prng)),
    release: () => undefined,
    discard: () => raw.close(),
  };
  return disk;
}

/** On real files. A crash leaves a copy of database and write-ahead log, with half a record that had not been synced at its end. */
function folderDisk({ clock, prng }: { clock: Clock; prng: Prng }): Disk {
  const root = mkdtempSync(join(ROOT, 'rebalancer-sim-'));
  let generation = 0;
  let folder = join(root, '0');
  let raw: Store | undefined;
  const disk: Disk = {
    get raw() {
      raw ??= openStore({ path: folder }, { clock });
      return raw;
    },
    health: 'well',
    open: () => onDisk(disk.raw, () => troubleOf(disk, prng)),
    release(how) {
      if (how === 'crashed') {
        generation += 1;
        const next = join(root, String(generation));
        copyTorn(folder, next, prng);
        folder = next;
      }
      raw?.close();
      raw = undefined;
    },
    discard() {
      raw?.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return disk;
}

function copyTorn(from: string, to: string, prng: Prng): void {
  mkdirSync(to);
  const log = `${DATABASE}-wal`;
  copyFileSync(join(from, DATABASE), join(to, DATABASE));
  if (!existsSync(join(from, log))) return;
  copyFileSync(join(from, log), join(to, log));
  const torn = Buffer.alloc(prng.int(6_000), prng.int(256));
  appendFileSync(join(to, log), torn);
}

const WRITES = new Set([
  ...['createMove', 'writeMove', 'markDowngraded', 'writeLateOutcome', 'markUndone', 'resetFailureRun'],
  ...['releaseCooldown', 'releaseQuarantine', 'beginCycle', 'endCycle', 'saveSample', 'setPause'],
  ...['clearPause', 'addRequest', 'removeRequest', 'addAudit', 'prune', 'importHolds'],
]);

type Trouble = 'state-full' | 'state-io' | undefined;

function troubleOf({ health }: Disk, prng: Prng): Trouble {
  if (health === 'full') return 'state-full';
  return health === 'failing' && prng.chance(0.5) ? 'state-io' : undefined;
}

/** The store on a disk that may be in trouble. Closing always works: the process ends. */
function onDisk(store: Store, trouble: () => Trouble): Store {
  return throughEach(store, (method, call) => {
    const code = method === 'close' ? undefined : trouble();
    if (code === 'state-io' || (code === 'state-full' && WRITES.has(method)))
      throw new OperatingError(code, `The state file cannot be used (${code}).`);
    return call();
  });
}

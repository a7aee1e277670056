import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { Database } from '../../../src/store/sqlite-database.ts';
import { guarded } from '../../../src/store/sqlite-errors.ts';
import { APPLICATION_ID, openFile } from '../../../src/store/sqlite-file.ts';
import { MIGRATIONS } from '../../../src/store/sqlite-migrations.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const clock = new VirtualClock();
const storeModule = join(import.meta.dirname, '../../../src/store/sqlite.ts');
const clockModule = join(import.meta.dirname, '../../../src/lib/clock.ts');

function refusal(open: () => unknown): OperatingError {
  try {
    open();
  } catch (error) {
    if (error instanceof OperatingError) return error;
    throw error;
  }
  throw new Error('It was opened');
}

/** A state folder with a few hundred rows, closed. */
function filledFolder(): { path: string; file: string } {
  const path = tempFolder();
  const store = openStore({ path }, { clock });
  for (let cycle = 0; cycle < 200; cycle += 1) {
    const id = store.beginCycle('schedule', cycle);
    store.endCycle(id, { endedAtMs: cycle, outcome: 'balanced', moved: 0, detail: 'x'.repeat(200) });
  }
  store.close();
  return { path, file: join(path, 'rebalancer.db') };
}

/** Another process that runs `script` with `openStore` at hand and prints what it has to say. */
function otherProcess(script: string, uid?: number): ChildProcess {
  const source = `import { openStore } from ${JSON.stringify(storeModule)}; import { systemClock as clock } from ${JSON.stringify(clockModule)};
    try { ${script} } catch (error) { console.log(error.code + ' ' + error.message); }`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid !== undefined && { uid }),
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk]: unknown[] = await once(child.stdout!, 'data');
  return String(chunk).trim();
}

describe('a state file under a running process', () => {
  it.each([
    ['deleted', 'is gone', (file: string) => rmSync(file)],
    [
      'made unreachable by a loop of links',
      'is gone',
      (file: string) => {
        rmSync(file);
        symlinkSync(file, file);
      },
    ],
    [
      'replaced by a copy',
      'is another one',
      (file: string) => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
  ])('that was %s is told of, and no cycle begins', (_, wanted, change) => {
    const path = tempFolder();
    const store = openStore({ path }, { clock });
    expect(store.problem()).toBeUndefined();
    change(join(path, 'rebalancer.db'));
    expect(store.problem()).toContain(wanted);
    expect(refusal(() => store.beginCycle('schedule', 0)).code).toBe('state-io');
    store.close();
  });
});

describe('a state folder', () => {
  it('that can never be created is refused at once', () => {
    expect(refusal(() => openStore({ path: '/proc/x/y' }, { clock })).code).toBe('state-unwritable');
  });

  it('is created with all folders above it', () => {
    const path = join(tempFolder(), 'a', 'b');
    openStore({ path }, { clock }).close();
    expect(existsSync(join(path, 'rebalancer.db'))).toBe(true);
    expect(existsSync(join(path, 'rebalancer.pid'))).toBe(false);
  });

  it.each(['the file itself', 'a folder inside it'])('is refused when its path is a file: %s', (which) => {
    const file = join(tempFolder(), 'plain');
    writeFileSync(file, 'mine');
    const path = which === 'the file itself' ? file : join(file, 'state');
    expect(refusal(() => openStore({ path }, { clock }))).toMatchObject({ code: 'state-not-a-directory' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is refused while another store of the same process holds it', () => {
    const path = tempFolder();
    const first = openStore({ path }, { clock });
    const error = refusal(() => openStore({ path }, { clock }));
    expect(error.code).toBe('state-locked');
    expect(error.message).toContain(`the process with id ${process.pid}, since 2026-01-01T00:00:00.000Z`);
    first.close();
    openStore({ path }, { clock }).close();
  });

  it('is refused while another process holds it, and free as soon as that is killed', async () => {
    const path = tempFolder();
    const holder = otherProcess(
      `const store = openStore({ path: ${JSON.stringify(path)} }, { clock });
       store.setPause({ reason: 'kept', by: 'b', atMs: 0, untilMs: null });
       console.log('ready'); setInterval(() => store, 1000);`,
    );
    expect(await firstLine(holder)).toBe('ready');
    const error = refusal(() => openStore({ path }, { clock }));
    expect(error).toMatchObject({ code: 'state-locked' });
    expect(error.message).toContain(`the process with id ${holder.pid ?? 0}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const store = openStore({ path }, { clock });
    expect(store.pause(1)?.reason).toBe('kept');
    store.close();
  });

  it.each([
    ['the folder', 0o555, []],
    ['the lock file', 0o777, ['rebalancer.lock']],
    ['the database', 0o777, ['rebalancer.db']],
    ['anything', 0o555, ['rebalancer.db', 'rebalancer.lock']],
  ])('is refused when %s may not be written', async (_which, mode, readOnly) => {
    const { path, file } = filledFolder();
    const before = readFileSync(file);
    for (const name of ['rebalancer.db', 'rebalancer.lock']) {
      chmodSync(join(path, name), readOnly.includes(name) ? 0o444 : 0o666);
    }
    chmodSync(path, mode);
    const isRoot = process.getuid?.() === 0;
    const other = otherProcess(
      `openStore({ path: ${JSON.stringify(path)} }, { clock }); console.log('opened');`,
      isRoot ? 65_534 : undefined,
    );
    expect(await firstLine(other)).toMatch(/^state-(read-only|unopenable) .*(writable|permissions)/);
    chmodSync(path, 0o755);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe('a state file', () => {
  it('that was cut off at any place is recognised and left as it is', () => {
    const { path, file } = filledFolder();
    const whole = readFileSync(file);
    const cuts = [0, 1, 15, 16, 99, 100, 511, 512, 4_095, 4_096, 4_097];
    for (let size = 5_000; size < whole.length; size += 7_919) cuts.push(size);
    cuts.push(whole.length - 1);
    for (const size of cuts) {
      writeFileSync(file, whole);
      truncateSync(file, size);
      const error = refusal(() => openStore({ path }, { clock }));
      expect(`${size}: ${error.code}`).toBe(`${size}: state-corrupt`);
      expect(error.message).toMatch(/backup/);
      expect(statSync(file).size).toBe(size);
    }
  });

  it('whose content was overwritten is recognised', () => {
    const { path, file } = filledFolder();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 8_192, 24_576);
    writeFileSync(file, bytes);
    expect(refusal(() => openStore({ path }, { clock })).code).toBe('state-corrupt');
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('that is missing while its journal is there is not made anew', () => {
    const path = tempFolder();
    writeFileSync(join(path, 'rebalancer.db-wal'), 'frames');
    expect(refusal(() => openStore({ path }, { clock })).code).toBe('state-corrupt');
    expect(existsSync(join(path, 'rebalancer.db'))).toBe(false);
  });

  it('that was left half made is made again', () => {
    const path = tempFolder();
    writeFileSync(join(path, 'rebalancer.db.new'), 'half');
    openStore({ path }, { clock }).close();
    expect(existsSync(join(path, 'rebalancer.db.new'))).toBe(false);
  });

  it.each([
    ['a text', (file: string) => writeFileSync(file, 'dear diary, '.repeat(100))],
    ['a database of another program', (file: string) => new DatabaseSync(file).exec('CREATE TABLE t (a)')],
    ['a folder', (file: string) => mkdirSync(file)],
  ])('that is %s is not touched', (_name, make) => {
    const path = tempFolder();
    make(join(path, 'rebalancer.db'));
    expect(refusal(() => openStore({ path }, { clock })).code).toBe('state-not-ours');
  });

  it('of a newer release is refused', () => {
    const { path, file } = filledFolder();
    const connection = new DatabaseSync(file);
    connection.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    connection.close();
    const error = refusal(() => openStore({ path }, { clock }));
    expect(error.code).toBe('state-newer');
    expect(error.message).toContain(`schema ${MIGRATIONS.length + 1}; this one knows ${MIGRATIONS.length}`);
  });

  it('of an older release is brought up to date step by step, each step whole or not at all', () => {
    const path = tempFolder();
    const options = { folder: path, busyTimeoutMs: 0 };
    const steps = ['CREATE TABLE a (x) STRICT', 'CREATE TABLE b (x INTEGER) STRICT', 'CREATE TABLE c (x'];
    openFile({ ...options, migrations: ['CREATE TABLE a (x INTEGER) STRICT'] }).close();
    expect(() => openFile({ ...options, migrations: steps })).toThrow(OperatingError);
    const connection = new DatabaseSync(join(path, 'rebalancer.db'));
    expect(connection.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    expect(connection.prepare('PRAGMA application_id').get()).toEqual({ application_id: APPLICATION_ID });
    connection.close();
    openFile({ ...options, migrations: [...steps.slice(0, 2), 'CREATE TABLE c (x INTEGER) STRICT'] }).close();
  });

  it('of 0.1.0 is read in the words of today', () => {
    const path = tempFolder();
    openFile({ folder: path, busyTimeoutMs: 0, migrations: MIGRATIONS.slice(0, 2) }).close();
    const connection = new DatabaseSync(join(path, 'rebalancer.db'));
    connection.exec(`
      INSERT INTO moves (plan_id, cycle_id, region_id, table_id, table_name, from_id, to_id, reason, state, unresolved, cause, created_at_ms)
      SELECT 'p', 1, '1', '1', 't', '0', '1', 'drain', value ->> 0, 0, value ->> 1, 1 FROM json_each('[
        ["rolled-back", "rolled-back"], ["timed-out", "no-verdict"], ["abandoned", "source-dead"],
        ["abandoned", "region-busy"], ["failed", "refused-target-is-follower"], ["succeeded", "moved"]]');
      UPDATE moves SET late_outcome = 'rolled_back', late_cause = 'rolled-back', late_detail = '', late_at_ms = 2 WHERE id = 2;
      INSERT INTO transitions VALUES (1, 1, 'verifying', 'rolled-back', 2);
      INSERT INTO plans VALUES ('p', 1, 1, 0, '{}');`);
    connection.close();
    const store = openStore({ path }, { clock });
    const moves = store.listMoves({ limit: 9 }).toReversed();
    expect(moves.map(({ state, cause }) => [state, cause])).toEqual([
      ['rolled_back', 'rolled_back'],
      ['timed_out', 'outcome-unknown'],
      ['abandoned', 'leader-dead'],
      ['abandoned', 'migrating'],
      ['failed', 'follower-on-target'],
      ['succeeded', 'moved'],
    ]);
    expect(moves[1]?.late).toMatchObject({ cause: 'rolled_back' });
    store.close();
  });

  it('with a row of a kind that was never written is corrupt', () => {
    const { path, file } = filledFolder();
    const connection = new DatabaseSync(file);
    connection.exec("UPDATE cycles SET outcome = 'splendid' WHERE id = 3");
    connection.close();
    const store = openStore({ path }, { clock });
    expect(refusal(() => store.listCycles(300)).message).toMatch(/a row has outcome of a kind/);
    store.close();
  });
});

describe('errors of SQLite', () => {
  it.each([
    [5, 'state-locked'],
    [261, 'state-locked'],
    [8, 'state-read-only'],
    [266, 'state-io'],
    [11, 'state-corrupt'],
    [13, 'state-full'],
    [14, 'state-unopenable'],
    [26, 'state-not-ours'],
    [1, 'state-failed'],
  ])('%i become %s', (errcode, code) => {
    const cause = Object.assign(new Error('from sqlite'), { errcode });
    const error = refusal(() =>
      guarded('/x/y.db', 'Writing', () => {
        throw cause;
      }),
    );
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toContain('Writing /x/y.db: ');
  });

  it('that are none of SQLite pass through', () => {
    expect(() =>
      guarded('/x', 'Writing', () => {
        throw new RangeError('a defect');
      }),
    ).toThrow(RangeError);
  });

  it('leave a connection usable after a transaction that failed', () => {
    const database = new Database({ location: ':memory:', busyTimeoutMs: 0 });
    expect(() => database.transaction(() => database.script('nonsense'))).toThrow(OperatingError);
    database.transaction(() => database.script('CREATE TABLE t (a INTEGER)'));
    database.close();
  });
});

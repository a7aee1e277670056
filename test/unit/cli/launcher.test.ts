import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from '../../support/command-process.ts';

/** Makes a process believe that it is an old Node, unless it was launched by ours. */
const OLD_NODE = `
if (!process.env.REBALANCER_LAUNCHED_BY || process.env.ALWAYS_OLD)
  Object.defineProperty(process.versions, 'node', { value: '20.1.2' });
`;

/** Stands in for the program: says who it is, then ends as told, or waits for a signal. */
const ENTRY = `
export async function main([wish, ...rest]) {
  if (wish === 'exit') process.exit(Number(rest[0]));
  if (wish === 'idle') return;
  if (wish === 'env') { console.log(process.env.REBALANCER_LAUNCHED_BY ?? 'not set'); return; }
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => {}, 1000);
  console.log('ready');
}
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launcher-'));
  await mkdir(join(folder, 'src', 'cli'), { recursive: true });
  await copyFile(new URL('../../../src/main.ts', import.meta.url), join(folder, 'src', 'main.ts'));
  await writeFile(join(folder, 'src', 'cli', 'entry.ts'), ENTRY);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'old.cjs'), OLD_NODE);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function addRuntime(): Promise<void> {
  const bin = join(folder, 'node_modules', 'node', 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'node'));
}

function launch(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(
    process.execPath,
    ['--require', join(folder, 'old.cjs'), join(folder, 'src', 'main.ts'), ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    },
  );
}

describe('under an old Node', () => {
  it('runs the program under its own, and ends with the same status', async () => {
    await addRuntime();
    expect(await finish(launch(['exit', '3']))).toMatchObject({ code: 3, signal: null, err: '' });
    expect(await finish(launch(['exit', '0']))).toMatchObject({ code: 0 });
  });

  it('does not keep a program alive that has nothing more to do', async () => {
    await addRuntime();
    expect(await finish(launch(['idle']))).toMatchObject({ code: 0, err: '' });
  });

  it('leaves no trace in the environment', async () => {
    await addRuntime();
    expect(await finish(launch(['env']))).toMatchObject({ out: 'not set\n' });
  });

  it('passes a signal on, and waits for the program to end', async () => {
    await addRuntime();
    const launcher = launch(['wait']);
    await once(launcher.stdout!, 'data');
    launcher.kill('SIGTERM');
    expect(await finish(launcher)).toMatchObject({ code: 7, signal: null });
  });

  it('ends by the signal that ended the program', async () => {
    await addRuntime();
    const launcher = launch(['wait']);
    await once(launcher.stdout!, 'data');
    launcher.kill('SIGINT');
    expect(await finish(launcher)).toMatchObject({ code: null, signal: 'SIGINT' });
  });

  it('leaves no program behind when it is killed itself', async () => {
    await addRuntime();
    const launcher = launch(['wait']);
    await once(launcher.stdout!, 'data');
    launcher.kill('SIGKILL');
    // The program holds the other end of these pipes: they close when it, too, is gone.
    expect(await finish(launcher)).toMatchObject({ signal: 'SIGKILL' });
  });

  it('says what is missing when there is no other Node', async () => {
    const { code, err } = await finish(launch(['exit', '0']));
    expect(code).toBe(2);
    expect(err).toBe(
      'greptime-rebalancer needs Node 24 or newer; this is Node 20.1.2, and no newer one lies in node_modules/node.\n',
    );
  });

  it('gives up when its own Node is old as well', async () => {
    await addRuntime();
    expect(await finish(launch(['exit', '0'], { ALWAYS_OLD: '1' }))).toMatchObject({ code: 2 });
  });
});

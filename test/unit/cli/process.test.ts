import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { finish, runCommandLine } from '../../support/command-process.ts';

const IO = new URL('../../../src/cli/process-io.ts', import.meta.url).href;

/** Runs a few lines of program with a real process around them. */
function run(body: string, stdout: 'pipe' | number = 'pipe'): ChildProcess {
  const script = `import { createProcessIo } from '${IO}'; const io = createProcessIo(); ${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', stdout, 'pipe'],
  });
}

const WAIT = `
io.signal.addEventListener('abort', () => console.log('told: ' + io.signal.reason.message));
const alive = setInterval(() => {}, 1000);
console.log('ready');`;

describe('standard output', () => {
  it('holds no control characters of tables and files', async () => {
    const child = run(`await io.out.write(JSON.stringify({ table: 'cpu\\u009b31m\\u202e' }));`);
    expect(await finish(child)).toMatchObject({ code: 0, out: String.raw`{"table":"cpu\u009b31m\u202e"}` });
  });
});

describe('a process that is told to stop', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s stops in its own time', async (signal) => {
    const child = run(`${WAIT} io.signal.addEventListener('abort', () => clearInterval(alive));`);
    await once(child.stdout!, 'data');
    child.kill(signal);
    expect(await finish(child)).toMatchObject({ code: 0, out: `told: Told to stop by ${signal}\n` });
  });

  it('takes the same signal from terminal, npm and launcher as one', async () => {
    const child = run(`${WAIT}
      for (let times = 0; times < 3; times += 1) process.emit('SIGTERM', 'SIGTERM');
      setImmediate(() => { console.log('still here'); clearInterval(alive); });`);
    expect(await finish(child)).toMatchObject({
      code: 0,
      out: 'ready\ntold: Told to stop by SIGTERM\nstill here\n',
    });
  });

  it('ends at once when told a second time, later', async () => {
    const child = run(`${WAIT} setTimeout(() => console.log('later'), 0);`);
    const ended = finish(child);
    // Not before it says that it is ready: until then a signal ends it in the ordinary way.
    await once(child.stdout!, 'data');
    const late = setInterval(() => child.kill('SIGINT'), 100);
    expect(await ended).toMatchObject({ code: 130 });
    clearInterval(late);
  });

  it('does not stop on SIGHUP where that means something else', async () => {
    const child = run(`${WAIT} io.onHangup(() => { console.log('hangup'); clearInterval(alive); });`);
    await once(child.stdout!, 'data');
    child.kill('SIGHUP');
    expect(await finish(child)).toMatchObject({ code: 0, out: 'hangup\n' });
  });
});

describe('standard output', () => {
  it('that nobody reads any more is no failure', async () => {
    const child = run(`
      for (let line = 0; line < 10_000; line += 1) await io.out.write('x'.repeat(1_000) + '\\n');
      process.exitCode = 3;`);
    child.stdout!.once('data', () => child.stdout!.destroy());
    expect(await finish(child)).toMatchObject({ code: 3, err: '' });
  });

  it('tells when its reader has gone away', async () => {
    const child = run(`
      const lines = setInterval(() => io.out.write('x\\n'), 10);
      io.out.readerGone.addEventListener('abort', () => { clearInterval(lines); process.exitCode = 3; });`);
    child.stdout!.once('data', () => child.stdout!.destroy());
    expect(await finish(child)).toMatchObject({ code: 3, err: '' });
  });

  it.runIf(process.platform === 'linux')('on a full disk is one', async () => {
    const child = run(
      `await io.out.write('x').catch((error) => console.error(error.code + ': ' + error.message));`,
      openSync('/dev/full', 'w'),
    );
    expect(await finish(child)).toMatchObject({ err: 'output: Writing to standard output failed\n' });
  });
});

describe('the real command', () => {
  it.each([
    [['--version'], 0],
    [['plan', '--help'], 0],
    [['plna'], 2],
    [['plan', '--from', '/nowhere/x.json'], 2],
    [['healthcheck', '--url', 'http://127.0.0.1:1'], 1],
  ])('%j ends with %i and warns of nothing', async (args, wanted) => {
    const { status, err } = await runCommandLine(args, { cwd: '/' });
    expect(status).toBe(wanted);
    expect(err).not.toMatch(/Warning|^ {4}at /m);
  });
});

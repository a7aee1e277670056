import { spawnSync } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { LogTarget, type LogTargetOptions } from '../../../src/observability/log-target.ts';

interface Rig {
  readonly target: LogTarget;
  readonly clock: VirtualClock;
  /** What arrived so far. */
  readonly text: () => string;
  /** How many bytes the reader takes from now on, and what it says after that. */
  readonly take: (bytes: number, then?: string) => void;
  naps: number;
}

function createRig(options: Partial<LogTargetOptions> = {}): Rig {
  const clock = new VirtualClock();
  let text = '';
  let left = Infinity;
  let code = 'EAGAIN';
  const write = (bytes: Uint8Array): number => {
    const count = Math.min(left, bytes.length);
    if (count === 0) throw Object.assign(new Error(code), { code });
    left -= count;
    text += Buffer.from(bytes.subarray(0, count)).toString();
    return count;
  };
  const holdThread = (): void => {
    rig.naps += 1;
  };
  const target = new LogTarget(
    { lossLine: (lines) => `lost ${lines}\n`, ...options },
    { write, clock, holdThread },
  );
  const rig: Rig = {
    target,
    clock,
    text: () => text,
    take(bytes, then = 'EAGAIN') {
      left = bytes;
      code = then;
    },
    naps: 0,
  };
  return rig;
}

describe('a log target', () => {
  it('has each line before the next statement', () => {
    const { target, text } = createRig();
    target.write('one\n');
    expect(text()).toBe('one\n');
  });

  it.each(['ENOSPC', 'EIO', 'EPIPE', 'EBADF'])(
    'drops what meets %s, and tells how much with the next line that gets through',
    (code) => {
      const { target, text, take } = createRig();
      take(0, code);
      for (const line of ['one\n', 'two\n', 'three\n']) target.write(line);
      take(Infinity);
      for (const line of ['four\n', 'five\n']) target.write(line);
      expect(text()).toBe('lost 3\nfour\nfive\n');
    },
  );

  it('begins a line of its own after one that was cut off', () => {
    const { target, text, take } = createRig();
    take(2, 'ENOSPC');
    target.write('one\n');
    take(0, 'ENOSPC');
    target.write('two\n');
    take(Infinity);
    target.write('three\n');
    expect(text()).toBe('on\nlost 2\nthree\n');
  });

  it('lets lines wait for a reader that reads nothing, in their order', async () => {
    const { target, text, take, clock } = createRig();
    take(2);
    for (const line of ['one\n', 'two\n']) target.write(line);
    expect(text()).toBe('on');
    take(3);
    await clock.advance(100);
    expect(text()).toBe('one\nt');
    take(Infinity);
    await clock.advance(100);
    expect(text()).toBe('one\ntwo\n');
  });

  it('lets no more wait than the limit, and tells what it dropped where that was', async () => {
    const { target, text, take, clock } = createRig({ maxWaitingBytes: 8 });
    take(0);
    for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) target.write(line);
    take(Infinity);
    await clock.advance(100);
    target.write('five\n');
    expect(text()).toBe('one\ntwo\nlost 2\nfive\n');
  });

  it('takes a line that is longer than the limit when nothing waits', () => {
    const { target, text } = createRig({ maxWaitingBytes: 2 });
    target.write('three\n');
    expect(text()).toBe('three\n');
  });

  it('gives a slow reader time at the end, and a stuck one no more than its time', () => {
    const rig = createRig();
    rig.take(0);
    rig.target.write('one\n');
    rig.target.flush();
    expect(rig.naps).toBe(100);
    rig.take(Infinity);
    rig.target.flush();
    expect([rig.text(), rig.naps]).toEqual(['one\n', 100]);
  });
});

describe.runIf(existsSync('/dev/full'))('the log of a process', () => {
  it('on a full disk does not end it', () => {
    const logger = new URL('../../../src/observability/logger.ts', import.meta.url).href;
    const script = `import { createLogger } from ${JSON.stringify(logger)};
      createLogger({ level: 'info' }).info({}, 'one');
      process.stderr.write('alive');`;
    const full = openSync('/dev/full', 'w');
    const args = ['--input-type=module-typescript', '--eval', script];
    const { status, stderr } = spawnSync(process.execPath, args, {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([stderr, status]).toEqual(['alive', 0]);
  });
});

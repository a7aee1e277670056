import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { createLogger, maskUrlCredentials } from '../../../src/observability/logger.ts';
import type { Logger, LogLevel } from '../../../src/observability/logger.ts';

function capture(level: LogLevel = 'debug'): { logger: Logger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const destination = { write: (line: string): number => written.push(line) };
  const logger = createLogger({ level, destination }, { clock: new VirtualClock(Date.UTC(2026, 0, 1)) });
  return {
    logger,
    lines: () =>
      written.map((line) => {
        const parsed: Record<string, unknown> = JSON.parse(line);
        return parsed;
      }),
  };
}

describe('createLogger', () => {
  it('writes one JSON line with level, ISO time, static message and fields', () => {
    const { logger, lines } = capture();
    logger.info({ regionId: '4398046511104' }, 'move started');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: '2026-01-01T00:00:00.000Z',
        regionId: '4398046511104',
        message: 'move started',
      },
    ]);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, written) => {
    const { logger, lines } = capture(level);
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines().map((line) => line['level'])).toEqual(written);
  });

  it('changes its level while it runs', () => {
    const { logger, lines } = capture('warn');
    logger.info({}, 'unheard');
    logger.setLevel('info');
    logger.info({}, 'heard');
    expect(lines().map((line) => line['message'])).toEqual(['heard']);
  });

  it('adds the fields of a child', () => {
    const { logger, lines } = capture();
    logger.child({ cluster: 'prod' }).warn({ code: 'paused' }, 'gate closed');
    expect(lines()[0]).toMatchObject({ cluster: 'prod', code: 'paused' });
  });

  it.each([
    ['at the top', { password: 's3cret', token: 's3cret', authorization: 's3cret' }],
    ['one level down', { sql: { password: 's3cret' }, headers: { Authorization: 's3cret' } }],
    ['two levels down', { cluster: { sql: { password: 's3cret', privateKey: 's3cret' } } }],
    ['in a URL', { endpoint: 'http://root:s3cret@frontend:4000/v1' }],
    ['in an error', { error: new OperatingError('network', 'GET http://root:s3cret@frontend:4000 failed') }],
    [
      'in the cause of an error',
      { error: new Error('failed', { cause: new Error('http://root:s3cret@frontend:4000') }) },
    ],
  ])('masks secrets %s', (_where, fields) => {
    const { logger, lines } = capture();
    logger.child(fields).info(fields, 'read');
    const text = JSON.stringify(lines());
    expect(text).not.toContain('s3cret');
    expect(text).toContain('[masked]');
  });

  it('keeps an URL without credentials, and an address with @ in its path', () => {
    const text = 'http://frontend:4000/v1/sql?q=a@b';
    expect(maskUrlCredentials(text)).toBe(text);
  });

  it('writes control characters of names as escapes', () => {
    const written: string[] = [];
    const logger = createLogger({ level: 'info', destination: { write: (line) => written.push(line) } });
    logger.info({ table: 'cpu\u009b31m\u202e' }, 'Moved');
    expect(written[0]).toContain(String.raw`"table":"cpu\u009b31m\u202e"`);
  });

  it('explains operating errors without a stack, and defects with one', () => {
    const { logger, lines } = capture();
    const cause = new Error('connect ECONNREFUSED');
    logger.warn({ error: new OperatingError('network', 'Cannot read routes', { cause }) }, 'failed');
    logger.error({ error: new TypeError('x is not a function') }, 'failed');
    const [first, second] = lines().map((line) => line['error']);
    expect(first).toEqual({ code: 'network', message: 'Cannot read routes: connect ECONNREFUSED' });
    expect(second).toMatchObject({ code: 'TypeError', stack: expect.stringContaining('logger.test.ts') });
  });
});

describe('the log of a process', () => {
  const nodeWith = (script: string): string[] => {
    const logger = new URL('../../../src/observability/logger.ts', import.meta.url).href;
    const start = `import { createLogger } from ${JSON.stringify(logger)}; const logger = createLogger({ level: 'info' });`;
    return ['--input-type=module-typescript', '--eval', `${start} ${script} process.stderr.write('alive');`];
  };

  it.runIf(existsSync('/dev/full'))('on a full disk does not end it', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, nodeWith("logger.info({}, 'one');"), {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([stderr, status]).toEqual(['alive', 0]);
  });

  it.runIf(existsSync('/dev/full'))('on a full disk does not hold up its end', () => {
    const full = openSync('/dev/full', 'w');
    const script =
      "Atomics.wait = () => { process.stderr.write('waits '); return 'ok'; }; logger.info({}, 'one');";
    const { stderr } = spawnSync(process.execPath, nodeWith(script), {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(stderr).toBe('alive');
  });

  it('waits for a reader that reads nothing, without holding up the process', async () => {
    const lines = 10_000;
    const script = `for (let n = 0; n < ${lines}; n += 1) logger.info({ n }, 'x'.repeat(100));`;
    const child = spawn(process.execPath, nodeWith(script), { stdio: ['ignore', 'pipe', 'pipe'] });
    await new Promise((resolve) => child.stderr.once('data', resolve));
    const log = (await text(child.stdout)).trimEnd().split('\n');
    expect(log.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual([...Array(lines).keys()]);
  });
});

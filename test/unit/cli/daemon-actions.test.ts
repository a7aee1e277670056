import type { AskDaemon } from '../../../src/cli/ask-daemon.ts';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/cli.ts';

/** A daemon that answers each request in the same way. */
function answering(body: object, status = 200): AskDaemon {
  return () => Promise.resolve(new Response(JSON.stringify(body), { status }));
}

const PAUSE = { until: null, reason: 'deploy', by: 'anna' };

describe('a command that acts on a daemon', () => {
  it.each<[name: string, args: string[], body: object, status: number, out: string]>([
    ['begins a cycle', ['trigger'], { cycleId: '10', paused: null }, 0, 'Cycle 10 started.\n'],
    [
      'says that it is paused',
      ['trigger'],
      { cycleId: '10', paused: PAUSE },
      1,
      'Paused by anna until resumed: deploy\nCycle 10 only plans. Run resume to move regions again.\n',
    ],
    ['resumes', ['resume'], { paused: null, resumed: true }, 0, 'Resumed.\n'],
    ['says that there was no pause', ['resume'], { paused: null, resumed: false }, 1, 'It was not paused.\n'],
    ['releases', ['quarantine', 'release', '7'], { released: true }, 0, 'Region 7 takes part again.\n'],
    [
      'says that it was not held',
      ['quarantine', 'release', '7'],
      { released: false },
      1,
      'Region 7 was not in quarantine.\n',
    ],
  ])('%s', async (_name, args, body, status, out) => {
    expect(await runCommand(args, { ask: answering(body) })).toEqual({ status, out, err: '' });
  });

  it('names the option for the token when that is missing', async () => {
    const error = { code: 'unauthorized', message: 'This request needs a token.' };
    const { status, err } = await runCommand(['resume'], { ask: answering({ error }, 401) });
    expect({ status, err }).toEqual({
      status: 1,
      err: 'error: The daemon refused (401 unauthorized): This request needs a token. Give the token with --token-file FILE or GREPTIME_REBALANCER_TOKEN_FILE.\n',
    });
  });
});

describe('healthcheck', () => {
  const missing = [{ code: 'snapshot', detail: 'No snapshot of the cluster has been read yet.' }];

  it.each<[name: string, args: string[], body: object, httpStatus: number, status: number, text: string]>([
    ['a living daemon', [], { status: 'ok' }, 200, 0, 'alive\n'],
    ['a ready daemon', ['--ready'], { ready: true, missing: [] }, 200, 0, 'ready\n'],
    [
      'what is missing',
      ['--ready'],
      { ready: false, missing },
      503,
      1,
      `not ready: snapshot: ${missing[0]!.detail}\n`,
    ],
    ['an answer of something else', [], { state: 'ok' }, 200, 1, 'is it a greptime-rebalancer?\n'],
    ['a broken proxy', ['--ready'], { ready: true, missing: [] }, 502, 1, 'answered with HTTP status 502\n'],
  ])('tells %s', async (_name, args, body, httpStatus, status, text) => {
    const run = await runCommand(['healthcheck', ...args], { ask: answering(body, httpStatus) });
    expect(run.status).toBe(status);
    expect(run.out + run.err).toMatch(new RegExp(`${text.replace(/[?.]/g, '\\$&')}$`));
  });
});

import type { AskDaemon } from '../../../src/cli/ask-daemon.ts';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/cli.ts';

/** A daemon that answers each request in the same way. */
function daemon(body: object, status = 200): { ask: AskDaemon; asked: string[] } {
  const asked: string[] = [];
  const ask: AskDaemon = async (url, init) => {
    asked.push(`${url} ${init.body ?? ''}`);
    return Response.json(body, { status });
  };
  return { ask, asked };
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
    expect(await runCommand(args, daemon(body))).toEqual({ status, out, err: '' });
  });

  it('names the option for the token when that is missing', async () => {
    const error = { code: 'unauthorized', message: 'This request needs a token.' };
    const { status, err } = await runCommand(['resume'], daemon({ error }, 401));
    expect({ status, err }).toEqual({
      status: 1,
      err: 'error: The daemon refused (401 unauthorized): This request needs a token. Give the token with --token-file FILE or GREPTIME_REBALANCER_TOKEN_FILE.\n',
    });
  });
});

describe('a list of a standby', () => {
  const ask =
    (leader: object): AskDaemon =>
    async (url) =>
      Response.json(
        url.endsWith('/status')
          ? { leader }
          : { moves: [], next: null, entries: [], quarantined: [], datanodes: [] },
      );

  it.each([[['history']], [['audit']], [['quarantine', 'list']]])(
    'of %s says that only the leader knows more, and where it is',
    async (args) => {
      const standby = await runCommand(args, { ask: ask({ leads: false, holder: '10.0.0.2:9480' }) });
      expect(standby).toMatchObject({
        status: 0,
        err: 'This replica is a standby and lists only what it did itself. 10.0.0.2:9480 leads: ask it with --url.\n',
      });
      expect(await runCommand(args, { ask: ask({ leads: true, holder: '10.0.0.2:9480' }) })).toEqual({
        ...standby,
        err: '',
      });
    },
  );
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
    const run = await runCommand(['healthcheck', ...args], daemon(body, httpStatus));
    expect(run.status).toBe(status);
    expect(run.out + run.err).toMatch(new RegExp(`${text.replace(/[?.]/g, '\\$&')}$`));
  });
});

describe('a request about datanodes', () => {
  it.each([
    ['undrain', { draining: [] }, 'no longer drains'],
    ['cordon', { cordoned: ['3', '5'] }, 'is cordoned: it keeps what it leads and receives nothing'],
    ['uncordon', { cordoned: [] }, 'is no longer cordoned'],
  ])('%s is put to the daemon', async (name, answer, done) => {
    const { ask, asked } = daemon(answer);
    const run = await runCommand([name, '3', '5', '--url', 'http://d:1'], { ask });
    expect(run).toMatchObject({ status: 0, out: `Datanode 3 ${done}.\nDatanode 5 ${done}.\n` });
    expect(asked[0]).toContain(`http://d:1/api/v1/${name} {"datanodes":["3","5"],"by":`);
  });

  it('to drain goes on in the daemon after Ctrl-C, and says so', async () => {
    const controller = new AbortController();
    const reason = new DOMException('Told to stop by SIGINT', 'AbortError');
    const ask: AskDaemon = async (url) => {
      if (url.endsWith('/drain')) return Response.json({ dryRun: false, draining: [], plan: null });
      controller.abort(reason);
      throw reason;
    };
    expect(await runCommand(['drain', '3', '5'], { ask, signal: controller.signal })).toEqual({
      status: 1,
      out: '',
      err: 'The daemon goes on with the drain: undrain 3 5 ends it.\nStopped before the end.\n',
    });
  });

  it('that the daemon refuses ends with status 1 and says why', async () => {
    const error = { code: 'not-draining', message: 'Datanode 3 does not drain' };
    const run = await runCommand(['undrain', '3'], daemon({ error }, 409));
    expect(run.status).toBe(1);
    expect(run.err).toContain('Datanode 3 does not drain');
  });

  it('with a word that is no id ends with status 2, and nothing is asked', async () => {
    const { ask, asked } = daemon({});
    expect((await runCommand(['cordon', 'x'], { ask })).status).toBe(2);
    expect(asked).toEqual([]);
  });
});

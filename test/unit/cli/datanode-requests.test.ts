import type { AskDaemon } from '../../../src/cli/ask-daemon.ts';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/cli.ts';

/** A daemon that answers each action with this. */
function daemon(status: number, answer: object): { ask: AskDaemon; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (url, init) => {
      const body: unknown = JSON.parse(init.body ?? '{}');
      asked.push(`${url} ${JSON.stringify(body)}`);
      return Response.json(answer, { status });
    },
  };
}

describe('a request about datanodes', () => {
  it.each([
    ['undrain', { draining: [] }, 'no longer drains'],
    ['cordon', { cordoned: ['3', '5'] }, 'is cordoned: it keeps what it leads and receives nothing'],
    ['uncordon', { cordoned: [] }, 'is no longer cordoned'],
  ])('%s is put to the daemon', async (name, answer, done) => {
    const { ask, asked } = daemon(200, answer);
    const run = await runCommand([name, '3', '5', '--url', 'http://d:1'], { ask });
    expect(run).toMatchObject({ status: 0, out: `Datanode 3 ${done}.\nDatanode 5 ${done}.\n` });
    expect(asked[0]).toContain(`http://d:1/api/v1/${name} {"datanodes":["3","5"],"by":`);
  });

  it('that the daemon refuses ends with status 1 and says why', async () => {
    const error = { code: 'not-draining', message: 'Datanode 3 does not drain' };
    const run = await runCommand(['undrain', '3'], daemon(409, { error }));
    expect(run.status).toBe(1);
    expect(run.err).toContain('Datanode 3 does not drain');
  });

  it('with a word that is no id ends with status 2, and nothing is asked', async () => {
    const { ask, asked } = daemon(200, {});
    expect((await runCommand(['cordon', 'x'], { ask })).status).toBe(2);
    expect(asked).toEqual([]);
  });
});

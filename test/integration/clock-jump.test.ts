import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createCommandRig } from '../support/command-rig.ts';

const ACT = ['-c', 'rebalancer.yaml', '--no-dry-run', '--set', 'execution.regionCooldown=1h'];
const DAY_MS = 86_400_000;

/** The wall clock of the process is that far ahead. */
function clockAhead(byMs: number): { env: Record<string, string> } {
  const script = `const now = Date.now; Date.now = () => now() + ${byMs};`;
  return { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` } };
}

it(
  'a wall clock that was 900 days ahead for one run deletes no history, and leaves no cooldown of years',
  { timeout: 120_000 },
  async (context) => {
    const { folder, run } = await createCommandRig(context);
    const limit = ['--set', 'execution.maxMovesPerCycle=2'];
    const read = (sql: string): unknown => {
      const database = new DatabaseSync(join(folder, 'data/rebalancer.db'), { readOnly: true });
      const row = database.prepare(sql).get();
      database.close();
      return row;
    };
    expect(await run(['once', ...ACT, ...limit])).toMatchObject({ status: 0 });
    const ahead = await run(['once', ...ACT, ...limit], clockAhead(900 * DAY_MS));
    expect(ahead).toMatchObject({
      status: 0,
      err: expect.stringMatching(/older than state\.retention.*they are kept/),
    });
    expect(
      read('SELECT count(*) AS moves, max(ended_at_ms) - min(ended_at_ms) > 7e10 AS isFar FROM moves'),
    ).toEqual({
      ...{ moves: 4, isFar: 1 },
    });
    const after = await run(['once', ...ACT, ...limit]);
    expect(after).toMatchObject({
      status: 0,
      err: expect.stringMatching(/lasted longer than configured.*shortened/),
    });
    const { rests, mostMs } = read(
      'SELECT count(*) AS rests, max(until_ms) - unixepoch() * 1000 AS mostMs FROM cooldowns',
    ) as { rests: number; mostMs: number };
    expect(rests).toBe(6);
    expect(mostMs).toBeLessThanOrEqual(3_601_000);
    expect(read('SELECT count(*) AS moves FROM moves')).toEqual({ moves: 6 });
  },
);

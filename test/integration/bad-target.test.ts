import { expect, test } from 'vitest';
import type { z } from 'zod';
import { quarantineSchema, statusSchema } from '../../src/server/api/answers.ts';
import { startSimulatedDaemon } from '../support/simulated-daemon.ts';
import { tempFolderFor } from '../support/temp-folder.ts';

const get = async <S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>> =>
  schema.parse(await (await fetch(url)).json());

test('one bad datanode among four costs at most six migrations; the others are balanced meanwhile', async (context) => {
  const folder = tempFolderFor(context);
  const daemon = await startSimulatedDaemon({ folder, cluster: { faults: 'bad-target=1' } });
  try {
    await daemon.until((event) => event.type === 'cycle-finished' && event.outcome === 'blocked');
    const { verdict, datanodes, paused } = await get(`${daemon.url}/api/v1/status`, statusSchema);
    expect(paused).toBeNull();
    expect(verdict).toMatchObject({
      code: 'attention',
      sentence: expect.stringContaining('Nothing moves to datanode 3 for a while: migrations to it failed.'),
    });
    const [bad, ...good] = datanodes.toReversed();
    expect(bad).toMatchObject({ state: 'quarantined', regions: 0 });
    const regions = good.map((datanode) => datanode.regions);
    expect(Math.max(...regions) - Math.min(...regions)).toBe(1);
    const moves = daemon.running.session.store.listMoves({ limit: 1_000 });
    expect(moves.filter(({ state }) => state === 'rolled_back').length).toBeLessThanOrEqual(6);
    const quarantine = await get(`${daemon.url}/api/v1/quarantine`, quarantineSchema);
    expect(quarantine).toMatchObject({
      quarantined: [],
      datanodes: [{ datanodeId: '3', role: 'target' }],
    });
    const release = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${daemon.url}/api/v1/quarantine/release`, {
      ...release,
      body: '{"datanodeId":"3"}',
    });
    expect(await answer.json()).toEqual({ released: true });
  } finally {
    await daemon.close();
  }
});

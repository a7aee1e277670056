import { expect, it } from 'vitest';
import { startSimulatedDaemon } from '../support/simulated-daemon.ts';
import type { SimulatedDaemon, SimulatedDaemonOptions } from '../support/simulated-daemon.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const tempFolder = useTempFolders();

function start(options: Omit<SimulatedDaemonOptions, 'folder'> = {}): Promise<SimulatedDaemon> {
  return startSimulatedDaemon({ folder: tempFolder(), ...options });
}

async function post({ url }: SimulatedDaemon, path: string, body: object): Promise<Response> {
  return fetch(`${url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'anna', ...body }),
  });
}

function regionsOn({ listening }: SimulatedDaemon, datanode: string): number {
  return listening.cluster.regionsPerDatanode().get(datanode) ?? 0;
}

it('a drain does not wait for the cooldown of regions that were moved a moment ago', async ({
  onTestFinished,
}) => {
  const daemon = await start({ set: ['execution.regionCooldown=1h'] });
  onTestFinished(() => daemon.close());
  await daemon.until((event) => event.type === 'cycle-finished' && event.outcome === 'balanced');
  const { store, clock } = daemon.running.session;
  const cooling = store.memory(clock.now()).cooldowns.map(({ regionId }) => regionId);
  const received = store.listMoves({ limit: 1_000 }).filter(({ to }) => to === '1');
  expect(received.length).toBeGreaterThan(0);
  expect(cooling).toEqual(expect.arrayContaining(received.map(({ regionId }) => regionId)));

  const ended = daemon.until((event) => event.type === 'cycle-finished' && event.moved > 0);
  expect((await post(daemon, 'drain', { datanodes: ['1'] })).status).toBe(200);
  await ended;

  expect(regionsOn(daemon, '1')).toBe(0);
});

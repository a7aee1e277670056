import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { startTestDaemon } from '../support/running-daemon.ts';
import { useTempFolders } from '../support/temp-folder.ts';

const newFolder = useTempFolders();

test('a drain before the cluster was read is refused for that reason, and not because the datanode is unknown', async () => {
  const cwd = newFolder();
  const set = [
    'cluster.sql.endpoints=["http://127.0.0.1:9"]',
    'server.listen=127.0.0.1:0',
    `state.path=${cwd}`,
  ];
  const running = await startTestDaemon(readConfig({ env: {}, cwd, set }));
  try {
    const answer = await fetch(`${running.server.url}/api/v1/drain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ datanodes: ['3'] }),
    });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'no-snapshot' } });
    expect(running.session.store.requested('drain')).toEqual([]);
  } finally {
    await running.close();
  }
});

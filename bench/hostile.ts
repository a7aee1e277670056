import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { during } from './health.ts';
import { start } from './processes.ts';
import { ms, p99, times } from './row.ts';
import type { Row } from './row.ts';

const MIB = 1024 * 1024;
const WATCHED_MS = 15_000;

/** How quickly a daemon answers, and how much memory it takes, while its cluster answers every read with tiny objects. */
export async function* hostileSuite(): AsyncGenerator<Row> {
  for (const size of [16, 60]) yield await tinyObjects(size);
}

async function tinyObjects(sizeMib: number): Promise<Row> {
  const piece = Buffer.from('{},'.repeat(MIB / 3));
  const cluster = createServer((request, response) => {
    request.resume();
    response.write('[');
    let left = sizeMib;
    const more = (): void => {
      for (; left > 0; left -= 1) if (!response.write(piece)) return void response.once('drain', more);
      response.end('{}]');
    };
    more();
  });
  await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve));
  const { port } = cluster.address() as AddressInfo;
  const settings = [
    `cluster.sql.endpoints=["http://127.0.0.1:${port}"]`,
    'server.listen=127.0.0.1:0',
    'state.path=:memory:',
  ];
  const daemon = start(['run', ...settings.flatMap((each) => ['--set', each])]);
  const url = await daemon.until((line) => /"url":"([^"]+)"/.exec(line)?.[1]);
  const latencies = await during(
    `${url}/healthz`,
    () => new Promise((resolve) => setTimeout(resolve, WATCHED_MS)),
  );
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  const peakMib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  daemon.kill();
  cluster.close();
  cluster.closeAllConnections();
  const slow = p99(latencies);
  return {
    name: `Health checks while answers of ${sizeMib} MiB of tiny objects come, p99`,
    figure: `${ms(slow)}, at most ${Math.round(peakMib)} MiB`,
    reference: `limits: 100 ms, 500 MiB (${latencies.length} requests)`,
    target: 'under both',
    ratio: times(Math.max(slow / 100, peakMib / 500)),
    met: slow < 100 && peakMib < 500,
  };
}

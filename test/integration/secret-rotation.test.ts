import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { Agent, request } from 'undici';
import type { RunningDaemon } from '../../src/app/daemon/open-daemon.ts';
import { toClusterOptions } from '../../src/app/daemon/settings.ts';
import { readSecrets } from '../../src/config/secrets.ts';
import { Caller } from '../../src/greptimedb/caller.ts';
import { parseEndpoint } from '../../src/greptimedb/endpoint.ts';
import { createHttpTransport } from '../../src/greptimedb/http.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createPrng } from '../../src/lib/prng.ts';
import { serveSimulatedCluster } from '../../src/simulator/index.ts';
import { CommandProcess } from '../support/command-process.ts';
import { configFrom } from '../support/config.ts';
import { eventually } from '../support/eventually.ts';
import { listenOn } from '../support/listen.ts';
import { simulated } from '../support/greptimedb.ts';
import { samplesOf, startTestDaemon } from '../support/running-daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { selfSigned } from '../support/tls.ts';

/** In one step, as secrets are renewed. */
function put(path: string, content: string): string {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
  return path;
}

async function start(text: string): Promise<RunningDaemon> {
  const running = await startTestDaemon(configFrom(text));
  onTestFinished(() => running.close());
  return running;
}

it('the password of the cluster is renewed while the daemon works', async () => {
  const users = [{ username: 'ada', password: 'first' }];
  const cluster = simulated({ users, layout: { datanodes: 2, tables: 1 } }, systemClock);
  const served = await serveSimulatedCluster(cluster, { controlPort: null }, { clock: systemClock });
  onTestFinished(async () => {
    await served.close();
    cluster.close();
  });
  const folder = tempFolder();
  const password = put(join(folder, 'password'), 'first\n');
  const { daemon, session } = await start(`
cluster: { sql: { endpoints: ['${served.frontend[0] ?? ''}'], username: ada, passwordFile: ${password} } }
schedule: { cron: '0 0 1 1 *' }
state: { path: ${folder} }
server: { listen: 127.0.0.1:0 }`);
  await daemon.settled();
  let snapshots = 0;
  session.events.subscribe(({ type }) => {
    if (type === 'snapshot-taken') snapshots += 1;
  });
  users[0] = { username: 'ada', password: 'second' };
  put(password, 'second\n');
  daemon.tick('manual');
  await daemon.settled();
  expect(snapshots).toBe(1);
});

it('authorities and client certificate are renewed with the next connection', async () => {
  const folder = tempFolder();
  const [ours, theirs] = [selfSigned(), selfSigned()];
  const paths = { ca: join(folder, 'ca'), cert: join(folder, 'cert'), key: join(folder, 'key') };
  put(paths.ca, theirs.cert);
  put(paths.cert, ours.cert);
  put(paths.key, ours.key);
  const server = createHttpsServer(
    { ...theirs, ca: ours.cert, requestCert: true, rejectUnauthorized: true },
    (_request, response) => response.setHeader('connection', 'close').end('safe'),
  );
  const origin = `https://127.0.0.1:${await listenOn(server)}`;
  const config = configFrom(
    `cluster: { sql: { endpoints: ['${origin}'], tls: { caFile: ${paths.ca}, certFile: ${paths.cert}, keyFile: ${paths.key} } } }`,
  );
  const { sql } = toClusterOptions(config, await readSecrets(config));
  const transport = createHttpTransport({ connectTimeoutMs: 2_000 });
  onTestFinished(() => transport.close());
  const caller = new Caller(
    { requestTimeoutMs: 2_000, maxResponseBytes: 1_000 },
    { clock: systemClock, prng: createPrng('rotation'), transport },
    sql?.tls,
  );
  const ask = () =>
    caller.call(
      parseEndpoint(origin),
      { operation: 'route', method: 'GET', path: '/', signal: new AbortController().signal },
      ({ body }) => body,
    );
  expect(await ask()).toBe('safe');
  const [oursNext, theirsNext] = [selfSigned(), selfSigned()];
  server.setSecureContext({ ...theirsNext, ca: oursNext.cert });
  await expect(ask()).rejects.toThrow();
  put(paths.ca, theirsNext.cert);
  put(paths.cert, oursNext.cert);
  put(paths.key, oursNext.key);
  expect(await ask()).toBe('safe');
});

it('certificate and token of the server, URL and token of the webhook are renewed', async () => {
  const folder = tempFolder();
  const received: { url: string | undefined; authorization: string | undefined }[] = [];
  const hook = createHttpServer(({ url, headers }: IncomingMessage, response) => {
    received.push({ url, authorization: headers.authorization });
    response.end();
  });
  const hookUrl = `http://127.0.0.1:${await listenOn(hook)}`;
  const [first, second] = [selfSigned(), selfSigned()];
  const renew = (pair: { cert: string; key: string }, name: string) => {
    put(join(folder, 'cert'), pair.cert);
    put(join(folder, 'key'), pair.key);
    put(join(folder, 'token'), name);
    put(join(folder, 'hook'), `${hookUrl}/${name}`);
    put(join(folder, 'hook-token'), name);
  };
  renew(first, 'first');
  const { server, session } = await start(`
cluster: { sql: { endpoints: ['http://127.0.0.1:1'] } }
schedule: { cron: '0 0 1 1 *' }
state: { path: ${folder} }
server: { listen: 127.0.0.1:0, tokenFile: ${folder}/token, tls: { certFile: ${folder}/cert, keyFile: ${folder}/key } }
notifications: { urlFile: ${folder}/hook, tokenFile: ${folder}/hook-token, events: [paused] }`);
  const pause = async (token: string, ca: string) => {
    const agent = new Agent({ connect: { ca } });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const url = `${server.url}/api/v1/pause`;
    try {
      const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body: '{}' });
      await answer.body.dump();
      return answer.statusCode;
    } finally {
      await agent.destroy();
    }
  };
  const notified = (count: number) => {
    session.events.emit({ type: 'paused', untilMs: null, reason: 'a test', by: 'breaker' });
    return eventually('a notification', () =>
      Promise.resolve(received.length >= count ? received.at(-1) : undefined),
    );
  };
  expect(await pause('first', first.cert)).toBe(200);
  expect(await notified(1)).toEqual({ url: '/first', authorization: 'Bearer first' });
  renew(second, 'second');
  await expect(pause('second', first.cert)).rejects.toThrow(/self-signed/);
  expect(await pause('first', second.cert)).toBe(401);
  expect(await pause('second', second.cert)).toBe(200);
  expect(await notified(2)).toEqual({ url: '/second', authorization: 'Bearer second' });
});

it('a connection made before the renewal goes on', async () => {
  const folder = tempFolder();
  const [first, second] = [selfSigned(), selfSigned()];
  put(join(folder, 'cert'), first.cert);
  put(join(folder, 'key'), first.key);
  const { server } = await start(`
state: { path: ${folder} }
schedule: { cron: '0 0 1 1 *' }
cluster: { sql: { endpoints: ['http://127.0.0.1:1'] } }
server: { listen: 127.0.0.1:0, tls: { certFile: ${folder}/cert, keyFile: ${folder}/key } }`);
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: first.cert });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  put(join(folder, 'cert'), second.cert);
  put(join(folder, 'key'), second.key);
  const other = new Agent({ connect: { ca: second.cert } });
  onTestFinished(() => other.destroy());
  await (await request(`${server.url}/healthz`, { dispatcher: other })).body.dump();
  socket.write('GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  const answer = await new Promise<string>((resolve) =>
    socket.once('data', (part: Buffer) => resolve(String(part))),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 /);
});

it('a real process tells of a broken secret at SIGHUP, keeps the old one, and takes the mended one', async () => {
  const folder = tempFolder();
  const token = put(join(folder, 'token'), 'first');
  const file = join(folder, 'rebalancer.yaml');
  writeFileSync(
    file,
    `cluster: { sql: { endpoints: ['http://127.0.0.1:1'] } }
server: { listen: 127.0.0.1:0, tokenFile: token, protectReads: true }`,
  );
  const child = new CommandProcess(['run', '-c', file], { cwd: folder });
  onTestFinished(() => child.kill('SIGKILL'));
  const [, url = ''] = await child.waitFor(/"url":"([^"]+)"/);
  const ask = async (name: string) =>
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${name}` } });
  put(token, '');
  child.kill('SIGHUP');
  await child.waitFor(/"key":"server\.tokenFile","fault":"[^"]+ is empty".*the old one is still used/);
  const answer = await ask('first');
  expect(samplesOf(await answer.text()).get('config_refused')).toBe(1);
  put(token, 'second');
  expect(samplesOf(await (await ask('second')).text()).get('config_refused')).toBe(0);
  expect((await ask('first')).status).toBe(401);
  expect(child.out).toMatch(/"key":"server\.tokenFile".*A secret was renewed/);
}, 60_000);

import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { askDaemon } from '../../../src/cli/ask-daemon.ts';
import { listenOn } from '../../support/listen.ts';

const NEVER = new AbortController().signal;

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listenOn(createServer(listener))}`;
}

async function ask(url: string, body?: string): Promise<[number, string]> {
  const headers = { 'x-what': 'this' };
  const request = body === undefined ? { method: 'GET' as const } : { method: 'POST' as const, body };
  const answer = await askDaemon(url, { ...request, headers, signal: NEVER });
  return [answer.status, Buffer.concat(await Array.fromAsync(answer.body ?? [])).toString()];
}

it('sends method, headers and body, and gives back status and body', async () => {
  const url = await serve((request, response) => {
    void Array.fromAsync(request as AsyncIterable<Buffer>).then((chunks) => {
      response.statusCode = 418;
      response.end(
        `${request.method} ${request.url} ${String(request.headers['x-what'])} ${chunks.join('')}`,
      );
    });
  });
  expect(await ask(`${url}/a?b=c`, 'é')).toEqual([418, 'POST /a?b=c this é']);
  expect(await ask(`${url}/a`)).toEqual([418, 'GET /a this ']);
});

it('follows no redirect', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve(({ url: path }, response) => {
    asked.push(path);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect((await ask(`${url}/here`))[0]).toBe(302);
  expect(asked).toEqual(['/here']);
});

it('asks no proxy of the environment', async () => {
  for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const url = await serve((_, response) => response.end('itself'));
  expect(await ask(url)).toEqual([200, 'itself']);
});

it('rejects where nobody listens, and when it is told to stop', async () => {
  await expect(ask('http://127.0.0.1:9')).rejects.toThrow('ECONNREFUSED');
  const url = await serve(() => undefined);
  const stop = AbortSignal.abort();
  await expect(askDaemon(url, { method: 'GET', headers: {}, signal: stop })).rejects.toThrow('abort');
});

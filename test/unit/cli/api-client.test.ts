import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApiClient } from '../../../src/cli/api-client.ts';
import type { ApiClient, ApiClientOptions } from '../../../src/cli/api-client.ts';
import type { DaemonRequest } from '../../../src/cli/ask-daemon.ts';
import { OperatingError, UsageError } from '../../../src/domain/errors.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const answer = z.object({ value: z.number() });

interface Seen {
  readonly url: string;
  readonly init: DaemonRequest;
}

function client(
  respond: (init: DaemonRequest) => Response | Promise<Response>,
  options: Partial<ApiClientOptions> = {},
): { api: ApiClient; seen: Seen[]; clock: VirtualClock; stop: AbortController } {
  const seen: Seen[] = [];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const api = createApiClient(
    { url: 'http://127.0.0.1:9480', timeoutMs: 10_000, ...options },
    {
      clock,
      signal: stop.signal,
      ask: async (url, init) => {
        seen.push({ url, init });
        return respond(init);
      },
    },
  );
  return { api, seen, clock, stop };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
const headersOf = ({ init }: Seen): Headers => new Headers(init.headers);

/** Answers nothing until it is told to stop. */
const silent = ({ signal }: DaemonRequest): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** A file that holds this text; without one, there is none. */
function tokenFile(text?: string): string {
  const path = join(tempFolder(), 'token');
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

describe('the client of a daemon', () => {
  it('gives back what the daemon answers, as far as it is known', async () => {
    const { api, seen } = client(() => json({ value: 1, more: true }));
    expect(await api.get('/api/v1/x', answer, { a: '1 2', b: undefined })).toEqual({ value: 1 });
    expect(seen[0]!.url).toBe('http://127.0.0.1:9480/api/v1/x?a=1+2');
  });

  it('keeps the path of its address', async () => {
    const { api, seen } = client(() => json({ value: 1 }), { url: 'https://host/rebalancer/' });
    await api.get('/x', answer);
    expect(seen[0]!.url).toBe('https://host/rebalancer/x');
  });

  it('sends bodies as JSON, with the token', async () => {
    const { api, seen } = client(() => json({ value: 1 }), { tokenFile: tokenFile('secret-token\n') });
    await api.post('x', answer, { reason: 'é' });
    expect(seen[0]!.url).toBe('http://127.0.0.1:9480/api/v1/x');
    const body = JSON.stringify({ reason: 'é', by: userInfo().username });
    expect(seen[0]!.init).toMatchObject({ method: 'POST', body });
    expect(Object.fromEntries(headersOf(seen[0]!))).toEqual({
      accept: 'application/json',
      authorization: 'Bearer secret-token',
      'content-type': 'application/json',
    });
  });

  it.each([
    [
      'a refusal in the words of the daemon',
      json({ error: { code: 'paused', message: 'No.\u001b[2J' } }, 409),
      'paused',
      'The daemon refused (409 paused): No.\\u{1b}[2J',
    ],
    ['an error page', new Response('<html>', { status: 502 }), 'http', 'answered with HTTP status 502'],
    [
      'something that is no JSON',
      new Response('<html>'),
      'unexpected-answer',
      'The answer of http://127.0.0.1:9480/x is not JSON; is it a greptime-rebalancer?',
    ],
    [
      'another JSON',
      json({ value: 'x' }),
      'unexpected-answer',
      'is not what was expected: value: found "x", wanted a number',
    ],
  ])('tells %s', async (_name, response, code, message) => {
    const error: unknown = await client(() => response)
      .api.get('/x', answer)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OperatingError);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(message);
  });

  it('says that nobody answers', async () => {
    const { api } = client(() => Promise.reject(new TypeError('fetch failed')));
    await expect(api.get('/x', answer)).rejects.toThrow(
      'http://127.0.0.1:9480/x did not answer; is the daemon running there?',
    );
  });

  it('gives up after its time', async () => {
    const { api, clock } = client(silent);
    const asked = api.get('/x', answer);
    const failed = expect(asked).rejects.toMatchObject({ cause: { message: 'No answer within 10000 ms' } });
    await clock.advance(10_000);
    await failed;
  });

  it('stops when the process is told to', async () => {
    const { api, stop } = client(silent);
    const asked = api.get('/x', answer);
    const failed = expect(asked).rejects.toThrow('told to stop');
    setImmediate(() => stop.abort(new Error('told to stop')));
    await failed;
  });

  it('reads no more than it has to', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(8 * 1_024 * 1_024)),
    });
    await expect(client(() => new Response(endless)).api.get('/x', answer)).rejects.toThrow(
      'larger than 67108864 bytes',
    );
  });

  it.each(['', 'localhost:9480', 'ftp://host', 'http://user:pass@host', 'file:///etc/passwd'])(
    'refuses the address %j',
    (url) => {
      expect(() => client(() => json({}), { url })).toThrow(UsageError);
    },
  );

  it.each(['http://user:secret@host', 'http://:secret@host', 'user:secret@host', 'http:/user:secret@host'])(
    'never shows the password of the address %s',
    (url) => {
      expect(() => client(() => json({}), { url })).toThrow(
        /^--url: found "(?:http:\/*)?\*\*\*@host", wanted/,
      );
    },
  );

  it.each([
    ['missing', undefined, 'reading .* failed'],
    ['bad', 'two words\n', 'does not hold a token'],
  ])('refuses a token file that is %s', async (_name, text, message) => {
    const { api, seen } = client(() => json({ value: 1 }), { tokenFile: tokenFile(text) });
    await expect(api.get('/x', answer)).rejects.toThrow(new RegExp(`^--token-file: .*${message}`));
    expect(seen).toEqual([]);
  });
});

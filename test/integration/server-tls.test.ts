import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent, request } from 'undici';
import { ask, startTestServer as start } from '../support/server.ts';
import { selfSigned } from '../support/tls.ts';

describe('a server with a certificate', () => {
  it('serves https only, to those who trust its certificate', async () => {
    const tls = selfSigned();
    const { server } = await start({ tls });
    expect(server.url).toMatch(/^https:/);
    const trusting = new Agent({ connect: { ca: tls.cert } });
    const other = new Agent();
    for (const agent of [trusting, other]) onTestFinished(() => agent.destroy());
    const answer = await request(`${server.url}/api/v1/status`, { dispatcher: trusting });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    await answer.body.dump();
    await expect(request(`${server.url}/healthz`, { dispatcher: other })).rejects.toThrow(/self-signed/);
    await expect(ask(server.url.replace('https', 'http'))).rejects.toThrow();
  });

  it('closes at once, connections that are kept open too', async () => {
    const tls = selfSigned();
    const { server } = await start({ tls });
    const agent = new Agent({ connect: { ca: tls.cert } });
    onTestFinished(() => agent.destroy());
    await (await request(`${server.url}/healthz`, { dispatcher: agent })).body.dump();
    await server.close();
  });

  it.each([
    [
      'no certificate',
      'secrets',
      (): { cert: string; key: string } => ({ ...selfSigned(), cert: 'canary-cert' }),
    ],
    [
      'the key of another',
      'listen-failed',
      (): { cert: string; key: string } => ({ ...selfSigned(), key: selfSigned().key }),
    ],
  ])('with %s does not start, and shows neither', async (_, code, tls) => {
    const { cert, key } = tls();
    const refusal: unknown = await start({ tls: { cert, key } }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code });
    expect(String(refusal)).not.toContain('canary');
    expect(String(refusal)).not.toContain(key.slice(40, 80));
  });
});

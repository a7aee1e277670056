import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { JsonRequest } from '../../../src/ha/http.ts';
import { listenOn } from '../../support/listen.ts';
import { selfSigned } from '../../support/tls.ts';
import { LeaseDouble } from './lease-double.ts';

export interface ApiServer {
  readonly double: LeaseDouble;
  readonly endpoint: string;
  readonly serviceAccount: string;
}

/** An API server with TLS, and a pod's service account for it in this folder. Until the test ends. */
export async function listenAsApiServer(serviceAccount: string): Promise<ApiServer> {
  const tls = selfSigned();
  const double = new LeaseDouble('canary-token-1');
  const server = createServer(tls, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const answer = double.answer({
        method: request.method as JsonRequest['method'],
        url: `https://k8s${request.url ?? ''}`,
        headers: { authorization: request.headers.authorization ?? '' },
        body: text === '' ? undefined : JSON.parse(text),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
    });
  });
  writeFileSync(join(serviceAccount, 'token'), `${double.token}\n`);
  writeFileSync(join(serviceAccount, 'ca.crt'), tls.cert);
  writeFileSync(join(serviceAccount, 'namespace'), 'ops');
  return { double, endpoint: `https://127.0.0.1:${await listenOn(server)}`, serviceAccount };
}

import { gzipSync } from 'node:zlib';
import type { WebAsset, WebAssets } from '../api/ports.ts';
import { HttpError } from './errors.ts';
import { jsonAnswer, route } from './route.ts';
import type { Answer, Route } from './route.ts';

/** What a page may do: load its own files and ask this server, nothing else. */
const POLICY =
  "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'";

const ONE_YEAR = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** `/` and, where the web page was built, its files. None holds data of the cluster: they need no token. */
export function pageRoutes(web: WebAssets | undefined): Route[] {
  const index = web?.get('/index.html');
  return [
    pageRoute(index && assetAnswer('/index.html', index)),
    ...[...(web ?? [])].map(([path, asset]) => fileRoute(path, asset)),
  ];
}

function pageRoute(answer: Answer | undefined): Route {
  return route({
    method: 'GET',
    path: '/',
    access: 'open',
    summary: 'The web page.',
    answers: { 200: { description: 'HTML.', type: 'text/html' }, 503: jsonAnswer('The page was not built.') },
    handle: () => answer ?? notBuilt(),
  });
}

function notBuilt(): never {
  throw new HttpError(
    503,
    'no-page',
    'The web page was not built: run "npm run build" and start the rebalancer again.',
  );
}

function fileRoute(path: string, asset: WebAsset): Route {
  const answer = assetAnswer(path, asset);
  return route({
    method: 'GET',
    path,
    access: 'open',
    summary: 'A file of the web page.',
    answers: { 200: { description: 'The file.', type: 'text/plain' } },
    handle: () => answer,
  });
}

function assetAnswer(path: string, { body, type, etag }: WebAsset): Answer {
  const headers = {
    'cache-control': path.startsWith('/assets/') ? ONE_YEAR : ASK_AGAIN,
    'content-security-policy': POLICY,
  };
  if (!isText(type) || body.length < COMPRESS_FROM_BYTES)
    return { kind: 'content', body, type, etag, headers };
  const compressed = gzipSync(body, { level: 9 });
  return { kind: 'content', body, type, etag, headers, gzip: () => compressed };
}

/** Once at the start; below this it saves nothing. */
const COMPRESS_FROM_BYTES = 1_024;

function isText(type: string): boolean {
  return /^text\/|javascript|json|svg/.test(type);
}

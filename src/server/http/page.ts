import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { PAGE_HTML, PAGE_SCRIPT, PAGE_STYLE } from './page-source.ts';
import type { WebAsset, WebAssets } from '../api/ports.ts';
import { route } from './route.ts';
import type { Answer, Route } from './route.ts';

/** What a page may do: load its own files and ask this server, nothing else. */
const COMMON_POLICY =
  "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ASSETS_POLICY = `${COMMON_POLICY}; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'`;

const ONE_YEAR = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** `/` and, where the web page was built, its files. None holds data of the cluster: they need no token. */
export function pageRoutes(web: WebAssets | undefined): Route[] {
  const index = web?.get('/index.html') ?? web?.get('/');
  const files = [...(web ?? [])].filter(([path]) => path !== '/');
  return [
    pageRoute(index === undefined ? simplePage() : assetAnswer('/index.html', index)),
    ...files.map(([path, asset]) => fileRoute(path, asset)),
  ];
}

function pageRoute(answer: Answer): Route {
  return route({
    method: 'GET',
    path: '/',
    access: 'open',
    summary: 'The web page.',
    answers: { 200: { description: 'HTML.', type: 'text/html' } },
    handle: () => answer,
  });
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
    'content-security-policy': ASSETS_POLICY,
  };
  const gzip = isText(type) && body.length >= COMPRESS_FROM_BYTES ? gzipSync(body, { level: 9 }) : undefined;
  return { kind: 'content', body, type, etag, headers, gzip };
}

/** Once at the start; below this it saves nothing. */
const COMPRESS_FROM_BYTES = 1_024;

function isText(type: string): boolean {
  return /^text\/|javascript|json|svg/.test(type);
}

/** The page that is there without a build: one file, whose script and style the policy knows by their hashes. */
function simplePage(): Answer {
  const body = Buffer.from(PAGE_HTML);
  const policy = `${COMMON_POLICY}; script-src '${sha256(PAGE_SCRIPT)}'; style-src '${sha256(PAGE_STYLE)}'`;
  return {
    kind: 'content',
    body,
    type: 'text/html; charset=utf-8',
    etag: `"${sha256(PAGE_HTML).slice(7, 34)}"`,
    headers: { 'cache-control': ASK_AGAIN, 'content-security-policy': policy },
  };
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

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
  const page = index && assetAnswer('/index.html', index);
  return [
    openRoute('/', 'The web page.', () => page ?? notBuilt(), {
      200: { description: 'HTML.', type: 'text/html' },
      503: jsonAnswer('The page was not built.'),
    }),
    ...[...(web ?? [])].map(([path, asset]) => {
      const answer = assetAnswer(path, asset);
      return openRoute(path, 'A file of the web page.', () => answer, {
        200: { description: 'The file.', type: 'text/plain' },
      });
    }),
  ];
}

function openRoute(path: string, summary: string, handle: () => Answer, answers: Route['answers']): Route {
  return route({ method: 'GET', path, access: 'open', summary, answers, handle });
}

function notBuilt(): never {
  throw new HttpError(
    503,
    'no-page',
    'The web page was not built: run "npm run build" and start the rebalancer again.',
  );
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

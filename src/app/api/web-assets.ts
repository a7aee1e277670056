import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_FOLDER } from '../../lib/program-folder.ts';
import type { WebAsset, WebAssets } from '../../server/api/ports.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where `npm run build` puts the page, also for a program that runs from its sources. */
const BUILT_PAGE_FOLDER = fileURLToPath(new URL('dist/web', PROGRAM_FOLDER));

/** The files of the built page; undefined where it was not built. */
export async function loadWebAssets(folder: string = BUILT_PAGE_FOLDER): Promise<WebAssets | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => extname(name) in TYPES);
  const assets = new Map(await Promise.all(files.map((name) => readAsset(folder, name))));
  return assets.has('/index.html') ? assets : undefined;
}

async function readAsset(folder: string, name: string): Promise<[path: string, asset: WebAsset]> {
  const file = join(folder, name);
  const body = await readFile(file);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const path = `/${relative(folder, file).split(sep).join('/')}`;
  return [path, { body, etag, type: TYPES[extname(name)] ?? 'application/octet-stream' }];
}

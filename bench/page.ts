import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { buildPage } from '../scripts/build-page.mjs';
import { filesBelow } from '../test/support/repository.ts';
import { hasPlan, startProcesses, waitFor } from './processes.ts';
import type { ClusterSize } from './processes.ts';
import { comparisonRow, times } from './row.ts';
import type { Row } from './row.ts';

const LARGE = { datanodes: 100, tables: 1_000, regions: 100 } as const;
const SMALL = { datanodes: 10, tables: 10, regions: 10 } as const;
const MAX_COMPRESSED_BYTES = 150_000;
/** How long the page is watched while regions move, and scrolled. */
const WATCHED_MS = 10_000;
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** How quickly the page is there and how long it keeps the browser busy, in real Chromium; `npm run build` first. */
export async function* pageSuite(): AsyncGenerator<Row> {
  yield await sizeRow();
  const large = await visit(LARGE);
  const small = await visit(SMALL);
  const rows = [
    { name: 'first content', key: 'firstContentMs', target: 'under 1 s', limitMs: 1_000 },
    { name: 'all of it usable', key: 'usableMs', target: 'under 3 s', limitMs: 3_000 },
    { name: 'longest task while regions move', key: 'longestTaskMs', target: 'at most 200 ms', limitMs: 200 },
  ] as const;
  for (const { name, key, target, limitMs } of rows) {
    yield comparisonRow({
      name: `Page of 100 000 regions, ${name}`,
      measuredMs: large[key],
      reference: '100 regions',
      referenceMs: small[key],
      target,
      met: large[key] <= limitMs,
    });
  }
}

async function sizeRow(): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-page-'));
  await buildPage(folder);
  const bytes = filesBelow(folder, '')
    .map((path) => gzipSync(readFileSync(path)).length)
    .reduce((a, b) => a + b);
  rmSync(folder, { recursive: true, force: true });
  return {
    name: 'Files of the page, compressed',
    figure: `${(bytes / 1_000).toFixed(1)} kB`,
    reference: `limit: ${MAX_COMPRESSED_BYTES / 1_000} kB`,
    target: 'under 150 kB',
    ratio: times(bytes / MAX_COMPRESSED_BYTES),
    met: bytes < MAX_COMPRESSED_BYTES,
  };
}

interface Visit {
  readonly firstContentMs: number;
  readonly usableMs: number;
  /** 0 when no task took 50 ms. */
  readonly longestTaskMs: number;
}

const WATCH_TASKS = `
window.tasks = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.tasks.push(entry.duration); })
  .observe({ type: 'longtask', buffered: true });
`;

async function visit(size: ClusterSize): Promise<Visit> {
  const daemon = await startProcesses(size, [
    'schedule.cron=*/30 * * * * *',
    'execution.dryRun=false',
    'execution.maxMovesPerCycle=100000',
    'execution.pollInterval=50ms',
  ]);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    await waitFor(`${daemon.url}/api/v1/status`, hasPlan);
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.addInitScript(WATCH_TASKS);
    const startMs = performance.now();
    await page.goto(daemon.url);
    await page.locator('.heat-cell').first().waitFor();
    const usableMs = performance.now() - startMs;
    const firstContentMs = Number(
      await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
    );
    const endMs = performance.now() + WATCHED_MS;
    await page.locator('.heat').hover();
    while (performance.now() < endMs) {
      await page.mouse.wheel(40, 300);
      await page.waitForTimeout(50);
    }
    const longestTaskMs = Number(await page.evaluate('Math.max(0, ...window.tasks)'));
    return { firstContentMs, usableMs, longestTaskMs };
  } finally {
    await browser.close();
    daemon.close();
  }
}

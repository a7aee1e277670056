import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildPage } from '../../scripts/build-page.mjs';
import { loadWebAssets } from '../../src/app/api/web-assets.ts';
import { accessibilityFaults, openPage, startBrowser } from '../support/browser.ts';
import { startSimulatedDaemon } from '../support/running-daemon.ts';
import { describeWith } from '../support/tools.ts';

/** For anything to appear, on a machine that is busy with other tests. */
const WAIT_MS = 50_000;

describeWith('chromium', 'the load of the datanodes on the page', ([executable = '']) => {
  let browser: Browser;
  const root = mkdtempSync(join(tmpdir(), 'rebalancer-page-load-'));

  vi.setConfig({ testTimeout: 150_000 });
  beforeAll(async () => {
    browser = await startBrowser(executable);
    await buildPage(join(root, 'web'));
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    rmSync(root, { recursive: true, force: true });
  });

  const shown = async (
    objective: string,
    look: (page: Awaited<ReturnType<typeof openPage>>['page']) => Promise<void>,
  ) => {
    const daemon = await startSimulatedDaemon({
      folder: mkdtempSync(join(root, 'state-')),
      web: await loadWebAssets(join(root, 'web')),
      cluster: { datanodes: 4, tables: 6, regions: 6, layout: 'balanced', seed: 'load', loads: 'hot-tables' },
      set: [
        ...['execution.dryRun=true', `balance.objective=${objective}`],
        ...['by=disk', 'minimum=0', 'stableFor=3'].map((setting) => `balance.load.${setting}`),
      ],
    });
    // Loads are relied on after three readings.
    if (objective === 'load')
      await daemon.until((event) => event.type === 'planned' && event.plan.moves.length > 0);
    const { page, complaints } = await openPage(browser, daemon.url);
    try {
      page.setDefaultTimeout(WAIT_MS);
      await look(page);
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
      await daemon.close();
    }
  };

  test('is drawn for each, the fullest first, with the band and what the plan makes of it', async () => {
    await shown('load', async (page) => {
      const panel = page.getByRole('region', { name: 'Load: bytes on disk' });
      await panel.waitFor();
      expect(await panel.locator('small').first().textContent()).toBe('uneven');
      const bars = await panel.locator('.bar-row').all();
      const texts = await Promise.all(bars.map((bar) => bar.getAttribute('title')));
      const numbers = texts.map((text) => [...(text ?? '').matchAll(/\d+\.?\d*/g)].map(Number));
      const now = numbers.map(([, value]) => value!);
      expect(now).toEqual(now.toSorted((a, b) => b - a));
      expect(numbers.map(([id]) => id!).sort()).toEqual([0, 1, 2, 3]);
      // Fuller than even now, and less so after the plan.
      const [, first = 0, after = 0, , high = 0] = numbers[0]!;
      expect(first).toBeGreaterThan(high);
      expect(after).toBeLessThan(first);
      await panel
        .getByRole('list', { name: 'Legend of the load' })
        .getByText(/^even: /)
        .waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  });

  test('is not there where regions are counted', async () => {
    await shown('count', async (page) => {
      await page.locator('.node-count').first().waitFor();
      expect(await page.getByRole('region', { name: /^Load/ }).count()).toBe(0);
    });
  });
});

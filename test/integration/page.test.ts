import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildPage } from '../../scripts/build-page.mjs';
import { loadWebAssets } from '../../src/app/api/web-assets.ts';
import type { WebAssets } from '../../src/server/api/ports.ts';
import { accessibilityFaults, openPage, startBrowser } from '../support/browser.ts';
import type { PageLook } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { filesBelow } from '../support/repository.ts';
import { startSimulatedDaemon } from '../support/running-daemon.ts';
import type { SimulatedDaemon, SimulatedDaemonOptions } from '../support/running-daemon.ts';
import { describeWith } from '../support/tools.ts';

const MAX_COMPRESSED_BYTES = 150_000;
/** For anything to appear, on a machine that is busy with other tests. */
const WAIT_MS = 50_000;
const PHONE = { width: 390, height: 844 } as const;
const BALANCED = { layout: 'balanced' } as const;
const ONE_CYCLE = ['schedule.cron=0 0 1 1 *'];
const DRY_RUN = [...ONE_CYCLE, 'execution.dryRun=true'];
const TOKEN = 'a-token-for-tests-0123456789';

let root: string;
let web: WebAssets | undefined;
let tokenFile: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'rebalancer-page-'));
  await buildPage(join(root, 'web'));
  web = await loadWebAssets(join(root, 'web'));
  tokenFile = join(root, 'token');
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the built page', () => {
  test('is small', () => {
    const bytes = filesBelow(join(root, 'web'), '').map((path) => gzipSync(readFileSync(path)).length);
    expect(bytes.reduce((a, b) => a + b)).toBeLessThan(MAX_COMPRESSED_BYTES);
    expect(readdirSync(join(root, 'web'))).toContain('index.html');
  });

  test('has no inline code and names no other host', () => {
    for (const path of filesBelow(join(root, 'web'), '.html')) {
      expect(readFileSync(path, 'utf8')).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/);
      expect(readFileSync(path, 'utf8').replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
        /https?:\/\//,
      );
    }
  });

  test('is not there where nothing was built', async () => {
    expect(await loadWebAssets(join(root, 'nowhere'))).toBeUndefined();
  });
});

describeWith('chromium', 'the page in a real browser', ([executable = '']) => {
  let browser: Browser;

  vi.setConfig({ testTimeout: 150_000 });

  beforeAll(async () => {
    browser = await startBrowser(executable);
  }, 60_000);
  afterAll(() => browser.close());

  /** A page on a daemon of its own; both are gone afterwards. */
  async function withPage(
    {
      look,
      forgiven,
      ...options
    }: Partial<SimulatedDaemonOptions> & {
      readonly look?: PageLook;
      /** Chromium writes a failed request to the console, whatever the page makes of it. */
      readonly forgiven?: RegExp;
    },
    use: (page: Page, daemon: SimulatedDaemon) => Promise<void>,
  ): Promise<void> {
    const folder = mkdtempSync(join(root, 'state-'));
    const daemon = await startSimulatedDaemon({ folder, web, ...options });
    const { page, complaints } = await openPage(browser, daemon.url, look);
    try {
      page.setDefaultTimeout(WAIT_MS);
      await use(page, daemon);
      expect(complaints.filter((text) => forgiven?.test(text) !== true)).toEqual([]);
    } finally {
      await page.close();
      await daemon.close();
    }
  }

  const verdict = (page: Page, text: string): Promise<void> =>
    page.getByRole('heading', { name: text, exact: true, level: 2 }).waitFor();

  /** Waits for one of the answers below the verdict. */
  const answer = (page: Page, name: string, text: RegExp | string): Promise<void> =>
    page
      .locator('.verdict .facts > div')
      .filter({ has: page.getByText(name, { exact: true }) })
      .filter({ hasText: text })
      .waitFor();

  const enterToken = async (where: Page | Locator, token: string): Promise<void> => {
    await where.getByLabel('Token', { exact: true }).fill(token);
    await where.getByRole('button', { name: 'Use this token' }).click();
  };

  test('follows a rebalance to its end without being loaded again', async () => {
    await withPage({ cluster: { migrationTimeMs: 150 } }, async (page) => {
      await verdict(page, 'Balancing');
      await answer(page, 'Balance', 'Unbalanced');
      await answer(page, 'To stop', /Press Pause.*The current migration finishes/);
      await page.getByRole('list', { name: 'Steps of the move' }).waitFor();
      await page.getByRole('list', { name: 'Queued moves' }).waitFor();
      await verdict(page, 'Balanced');
      await answer(page, 'Balance', 'Balanced');
      await answer(page, 'Now', /Nothing.*Nothing to move/);
      await answer(page, 'Next', 'Another check');
      await answer(page, 'Time left', 'None');
      await answer(page, 'To prevent moves', 'Press Pause');
      await page.getByText('No migration running.').waitFor();
      const succeeded = await page.locator('table').getByText('succeeded').count();
      expect(succeeded).toBeGreaterThan(3);
      const counts = await page.locator('.node-count strong').allTextContents();
      expect(Math.max(...counts.map(Number)) - Math.min(...counts.map(Number))).toBeLessThanOrEqual(1);
    });
  });

  test('tells between two moves which one is next, and what became of the last', async () => {
    const set = ['execution.pauseBetweenMoves=10m'];
    await withPage({ cluster: { migrationTimeMs: 100 }, set }, async (page) => {
      await page.getByText(/^Region \d+, because of table spread; starts in a moment$/).waitFor();
      // The queue begins with the one after it.
      const starting = await page
        .locator('#moving-title')
        .locator('xpath=ancestor::section')
        .locator('.dim button')
        .textContent();
      await page.locator('.moves li').first().waitFor();
      expect(await page.locator('.moves').getByText(starting!).count()).toBe(0);
      await page.locator('.last-move').getByText('succeeded').waitFor();
      expect(await page.getByText('No migration running.').count()).toBe(0);
    });
  });

  test('pauses with an end, a reason and a name, and resumes', async () => {
    await withPage({ cluster: { migrationTimeMs: 400 } }, async (page, daemon) => {
      await page.getByRole('button', { name: 'Pause…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Pause the rebalancer' });
      await dialog.getByLabel('For how long').selectOption('2 hours');
      await dialog.getByLabel('Why').fill('new disks');
      await dialog.getByLabel('Your name, for the audit log').fill('anna');
      await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
      await verdict(page, 'Paused');
      expect(daemon.running.session.store.pause(Date.now())).toMatchObject({ reason: 'new disks' });
      await page.getByText(/^Paused by anna .*new disks/).waitFor();
      await answer(page, 'Balance', /Unbalanced.*\d to \d+ regions per datanode, .* after the plan/);
      await answer(page, 'Next', /The pause ends.*\(in 2 h\), then \d+ moves/);
      await answer(page, 'To go on', /Press Resume.*Ends the pause early/);
      await page.getByRole('list').getByText('anna (127.0.0.1)').first().waitFor();
      await page.getByRole('button', { name: 'Resume' }).click();
      await verdict(page, 'Balanced');
      expect(daemon.running.session.store.pause(Date.now())).toBeUndefined();
    });
  });

  test('drains a datanode only after a preview was confirmed', async () => {
    await withPage({ cluster: { layout: 'balanced', migrationTimeMs: 200 } }, async (page, daemon) => {
      await verdict(page, 'Balanced');
      await page.getByText(/times in .*, now\s\d\d:\d\d$/).waitFor();
      await page.getByRole('button', { name: 'Drain…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Drain datanodes' });
      await dialog.getByRole('checkbox', { name: /^2 / }).check();
      await dialog.getByRole('button', { name: 'Preview' }).click();
      await dialog.getByText(/moves? empt(y|ies) datanode 2/).waitFor();
      expect(daemon.running.session.store.requested('drain')).toEqual([]);
      await dialog.getByRole('button', { name: 'Drain datanode 2' }).click();
      await verdict(page, 'Draining datanode 2');
      await page.getByText(/^\d regions? left on datanode 2\.$/).waitFor();
      await answer(page, 'Balance', /regions on each of the other datanodes/);
      await page.getByText('Regions move back then.').waitFor();
      expect(daemon.running.session.store.requested('drain').map(({ datanode }) => datanode)).toEqual(['2']);
      await page.locator('.node-label.draining .node-count strong', { hasText: /^0$/ }).waitFor();
      await page.locator('.node-label.draining').getByText('drained').waitFor();
      await page.getByRole('button', { name: 'Cancel the drain of datanode 2' }).click();
      await page.getByText('Datanode 2 no longer drains.').waitFor();
      expect(daemon.running.session.store.requested('drain')).toEqual([]);
    });
  });

  test('says whom skew leaves out, and colours nothing where it is 0', async () => {
    const set = [...DRY_RUN, 'datanodes.drain=["2"]'];
    await withPage({ cluster: { layout: 'balanced', regions: 8 }, set }, async (page) => {
      await page.locator('.heat-cell.leaves').first().waitFor();
      const [tables, datanodes] = await page.locator('.numbers dd').all();
      for (const skew of [tables, datanodes])
        expect(await skew?.textContent()).toMatch(/^0.*without datanode 2 \(draining\)$/);
      expect(await page.locator('.heat-cell:is(.over, .under)').count()).toBe(0);
      await page.getByText('Skew and regions per datanode: without datanode 2 (draining).').waitFor();
      const tip = page.locator('.tip');
      await page.locator('.heat-cell.leaves').first().hover();
      await tip.getByText('to be emptied: the datanode is draining').waitFor();
      await page.locator('.heat-cell.fair').first().hover();
      await tip.getByText(/^fair share 2 of [67] regions$/).waitFor();
      await tip.getByText(/^[12] regions? still on draining datanodes$/).waitFor();
    });
  });

  test('cordons a datanode, and ends that', async () => {
    await withPage({ cluster: BALANCED }, async (page, daemon) => {
      await verdict(page, 'Balanced');
      const { store } = daemon.running.session;
      await page.locator('.node-label').nth(2).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cordon' }).click();
      await page.getByText('Datanode 2 receives no more regions.').waitFor();
      expect(store.requested('cordon').map(({ datanode }) => datanode)).toEqual(['2']);
      await page.locator('.node-label.cordoned').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Uncordon' }).click();
      await page.getByText('Datanode 2 may receive regions again.').waitFor();
      expect(store.requested('cordon')).toEqual([]);
    });
  });

  test('explains regions, tables and datanodes, by mouse and by keyboard', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await verdict(page, 'Dry run');
      await page.locator('.node-label').first().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Datanode 0' }).getByRole('list', { name: 'Regions' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.locator('.node-label:focus').waitFor();
      await page.getByRole('grid').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'End', 'Enter']) await page.keyboard.press(key);
      await page
        .getByRole('dialog', { name: /^Table / })
        .getByText('table-spread', { exact: true })
        .first()
        .waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.cell').first().click();
      await page
        .getByRole('dialog', { name: /^Region \d+/ })
        .locator('.answer')
        .waitFor();
    });
  });

  test('filters tables, the queue and the history', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await page.getByRole('searchbox', { name: 'Filter tables by name' }).fill('cpu');
      await page.getByText(/^1 of \d+ tables/).waitFor();
      await page.getByRole('button', { name: /^Show all/ }).click();
      await page.getByRole('searchbox', { name: 'Filter by table or region' }).first().fill('disk');
      await eventually('only moves of disk are listed', async () =>
        (await page.evaluate(ONLY_DISK)) === true ? true : undefined,
      );
      await page.getByRole('searchbox', { name: 'Filter by table or region' }).last().fill('nothing');
      await page.getByText('No move matches these filters.').waitFor();
    });
  });

  test('asks for the token where an action needs one, and goes on', async () => {
    await withPage(
      { cluster: BALANCED, set: [...ONE_CYCLE, `server.tokenFile=${tokenFile}`], forgiven: /401/ },
      async (page, daemon) => {
        await verdict(page, 'Balanced');
        const next = daemon.until(({ type }) => type === 'cycle-finished');
        await page.getByRole('button', { name: 'Trigger' }).click();
        const dialog = page.getByRole('dialog', { name: 'Enter the API token' });
        await enterToken(dialog, 'wrong');
        await dialog.getByRole('alert').getByText('The token is not the one').waitFor();
        await enterToken(dialog, TOKEN);
        expect(await next).toMatchObject({ outcome: 'balanced' });
        await dialog.waitFor({ state: 'detached' });
        await page.getByText('Cycle triggered.').waitFor();
      },
    );
  });

  test('keeps what was chosen in a dialog while it asks for the token', async () => {
    await withPage(
      { cluster: BALANCED, set: [...ONE_CYCLE, `server.tokenFile=${tokenFile}`], forgiven: /401/ },
      async (page) => {
        await page.getByRole('button', { name: 'Drain…' }).click();
        const drain = page.getByRole('dialog', { name: 'Drain datanodes' });
        await drain.getByRole('checkbox', { name: /^2 / }).check();
        await drain.getByRole('button', { name: 'Preview' }).click();
        const ask = page.getByRole('dialog', { name: 'Enter the API token' });
        await enterToken(ask, TOKEN);
        await drain.getByText(/moves? empt(y|ies) datanode 2/).waitFor();
        await drain.getByRole('button', { name: 'Back' }).click();
        expect(await drain.getByRole('checkbox', { name: /^2 / }).isChecked()).toBe(true);
      },
    );
  });

  test('shows nothing without the token where reads are protected', async () => {
    await withPage(
      { set: [`server.tokenFile=${tokenFile}`, 'server.protectReads=true'], forgiven: /401/ },
      async (page) => {
        await page.getByRole('heading', { name: 'Enter the API token' }).waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        await enterToken(page, 'wrong');
        await page.getByRole('alert').getByText(/token/).waitFor();
        await enterToken(page, TOKEN);
        await verdict(page, 'Balanced');
      },
    );
  });

  test('says that the connection is lost, and finds back after a restart', async () => {
    const folder = mkdtempSync(join(root, 'state-'));
    const first = await startSimulatedDaemon({ folder, web, cluster: BALANCED });
    const { page, complaints } = await openPage(browser, first.url);
    await verdict(page, 'Balanced');
    await first.close();
    await page.getByRole('alert').getByText('What is shown may be old').waitFor();
    expect(await page.title()).toBe('No connection · test');
    expect(await accessibilityFaults(page)).toEqual([]);
    const listen = `server.listen=${new URL(first.url).host}`;
    const second = await startSimulatedDaemon({
      folder,
      web,
      cluster: BALANCED,
      set: [listen],
    });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('What is shown may be old').waitFor({ state: 'detached' });
    expect(complaints.filter((text) => !text.includes('ERR_'))).toEqual([]);
    await page.close();
    await second.close();
  });

  test.each([
    ['light', {}],
    ['dark', {}],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('is accessible in the %s theme (%o), dialogs too', async (theme, size) => {
    await withPage({ look: { theme, ...size }, set: DRY_RUN }, async (page) => {
      await verdict(page, 'Dry run');
      await page.locator('.moves li').first().waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.getByRole('checkbox').first().check();
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.locator('.preview').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('.moves button').first().click();
      await page.locator('.answer').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      const wide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(wide).toBeLessThanOrEqual(0);
    });
  });

  test('shows many datanodes as bars with their fair share, the most uneven first', async () => {
    const cluster = { datanodes: 12, emptyDatanodes: 2, tables: 3, regions: 24, layout: 'random' } as const;
    // A cordoned one has no share to be away from.
    const set = [...DRY_RUN, 'datanodes.cordon=["3"]'];
    await withPage({ cluster, look: PHONE, set }, async (page) => {
      const bars = page.locator('.bar-row');
      await bars.first().waitFor();
      expect(await page.locator('.cell').count()).toBe(0);
      expect(await page.locator('.bar-track .target').count()).toBe(13);
      const counts = await page.locator('.bars strong').allTextContents();
      expect(counts.slice(0, 2)).toEqual(['0', '0']);
      await page.getByText('The most uneven datanodes first; scroll sideways for all 14.').waitFor();
      const heads = await page.locator('.heat-node small').allTextContents();
      expect(heads.slice(0, 2)).toEqual(['0', '0']);
      await page.getByLabel('Regions of', { exact: true }).selectOption('cpu');
      await page.locator('.bars strong', { hasText: /^24$/ }).waitFor({ state: 'detached' });
      await bars.first().click();
      await page.getByRole('dialog', { name: /^Datanode \d+/ }).waitFor();
    });
  });

  test('colours one of many tables, or the load with its units', async () => {
    const cluster = { tables: 16, regions: 3 } as const;
    await withPage({ cluster, set: DRY_RUN }, async (page) => {
      const legend = page.getByRole('list', { name: 'Legend' }).first();
      await legend.getByText('other tables').waitFor();
      await page.getByLabel('Table that stands out').selectOption('disk');
      await legend.getByText('disk', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'By load' }).click();
      await legend.getByText(/^(written per second|on disk):$/).waitFor();
      expect(await legend.getByText(/^[\d.]+ [kMGT]?B(\/s)?$/).count()).toBe(5);
    });
  });

  test('shows tooltips whole, and one cursor in all charts', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await page.locator('.heat-cell').first().hover();
      const tip = page.locator('.tip');
      await tip.getByText(/^fair share \d/).waitFor();
      await page.locator('.cell').first().hover();
      await tip.getByText(/^\d{13}$/).waitFor();
      expect(await page.evaluate(IS_WHOLE)).toBe(true);
      await page.locator('.chart > svg').nth(1).hover();
      expect(await page.locator('.chart .cursor').count()).toBe(3);
      await page.locator('.chart .tick').getByText('regions in 15 s').waitFor();
    });
  });

  test('tells quarantine by cause with both datanodes, and releases', async () => {
    const cluster = { faults: 'rollback=1' } as const;
    await withPage({ cluster, look: PHONE }, async (page, daemon) => {
      await verdict(page, 'Paused after failures');
      await page
        .getByText(
          /^Paused automatically: 3 migrations failed in a row \(limit 3\)\. Datanode \d is in quarantine after /,
        )
        .waitFor();
      await page.getByText(/^Last failure: rolled back: /).waitFor();
      await page.getByText('3 did not succeed').waitFor();
      const first = page.locator('.obstacles li').first();
      await first
        .getByText(
          /^Look first: Last 3 failures to datanodes? .*: rolled back\..* Look at the log and the disk.* Then press Resume at the top; Resume needs no Release\./,
        )
        .waitFor();
      await answer(page, 'Next', /\d.\d.*After Resume/);
      await answer(
        page,
        'To go on',
        /Find the cause, then Resume.*Last 3 failures to .*: rolled back\. See below/,
      );
      // Once is enough.
      expect(await page.getByText('Look at the log and the disk').count()).toBe(1);
      expect(await page.getByText('The migration began and the cluster undid it').count()).toBe(1);
      await answer(page, 'Time left', /No end before Resume.*Then known after the first successful move/);
      expect(await page.getByRole('progressbar').locator('.bad').count()).toBe(0);
      const trigger = page.getByRole('button', { name: 'Trigger' });
      expect(await trigger.isDisabled()).toBe(true);
      await trigger.focus();
      await page.getByRole('tooltip').getByText('Press Resume first').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      // Two that failed with one datanode are its fault: it rests in their place.
      await page.getByRole('cell', { name: 'receives no regions' }).waitFor();
      await page.locator('.quarantine p').getByText('1 region: rolled back').waitFor();
      await page.getByText('in this time: moved 0, failed 3').waitFor();
      const wide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(wide).toBeLessThanOrEqual(0);
      const row = page.locator('.quarantine tbody tr').last();
      for (const name of [/^From \d$/, /^To \d$/, /^Failures 1$/, /^Until .*\d\d:\d\d \(in \d+ min\)$/])
        await row.getByRole('cell', { name }).waitFor();
      await row.getByRole('button', { name: /^Release region/ }).click();
      await page.locator('.quarantine p').getByText('1 region: rolled back').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: /^Release datanode/ }).click();
      await page.getByRole('heading', { name: 'In quarantine' }).waitFor({ state: 'detached' });
      const { store } = daemon.running.session;
      expect(store.memory(Date.now())).toMatchObject({ quarantine: [], datanodes: [] });
      // The outcome is in view on a phone, too.
      const badge = await page
        .locator('#history-title')
        .locator('xpath=ancestor::section')
        .getByText('rolled back')
        .last()
        .boundingBox();
      expect((badge?.x ?? PHONE.width) + (badge?.width ?? 0)).toBeLessThan(PHONE.width);
    });
  });

  test('names a dead datanode, in the verdict and the tab cluster and verdict', async () => {
    await withPage({ cluster: BALANCED }, async (page, daemon) => {
      await verdict(page, 'Balanced');
      expect(await page.title()).toBe('Balanced · test');
      daemon.listening.cluster.killDatanode('2');
      await verdict(page, 'Needs attention');
      await page.getByText(/regions? led by dead datanode 2/).waitFor();
    });
  });

  test('is for looking only on a standby, and leads to the leader', async () => {
    await withPage({ cluster: BALANCED, set: ONE_CYCLE }, async (page) => {
      await verdict(page, 'Balanced');
      await page.route('**/api/v1/status', async (request) => {
        const response = await request.fetch();
        const status: unknown = await response.json();
        const json = { ...Object(status), leader: { leads: false, holder: 'leader.example' } };
        await request.fulfill({ response, json });
      });
      await page.reload();
      const link = page.getByRole('link', { name: "Open the leader's page" });
      expect(await link.getAttribute('href')).toMatch(/^http:\/\/leader\.example:\d+\/$/);
      for (const name of ['Pause…', 'Trigger', 'Drain…']) {
        const button = page.getByRole('button', {
          name,
          description: /^This replica stands by: only the leader/,
        });
        expect(await button.isDisabled()).toBe(true);
        expect(await button.getAttribute('title')).toContain('leader.example');
      }
      await page.getByText('What moves is not known here: only the leader moves regions.').waitFor();
      await answer(page, 'To stop', "On the leader's page");
      await page.getByRole('heading', { name: "This replica's plan, not used" }).waitFor();
      await page.getByText("Moves in this replica's plan").waitFor();
      await page.getByText(/^none by this replica, which started /).waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  });

  test('gives the keyboard to the first field of a dialog, and tells of a dry run before a drain', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await page.getByRole('button', { name: 'Pause…' }).click();
      await page.locator('select:focus').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.locator('.check input:focus').waitFor();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Preview' }).click();
      await page
        .locator('.preview')
        .getByText(/^Dry run: the drain is recorded/)
        .waitFor();
      await page.locator('dialog input:focus').waitFor();
    });
  });

  test('names the way out of a dry run, and what it does not know yet', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await page.locator('.obstacles li').getByText('set execution.dryRun: false').waitFor();
      await page.getByText('Planned only: none of these starts in the dry run.').waitFor();
      await answer(page, 'Now', 'The dry run only plans');
      await answer(page, 'Next', 'Plans again');
      await answer(page, 'Time left', 'No end in the dry run');
      await answer(page, 'To let it move', 'execution.dryRun: false');
      await page.getByText(/^none yet; the rebalancer started /).waitFor();
    });
  });

  test('tells of the dry run while the load is only watched', async () => {
    const load = ['load.by=disk', 'load.minimum=0', 'load.stableFor=1000', 'objective=load'];
    const set = [...DRY_RUN, ...load.map((setting) => `balance.${setting}`)];
    await withPage({ cluster: { layout: 'balanced', loads: 'hot-tables' }, set }, async (page) => {
      await verdict(page, 'Dry run');
      await page.getByText(/execution\.dryRun is true, so no move will be made/).waitFor();
      await answer(page, 'Next', /A first plan.*By .*if still uneven/);
      await page.locator('.obstacles li').getByText('set execution.dryRun: false').waitFor();
      await page
        .locator('.obstacles li')
        .first()
        .getByText(/^Too early: .* Until then nothing would move even without/)
        .waitFor();
    });
  });

  test('tells how long the rest takes once resumed', async () => {
    const set = ['execution.pauseBetweenMoves=10m'];
    await withPage({ cluster: { migrationTimeMs: 100 }, set }, async (page, daemon) => {
      await page.locator('.last-move').getByText('succeeded').waitFor();
      daemon.running.session.store.setPause({ reason: '', by: 'anna', atMs: Date.now(), untilMs: null });
      await answer(page, 'Time left', /No end before Resume.*Then about /);
      await answer(page, 'Next', /\d.\d.*After Resume/);
      await page.getByText('None of these starts while paused.').waitFor();
    });
  });

  test('says what is selected where nothing is', async () => {
    await withPage({ set: ['tables.exclude=["public.*"]'] }, async (page) => {
      await verdict(page, 'No regions');
      await page
        .getByText('The configuration selects every table except public.*, and none of them has a region.')
        .waitFor();
      await page.getByText('No selected table has a region.').waitFor();
    });
  });

  test('tells that all regions are pinned, and by which keys', async () => {
    await withPage({ set: ['pins.tables=["public.*"]'] }, async (page) => {
      await verdict(page, 'Blocked by pins');
      await answer(page, 'Next', /Nothing.*Checked again/);
      await answer(page, 'Time left', 'No end by itself');
      await answer(page, 'To go on', 'Unpin regions');
      const pinned = page.locator('.obstacles li').first();
      await pinned
        .getByText(/^All \d+ regions are pinned in the configuration\. .* pins\.tables and pins\.regions/)
        .waitFor();
    });
  });

  test('blames neither pins nor a failed request where something else holds moves', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await verdict(page, 'Dry run');
      let change: object = {};
      await page.route('**/api/v1/status', async (request) => {
        const response = await request.fetch();
        const status: unknown = await response.json();
        await request.fulfill({ response, json: { ...Object(status), dryRun: false, ...change } });
      });
      const blocked = [{ code: 'pinned', count: 2, harmless: 0 }];
      const gates = [{ code: 'maintenance', detail: 'The cluster is in maintenance mode.' }];
      const held = { code: 'blocked', sentence: '3 moves cannot start.', detail: null };
      change = { verdict: held, blocked, gates, quarantineEndsAt: '2026-01-01T00:00:00Z' };
      await page.reload();
      await verdict(page, 'Blocked');
      await answer(page, 'To go on', 'Change what blocks it');
      const paused = { until: null, reason: 'deploy', by: 'anna' };
      const detail = 'connect ECONNREFUSED';
      change = { verdict: { code: 'lost-contact', sentence: 'No answer.', detail }, paused };
      await page.reload();
      await verdict(page, 'Lost contact');
      await page
        .locator('.obstacles li')
        .getByText(/^Paused, too\. /)
        .waitFor();
      expect(await page.getByText('Look first').count()).toBe(0);
      change = { verdict: { ...held, detail }, paused };
      await page.reload();
      await answer(page, 'To go on', 'Press Resume');
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  });

  test('tells once what to do about all datanodes in quarantine', async () => {
    const set = ['execution.maxConsecutiveFailures=1000', 'execution.pauseBetweenMoves=0s'];
    await withPage({ cluster: { faults: 'rollback=1' }, set }, async (page) => {
      await page.getByText(/^What to do: Look at the log and the disk/).waitFor();
      await page.getByText(/Release below once its cause is gone/).waitFor();
      await answer(page, 'Next', /Moves are tried again.*When a quarantine ends: .*\(in /);
      await answer(page, 'To go on', /Check .*, then Release/);
      expect(await page.getByText('Look at the log and the disk').count()).toBe(1);
    });
  });

  test('says why nothing moves while GreptimeDB does not answer', async () => {
    await withPage({ set: DRY_RUN }, async (page) => {
      await verdict(page, 'Dry run');
      await page.route('**/api/v1/status', async (request) => {
        const response = await request.fetch();
        const status: unknown = await response.json();
        const lost = { code: 'lost-contact', sentence: 'No answer from GreptimeDB for 40 s.', detail: null };
        await request.fulfill({ response, json: { ...Object(status), dryRun: false, verdict: lost } });
      });
      await page.reload();
      await verdict(page, 'Lost contact');
      await page.getByRole('heading', { name: 'Why nothing starts' }).waitFor();
      const why = page.locator('.obstacles li').first();
      await why
        .getByText(/GreptimeDB does not answer: nothing starts until it does\. Moves go on by/)
        .waitFor();
      await page.getByText(/^When GreptimeDB was last read, no migration was running\./).waitFor();
      await page.getByText('None of these starts until GreptimeDB answers.').waitFor();
      await answer(page, 'Balance', /Not known.*When last read: unbalanced/);
      await answer(page, 'Time left', /Not known.*Until GreptimeDB answers/);
      expect(await page.getByText('No migration running.').count()).toBe(0);
      // Faded once: twice, and what failed looks like what was moved.
      expect(await page.evaluate(FADED_TWICE)).toEqual([]);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  });

  test('keeps numbers with their units and cuts no id, at each width of a phone', async () => {
    await withPage({ set: DRY_RUN, look: PHONE }, async (page) => {
      await verdict(page, 'Dry run');
      await page.locator('.node-label').first().click();
      await page.getByRole('dialog').locator('.region-id').first().waitFor();
      for (let width = 320; width <= 440; width += 8) {
        await page.setViewportSize({ ...PHONE, width });
        expect([width, await page.evaluate(BROKEN)]).toEqual([width, []]);
      }
    });
  });

  test('folds a long problem of the connection', async () => {
    const message = `The state folder ${'is in trouble '.repeat(20)}`;
    await withPage({ cluster: BALANCED, look: PHONE, forgiven: /503/ }, async (page) => {
      await verdict(page, 'Balanced');
      await page.route('**/api/v1/{status,events}*', (request) =>
        request.fulfill({ status: 503, json: { error: { code: 'unavailable', message } } }),
      );
      await page.reload();
      await page.getByRole('heading', { name: 'No answer' }).waitFor();
      await page.getByRole('alert').getByText('The rebalancer cannot answer. What is shown may').waitFor();
      expect(await page.getByRole('alert').getByText('is in trouble').isVisible()).toBe(false);
    });
  });

  test('warns of a name that matches nothing', async () => {
    await withPage({ set: ['tables.include=["publik.*"]'] }, async (page) => {
      await verdict(page, 'Nothing selected');
      await page.getByText('No table matches tables.include (publik.*)').waitFor();
    });
  });

  test('says what holds a drain', async () => {
    const set = ['datanodes.drain=["0"]', 'pins.tables=["public.cpu"]'];
    await withPage({ set }, async (page) => {
      await verdict(page, 'Blocked by pins');
      await page
        .getByText(/^\d regions left on datanode 0; none of them can leave now\. The configuration pins this/)
        .waitFor();
      await page
        .locator('.obstacles')
        .getByText(/^\d regions are pinned in the configuration\. To let/)
        .waitFor();
    });
  });

  test('tells when the next window opens, and how a gate opens', async () => {
    const set = ['schedule.windows=[{"cron":"0 0 1 1 *","duration":"1s"}]'];
    await withPage({ set }, async (page) => {
      await verdict(page, 'Blocked');
      const gate = page.locator('.obstacles li').first();
      await gate.getByText(/One opens at 1 Jan 00:00 \(in .*\)\. Moves go on by themselves when/).waitFor();
    });
  });

  test('keeps the chosen theme', async () => {
    await withPage({ cluster: BALANCED }, async (page) => {
      await page.getByLabel('Theme').selectOption('Dark');
      await page.reload();
      await verdict(page, 'Balanced');
      expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
    });
  });

  describe('the load of the datanodes', () => {
    const loaded = (objective: 'count' | 'load'): Partial<SimulatedDaemonOptions> => ({
      cluster: { regions: 6, layout: 'balanced', seed: 'load', loads: 'hot-tables' },
      set: [
        ...['execution.dryRun=true', `balance.objective=${objective}`],
        ...['by=disk', 'minimum=0', 'stableFor=3'].map((setting) => `balance.load.${setting}`),
      ],
    });

    test('is drawn for each, the fullest first, with the band and what the plan makes of it', async () => {
      await withPage(loaded('load'), async (page, daemon) => {
        // Loads are relied on after three readings.
        await daemon.until((event) => event.type === 'planned' && event.plan.moves.length > 0);
        await page.reload();
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
          .getByText(/^Datanode \d is \d+ % above the mean of [\d.]+ \w+, datanode \d is \d+ % below it\.$/)
          .waitFor();
        expect(await panel.locator('.off').first().textContent()).toMatch(/^\d+ % above the mean$/);
        for (const line of ['target', 'trigger', 'band'])
          expect(await panel.locator(`.bar-track .${line}`).count()).toBe(4);
        expect(await page.getByRole('button', { name: 'By load', pressed: true }).count()).toBe(1);
        await page.getByText(/^latest: tables \d+$/).waitFor();
        await panel
          .getByRole('list', { name: 'Legend of the load' })
          .getByText(/^even: /)
          .waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
      });
    });

    test('is not there where regions are counted', async () => {
      await withPage(loaded('count'), async (page) => {
        await page.locator('.node-count').first().waitFor();
        expect(await page.getByRole('region', { name: /^Load/ }).count()).toBe(0);
      });
    });
  });
});

/** Runs in the browser. */
const IS_WHOLE = `(() => {
  const { top, left, right, bottom } = document.querySelector('.tip').getBoundingClientRect();
  return top >= 0 && left >= 0 && right <= innerWidth && bottom <= innerHeight;
})()`;

/** Likewise. */
const ONLY_DISK = `(() => {
  const names = [...document.querySelectorAll('.moves .table-name')].map(({ textContent }) => textContent);
  return names.length > 0 && names.every((name) => name === 'disk');
})()`;

/** Likewise: quantities on two lines, and ids that end in an ellipsis. */
const BROKEN = `[
  ...[...document.querySelectorAll('.quantity')].filter((part) => part.getClientRects().length > 1),
  ...[...document.querySelectorAll('dialog .region-id')].filter((id) => id.scrollWidth > id.clientWidth),
  ...(document.querySelector('dialog .quantity') ? [] : [document.body]),
].map((element) => element.textContent)`;

/** Likewise. */
const FADED_TWICE = `(() => {
  const faded = [...document.querySelectorAll('main *')].filter((part) => getComputedStyle(part).filter !== 'none');
  return faded.filter((part) => faded.some((each) => each !== part && each.contains(part))).map((part) => part.outerHTML);
})()`;

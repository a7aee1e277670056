import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { snapshotSchema } from '../../src/domain/snapshot.ts';
import { statusSchema } from '../../src/server/api/answers.ts';
import type { ListeningCluster } from '../../src/app/commands/simulate.ts';
import type { StampedEvent } from '../../src/observability/events.ts';
import {
  getFrom,
  hastyConfig,
  listenCrowded,
  metricsOf,
  nextEvent,
  postTo,
  startTestDaemon,
} from '../support/running-daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';

function isBalanced(event: StampedEvent): boolean {
  return event.type === 'cycle-finished' && event.outcome === 'balanced';
}

/** Whether a request for a migration has left. */
function isUnderWay(event: StampedEvent): boolean {
  return event.type === 'move-state' && ['submitted', 'watching'].includes(event.move.state);
}

function sorted(pairs: Iterable<readonly [string, unknown]>): (readonly [string, unknown])[] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What the daemon tells, over API and metrics, is what is true in the cluster. */
async function expectTruth(url: string, { cluster }: ListeningCluster): Promise<void> {
  const { regions } = await getFrom(url, 'snapshot', snapshotSchema);
  expect(sorted(regions.map(({ id, leader }) => [id, leader] as const))).toEqual(sorted(cluster.leaders()));
  const truth = cluster.regionsPerDatanode();
  const { datanodes } = await getFrom(url, 'status', statusSchema);
  expect(sorted(datanodes.map((node) => [node.id, node.regions] as const))).toEqual(sorted(truth));
  const samples = await metricsOf(url);
  for (const [id, count] of truth) expect(samples.get(`datanode_regions{datanode="${id}"}`)).toBe(count);
}

/** Datanodes lead as many regions as each other, or one more, of each table and in total. */
function expectEven({ cluster }: ListeningCluster, datanodes: readonly string[]): void {
  const names = [...cluster.truth.sortedTables()].map(({ name }) => name);
  for (const name of [undefined, ...names]) {
    const counts = cluster.regionsPerDatanode((table) => name === undefined || table.name === name);
    const numbers = datanodes.map((id) => counts.get(id) ?? 0);
    expect(
      Math.max(...numbers) - Math.min(...numbers),
      `${name ?? 'all tables'}: ${numbers.join(' ')}`,
    ).toBeLessThanOrEqual(1);
  }
}

/** Requests for migrations that the cluster received, by region and target. */
function submissionsOf({ cluster }: ListeningCluster): string[] {
  return cluster.journal.flatMap((event) =>
    event.kind === 'mutating-request'
      ? [`${event.operation} ${event.regionId ?? ''} to ${event.to ?? ''}`]
      : [],
  );
}

function closeAfter({ onTestFinished }: TestContext, opened: { close(): Promise<void> }): void {
  onTestFinished(() => opened.close());
}

// Each waits for its cluster most of the time, so that all of them take hardly longer than one.
it.concurrent.for(['0.6', '0.7', '0.9', '0.12', '0.16', '1.0', '1.3'])(
  'on GreptimeDB %s the daemon balances, gives a new datanode its share, empties a drained one, and survives a stop on the way',
  { timeout: 60_000 },
  async (profile, context) => {
    // The table of events is not selected, so that a drained datanode would keep it.
    const listening = await listenCrowded({ profile, migrationEvents: false });
    closeAfter(context, listening);
    const { cluster } = listening;
    const before = [...cluster.leaders().values()].filter((leader) => leader === '0').length;
    expect(before).toBeGreaterThan(cluster.leaders().size / 2);
    const config = hastyConfig(listening, tempFolder(context));
    const first = await startTestDaemon(config);
    closeAfter(context, first);
    await nextEvent(first.session.events, isBalanced);
    expectEven(listening, ['0', '1', '2']);
    await expectTruth(first.server.url, listening);
    const status = await getFrom(first.server.url, 'status', statusSchema);
    expect(status).toMatchObject({ verdict: { code: 'balanced' } });

    const added = cluster.addDatanode();
    const counted = new Set<string>();
    const endWatch = first.session.events.subscribe((event) => {
      if (event.type === 'move-finished') counted.add(event.move.to);
    });
    // The first cycle that sees the new datanode gives it all of its share.
    await nextEvent(first.session.events, (event) => event.type === 'cycle-finished' && event.moved > 0);
    endWatch();
    expectEven(listening, ['0', '1', '2', added]);
    expect([...counted]).toEqual([added]);

    await nextEvent(first.session.events, isBalanced);
    await expectTruth(first.server.url, listening);
    const watching = nextEvent(first.session.events, isUnderWay);
    const beforeDrain = submissionsOf(listening).length;
    expect((await postTo(first.server.url, 'drain', { datanodes: ['1'] })).status).toBe(200);
    await watching;
    await first.close();

    const second = await startTestDaemon(config);
    closeAfter(context, second);
    await nextEvent(second.session.events, isBalanced);
    expect(cluster.regionsPerDatanode().get('1')).toBe(0);
    expectEven(listening, ['0', '2', added]);
    await expectTruth(second.server.url, listening);
    const sinceDrain = submissionsOf(listening).slice(beforeDrain);
    expect(new Set(sinceDrain).size).toBe(sinceDrain.length);
    expect(cluster.migrationsUnderWay).toEqual([]);
  },
);

import { expect, it } from 'vitest';
import { OperatingError } from '../../../src/domain/errors.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import type { Logger } from '../../../src/observability/logger.ts';
import { createSessionRig } from '../../support/session.ts';

/** A daemon whose cluster cannot be read the first `failures` times. */
async function daemonOn(failures: number, logger: Logger = silentLogger) {
  const { clock, cluster, daemon } = await createSessionRig({
    set: ['execution.dryRun=true'],
    logger,
    openCluster: (_, { onRetry }) => {
      for (let retry = 0; retry < 3; retry += 1)
        onRetry?.(new OperatingError('cluster-unreachable', `reset ${retry}`));
      return Promise.resolve(cluster);
    },
  });
  const read = cluster.readSnapshot.bind(cluster);
  const readAtMs: number[] = [];
  cluster.readSnapshot = () => {
    readAtMs.push(clock.monotonicMs());
    if (readAtMs.length > failures) return read();
    return Promise.reject(new OperatingError('cluster-unreachable', 'Nobody answers'));
  };
  daemon.start();
  await daemon.settled();
  const pass = async (forMs: number): Promise<void> => {
    await clock.advance(forMs);
    await daemon.settled();
  };
  return { pass, readAtMs, daemon };
}

it('reads a cluster that could not be read again soon, at growing distances, until it answers', async () => {
  const { pass, readAtMs } = await daemonOn(4);
  for (let second = 0; second < 300; second += 1) await pass(1_000);
  expect(readAtMs.map((atMs) => atMs - readAtMs[0]!)).toEqual([0, 5_000, 15_000, 35_000, 75_000]);
});

it('never waits longer than two minutes', async () => {
  const { pass, readAtMs } = await daemonOn(Infinity);
  for (let second = 0; second < 900; second += 1) await pass(1_000);
  const waits = readAtMs.slice(1).map((atMs, index) => atMs - readAtMs[index]!);
  expect(waits.slice(0, 7)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
});

it('begins no cycle more once it was told to stop', async () => {
  const { pass, readAtMs, daemon } = await daemonOn(Infinity);
  await daemon.stop();
  await pass(60_000);
  expect(readAtMs).toHaveLength(1);
});

it('tells once in a cycle that reads were tried again', async () => {
  const lines: unknown[] = [];
  const warn = (...line: unknown[]): number => lines.push(line);
  await daemonOn(0, { ...silentLogger, warn });
  expect(lines).toEqual([
    [
      { count: 3, error: expect.objectContaining({ message: 'reset 0' }) as unknown },
      'Reads of the cluster failed and were tried again',
    ],
  ]);
});

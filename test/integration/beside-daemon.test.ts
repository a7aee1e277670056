import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createCommandRig } from '../support/command-rig.ts';
import type { CommandRig } from '../support/command-rig.ts';
import { listenOn } from '../support/listen.ts';
import { postTo } from '../support/running-daemon.ts';
import { selfSigned } from '../support/tls.ts';

const ACT = ['-c', 'rebalancer.yaml', '--no-dry-run'];
/** From another folder, without the daemon's lock: only `server.listen` says that it works. */
const ELSEWHERE = ['--set', 'state.path=elsewhere'];

interface Beside extends CommandRig {
  readonly url: string;
}

/** A daemon at work, with commands of the same configuration beside it. */
async function startBeside(
  context: Parameters<typeof createCommandRig>[0],
  set: readonly string[] = [],
): Promise<Beside> {
  const rig = await createCommandRig(context);
  const daemon = rig.start(['run', ...ACT, ...set.flatMap((each) => ['--set', each])]);
  const url = await daemon.url();
  await daemon.waitFor(/"outcome":"balanced"/);
  return { ...rig, url };
}

const listen = ({ url }: Beside): string[] => ['--set', `server.listen=${new URL(url).host}`];

it('drain asks the daemon that works on the cluster, and follows it to the verdict', async (context) => {
  const beside = await startBeside(context);
  const preview = await beside.run([
    'drain',
    '0',
    '-c',
    'rebalancer.yaml',
    '--dry-run',
    ...ELSEWHERE,
    ...listen(beside),
  ]);
  expect(preview.status).toBe(1);
  expect(preview.out).toMatch(/^Datanode 0 still leads 6 regions:\n/);
  expect(preview.out).toContain('greptime_private.events');
  expect(preview.out).toContain('Dry run: nothing was moved.');

  const drained = await beside.run(['drain', '0', ...ACT]);
  expect(drained).toMatchObject({ status: 0, out: 'Datanode 0 is empty.\n' });
  expect(drained.err).toMatch(/^Asked the daemon at http:\S+ \(process \d+\) to drain/);
  expect(beside.cluster.counts()).toMatchObject({ 0: 0 });
  // It holds: what the daemon does next does not fill the datanode again.
  expect((await beside.run(['once', ...ACT, ...ELSEWHERE, ...listen(beside)])).status).toBe(0);
  expect(beside.cluster.counts()).toMatchObject({ 0: 0 });
  expect(await beside.run(['undrain', '0', '--url', beside.url])).toMatchObject({
    status: 0,
    out: 'Datanode 0 no longer drains.\n',
  });
}, 60_000);

it('during a pause no command beside the daemon submits anything', async (context) => {
  const beside = await startBeside(context);
  await postTo(beside.url, 'pause', { reason: 'new disks', by: 'anna' });
  const before = beside.cluster.submittedRegions();
  for (const place of [[], [...ELSEWHERE, ...listen(beside)]]) {
    const once = await beside.run(['once', ...ACT, ...place]);
    expect(once.status).toBe(1);
    expect(once.err).toContain('is paused by anna');
    expect(once.err).toContain('new disks');
    const drained = await beside.run(['drain', '2', ...ACT, ...place]);
    expect(drained.status).toBe(1);
    expect(drained.out).toMatch(
      /^Datanode 2 still leads \d+ regions:\n {2}region \d+ of .*: It would move to datanode \d\. Paused/,
    );
  }
  expect(beside.cluster.submittedRegions()).toEqual(before);
}, 60_000);

it('apply is refused where a daemon works, by name and address; so is work in the other mode', async (context) => {
  const beside = await startBeside(context);
  await beside.run(['plan', '-c', 'rebalancer.yaml', '--drain', '1', '--out', 'plan.json']);
  for (const place of [[], [...ELSEWHERE, ...listen(beside)]]) {
    const applied = await beside.run(['apply', 'plan.json', ...ACT, ...place]);
    expect(applied.status).toBe(1);
    expect(applied.err).toContain(`the daemon at ${beside.url} (process `);
    const looked = await beside.run(['once', '-c', 'rebalancer.yaml', '--dry-run', ...place]);
    expect(looked.status).toBe(1);
    expect(looked.err).toContain('it would move regions');
  }
}, 60_000);

it('a daemon of another cluster is nobody', async (context) => {
  const beside = await startBeside(context);
  const other = ['--set', 'cluster.name=other'];
  const once = await beside.run(['once', ...ACT, ...ELSEWHERE, ...listen(beside), ...other]);
  expect(once).toMatchObject({ status: 0, out: expect.stringContaining('Nothing to move') });
}, 60_000);

it('a daemon with TLS is asked by the certificate of the configuration; with another certificate it is no free place to work', async (context) => {
  const rig = await createCommandRig(context);
  const own = selfSigned();
  const tls = (name: string, { cert, key }: typeof own): string[] => [
    '--set',
    `server.tls.certFile=${rig.write(`${name}.pem`, cert)}`,
    '--set',
    `server.tls.keyFile=${rig.write(`${name}.key`, key)}`,
  ];
  const daemon = rig.start(['run', ...ACT, ...tls('own', own)]);
  const [, url = ''] = await daemon.waitFor(/"url":"(https:[^"]+)"/);
  await daemon.waitFor(/"outcome":"balanced"/);
  const place = [...ELSEWHERE, '--set', `server.listen=${new URL(url).host}`];

  const drained = await rig.run(['drain', '0', ...ACT, ...tls('own', own), ...place]);
  expect(drained).toMatchObject({ status: 0, out: 'Datanode 0 is empty.\n' });
  expect(drained.err).toContain(`Asked the daemon at ${url} (process `);

  const before = rig.cluster.submittedRegions();
  // What else stands in the file, such as its issuer, is not trusted.
  const other = selfSigned();
  const chain = { ...other, cert: `${other.cert}${own.cert}` };
  const once = await rig.run(['once', ...ACT, ...tls('other', chain), ...place]);
  expect(once.status).toBe(1);
  expect(once.err).toContain(`${url}/api/v1/status has a certificate that is not trusted`);
  expect(rig.cluster.submittedRegions()).toEqual(before);
}, 60_000);

it('what takes connections and does not answer may be a daemon that is stuck', async (context) => {
  const rig = await createCommandRig(context);
  const port = await listenOn(createServer((socket) => socket.destroy()));
  const refused = await rig.run(['once', ...ACT, '--set', `server.listen=127.0.0.1:${port}`]);
  expect(refused.status).toBe(1);
  expect(refused.err).toContain(
    `http://127.0.0.1:${port}/api/v1/status did not answer; is the daemon running there?`,
  );
  expect(rig.cluster.submittedRegions()).toEqual([]);
}, 60_000);

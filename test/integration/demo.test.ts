import { expect, it } from 'vitest';
import { metricsOf } from '../support/running-daemon.ts';
import { CommandProcess } from '../support/command-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

it.concurrent('demo says what to look at, and how long there is time for it', async (context) => {
  const args = ['demo', '--no-exit', '--port', '0'];
  const demo = new CommandProcess(args, { cwd: tempFolder(context) });
  context.onTestFinished(() => demo.kill('SIGKILL'));
  const [, url = ''] = await demo.waitFor(
    /^Page (http:\S+)\/ .*\nOpen the page now: .* about \d+ s\. Look at$/m,
  );
  const [, first] = await demo.waitFor(/^ {2}1\. (\w+): .*\n {2}2\. .*\n {2}3\. /m);
  expect(first).toBe('Datanodes');
  expect((await fetch(`${url}/api/v1/status`)).status).toBe(200);
  demo.kill('SIGINT');
  expect((await demo.ended()).status).toBe(0);
});

it.concurrent.for(['0.6', '1.3'])(
  'demo --exit --profile %s ends with 0 once balanced, shows the proof, and answers while it runs',
  { timeout: 120_000 },
  async (profile, context) => {
    const args = ['demo', '--exit', '--port', '0', '--profile', profile];
    const demo = new CommandProcess(args, { cwd: tempFolder(context) });
    const [, url = ''] = await demo.waitFor(/^Page (http:\S+)\/ /m);
    await demo.waitFor(/^\[1\/\d+\] moved region \d+ of \S+ from \d+ to \d+ in /m);
    const samples = await metricsOf(url);
    expect(samples.get('dry_run')).toBe(0);
    expect(samples.get('migrations_total{outcome="succeeded",reason="table-spread"}')).toBeGreaterThan(0);
    expect((await fetch(`${url}/api/v1/status`)).status).toBe(200);
    const { status, out, err } = await demo.ended();
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const moves = Number(/^(\d+) moves; fewer is impossible\.$/m.exec(out)?.[1]);
    expect(out).toContain(`[${moves}/${moves}] moved region`);
    expect(out.trimEnd().split('\n').at(-1)).toBe(`The cluster is balanced after ${moves} moves.`);
  },
);

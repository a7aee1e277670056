import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../support/command-process.ts';
import { sampleSnapshot } from '../../support/observability.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Writes each package that the process loads to standard error. */
const SPY = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
    if (name !== undefined) process.stderr.write('loads ' + name + '\\n');
    return next(url, context);
  },
});`;

async function packagesOf(args: readonly string[]): Promise<Set<string>> {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SPY)}` };
  const { err } = await runCommandLine(args, { cwd: tempFolder(), env });
  return new Set([...err.matchAll(/^loads (\S+)$/gm)].map(([, name]) => name ?? ''));
}

it('what needs no configuration file starts without the parsers of YAML and cron expressions, and without the daemon', async () => {
  const snapshot = join(tempFolder(), 'snapshot.json');
  writeFileSync(snapshot, JSON.stringify(sampleSnapshot()));
  for (const args of [
    ['--version'],
    ['--help'],
    ['status', '--url', 'http://127.0.0.1:1'],
    ['plan', '--from', snapshot],
  ])
    expect(await packagesOf(args), args.join(' ')).toEqual(new Set(['commander', 'zod']));
});

it('what a configuration needs is loaded with one', async () => {
  const file = join(tempFolder(), 'rebalancer.yaml');
  writeFileSync(file, 'log: { level: debug }');
  expect(await packagesOf(['config', 'print', '-c', file])).toEqual(
    new Set(['commander', 'zod', 'yaml', 'node-cron']),
  );
});

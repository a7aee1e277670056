import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import type { App } from '../app/index.ts';
import { createProcessIo } from './process-io.ts';
import { runCli } from './program.ts';

/** Runs the command line of this process and ends it. */
export async function main(args: readonly string[]): Promise<void> {
  const io = createProcessIo();
  const version = readVersion();
  const status = await runCli(args, {
    io,
    app: lazyApp(version),
    version,
    fetch: globalThis.fetch,
    cwd: process.cwd(),
  });
  // Writes are in order: when an empty one is through, so are all before it.
  await Promise.allSettled([io.out.write(''), io.err.write('')]);
  process.exit(status);
}

/** package.json lies one folder above both src and dist. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** Loads the program behind the command line when a command first needs it: help and health checks start in half the time. */
function lazyApp(version: string): App {
  let loading: Promise<App> | undefined;
  const app = (): Promise<App> =>
    (loading ??= import('../app/index.ts').then(({ createApp }) => createApp({ version })));
  return {
    snapshot: async (...args) => (await app()).snapshot(...args),
    plan: async (...args) => (await app()).plan(...args),
    apply: async (...args) => (await app()).apply(...args),
    once: async (...args) => (await app()).once(...args),
    drain: async (...args) => (await app()).drain(...args),
    explain: async (...args) => (await app()).explain(...args),
    run: async (...args) => (await app()).run(...args),
    simulate: async (...args) => (await app()).simulate(...args),
    demo: async (...args) => (await app()).demo(...args),
  };
}

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import type { AppPort } from './app-port.ts';
import { createProcessIo } from './process-io.ts';
import { runCli } from './program.ts';

/** Runs the command line of this process and ends it. */
export async function main(args: readonly string[]): Promise<void> {
  const io = createProcessIo();
  const status = await runCli(args, {
    io,
    app: createApp(),
    version: readVersion(),
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

function createApp(): AppPort {
  const missing = (): never => {
    throw new Error('not wired');
  };
  return {
    snapshot: missing,
    plan: missing,
    apply: missing,
    once: missing,
    drain: missing,
    explain: missing,
    run: missing,
    simulate: missing,
    demo: missing,
  };
}

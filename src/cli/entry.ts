import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import { createApp } from '../app/index.ts';
import { PROGRAM_FOLDER } from '../lib/program-folder.ts';
import { askDaemon } from './ask-daemon.ts';
import { createProcessIo } from './process-io.ts';
import { runCli } from './program.ts';

/** Runs the command line of this process and ends it. */
export async function main(args: readonly string[]): Promise<void> {
  const io = createProcessIo();
  const version = readVersion();
  const status = await runCli(args, {
    io,
    app: createApp({ version }),
    version,
    ask: askDaemon,
    cwd: process.cwd(),
  });
  // Writes are in order: when an empty one is through, so are all before it.
  await Promise.allSettled([io.out.write(''), io.err.write('')]);
  process.exit(status);
}

function readVersion(): string {
  const text = readFileSync(new URL('package.json', PROGRAM_FOLDER), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text), { jitless: true }).version;
}

#!/usr/bin/env node
/*
 * The entry. Until it knows that it runs on a Node that is new enough, it must use nothing that Node 18 could not parse: the rest
 * of the program is imported only then.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_NODE_MAJOR = 24;
/** Tells the child that the launcher started it; not of the GREPTIME_REBALANCER_ family, which belongs to the configuration. */
const LAUNCHED = 'REBALANCER_LAUNCHED_BY';
const FORWARDED_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

if (Number(process.versions.node.split('.')[0]) >= MIN_NODE_MAJOR) await runHere();
else await runUnderOwnNode();

async function runHere(): Promise<void> {
  dieWithLauncher();
  dropExperimentalWarnings();
  await keepCompiledCode();
  const { main } = await import('./cli/entry.ts');
  await main(process.argv.slice(2));
}

/**
 * Compiled code is kept beside the program, where the build puts it; that makes commands faster. It is never written where anybody else may
 * write, such as the folder for temporary files. Where it can be neither read nor written, all goes on without.
 */
async function keepCompiledCode(): Promise<void> {
  if (import.meta.url.endsWith('.ts')) return;
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('compiled', import.meta.url)));
}

/** A launcher that is killed cannot pass that on. Its end of the channel closes, and no daemon may be left without an owner. */
function dieWithLauncher(): void {
  if (process.env[LAUNCHED] === undefined || !process.channel) return;
  Reflect.deleteProperty(process.env, LAUNCHED);
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref();
}

/** Early releases of Node 24 call node:sqlite experimental on every start. All other warnings are printed as ever. */
function dropExperimentalWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning')
      process.stderr.write(`(node:${process.pid}) ${warning.name}: ${warning.message}\n`);
  });
}

/** The dev dependency "node" brings a new Node along for machines that have an old one. */
async function runUnderOwnNode(): Promise<void> {
  const runtime = findOwnNode(dirname(fileURLToPath(import.meta.url)));
  // A runtime that is itself too old must not start another one, and so on for ever.
  if (runtime === undefined || process.env[LAUNCHED] !== undefined) {
    refuse(
      `greptime-rebalancer needs Node ${MIN_NODE_MAJOR} or newer; this is Node ${process.versions.node}, and no newer one lies in node_modules/node.`,
    );
    return;
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(runtime, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHED]: String(process.pid) },
  });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`Starting ${runtime} failed: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function findOwnNode(start: string): string | undefined {
  let folder = start;
  for (;;) {
    const runtime = join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(runtime)) return runtime;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}

import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Shared by all processes: reading TypeScript anew each time takes longer than most commands. */
const COMPILE_CACHE = join(tmpdir(), 'greptime-rebalancer-compile-cache');
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CommandResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandSetup {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** The command line as a process of its own, with what it writes. */
export class CommandProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<CommandResult>;
  readonly #listeners = new Set<() => void>();
  #out = '';
  #err = '';

  constructor(args: readonly string[], { cwd, env = {}, stdin = '' }: CommandSetup) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      for (const listener of this.#listeners) listener();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
      for (const listener of this.#listeners) listener();
    });
    // A command that does not read its input may end before it was written.
    this.#child.stdin.on('error', () => undefined).end(stdin);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (status, signal) => {
        resolve({ status, signal, out: this.#out, err: this.#err });
        for (const listener of this.#listeners) listener();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Where a daemon answers, once it does. */
  async url(): Promise<string> {
    return (await this.waitFor(/"url":"([^"]+)"/))[1] ?? '';
  }

  ended(): Promise<CommandResult> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the first match in what was written to either stream; rejects when the process ends without. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const match = pattern.exec(this.#out) ?? pattern.exec(this.#err);
        if (match) resolve(match);
        return match !== null;
      };
      if (look()) return;
      const listener = (): void => {
        if (look()) this.#listeners.delete(listener);
        else if (this.#child.exitCode !== null)
          reject(
            new Error(
              `Ended with ${this.#child.exitCode} before ${String(pattern)}:\n${this.#out}\n${this.#err}`,
            ),
          );
      };
      this.#listeners.add(listener);
    });
  }
}

export function runCommandLine(args: readonly string[], setup: CommandSetup): Promise<CommandResult> {
  return new CommandProcess(args, setup).ended();
}

/** What another program wrote until its end, and how it ended. */
export async function finish(
  child: ChildProcess,
): Promise<{ code: unknown; signal: unknown; out: string; err: string }> {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (data) => (texts.out += String(data)));
  child.stderr?.on('data', (data) => (texts.err += String(data)));
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...texts };
}

import type { AskDaemon } from '../../src/cli/ask-daemon.ts';
import type { App } from '../../src/app/index.ts';
import { canvasOf } from '../../src/cli/io.ts';
import type { Output } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { VirtualClock } from '../harness/virtual-clock.ts';

/** An output that keeps what was written. */
export interface RecordedOutput extends Output {
  text(): string;
  resize(columns: number, rows: number): void;
  /** As if nobody read it any more. */
  leave(): void;
}

export function recordOutput(columns?: number, rows = 24): RecordedOutput {
  let written = '';
  const size = { columns, rows };
  const reader = new AbortController();
  const listeners = new Set<() => void>();
  const isTerminal = columns !== undefined;
  return {
    isTerminal,
    get canvas() {
      return canvasOf(isTerminal, size.columns, false);
    },
    get rows() {
      return isTerminal ? size.rows : Infinity;
    },
    readerGone: reader.signal,
    onResize: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resize: (newColumns, newRows) => {
      Object.assign(size, { columns: newColumns, rows: newRows });
      for (const listener of listeners) listener();
    },
    leave: () => reader.abort(),
    write: async (text) => {
      written += text;
    },
    text: () => written,
  };
}

export interface CliRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface CliSetup {
  readonly app?: Partial<App>;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ask?: AskDaemon;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  /** Makes both outputs terminals. */
  readonly columns?: number;
}

/** Runs one command line in this process, with a program behind it of which only the given parts answer. */
export async function runCommand(args: readonly string[], setup: CliSetup = {}): Promise<CliRun> {
  const [out, err] = [recordOutput(setup.columns), recordOutput(setup.columns)];
  const status = await runCli(args, {
    io: {
      out,
      err,
      env: setup.env ?? {},
      clock: new VirtualClock(Date.UTC(2026, 10, 22, 13, 0, 5)),
      stdin: chunksOf(setup.stdin ?? ''),
      signal: setup.signal ?? new AbortController().signal,
      onHangup: () => () => undefined,
      isInteractive: setup.columns !== undefined,
    },
    app: { ...NO_APP, ...setup.app },
    version: '1.2.3',
    ask:
      setup.ask ?? (() => Promise.reject(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }))),
    cwd: setup.cwd ?? '/nowhere',
  });
  return { status, out: out.text(), err: err.text() };
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  // Pieces of seven bytes cut characters in two.
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

const unexpected = (): never => {
  throw new Error('This test did not expect the command to get so far');
};

const NO_APP: App = {
  snapshot: unexpected,
  plan: unexpected,
  apply: unexpected,
  once: unexpected,
  drain: unexpected,
  stateHolder: async () => undefined,
  preflight: unexpected,
  preflightWithTrial: unexpected,
  explain: unexpected,
  run: unexpected,
  simulate: unexpected,
  demo: unexpected,
};

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ClusterSize {
  readonly datanodes: number;
  readonly tables: number;
  /** Of each table. */
  readonly regions: number;
}

export interface DaemonProcess {
  readonly url: string;
  close(): void;
}

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

/** A simulated cluster and a daemon on it, each in a process of its own, so that none takes the other's time. */
export async function startProcesses(
  { datanodes, tables, regions }: ClusterSize,
  settings: readonly string[],
): Promise<DaemonProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
  const size = ['--datanodes', datanodes, '--tables', tables, '--regions', regions].map(String);
  const simulator = start(['simulate', ...size, '--migration-time', '300ms']);
  const file = join(folder, 'config.yaml');
  let text = '';
  await simulator.until((line) => {
    text += `${line}\n`;
    return line.startsWith('execution:') ? line : undefined;
  });
  writeFileSync(file, text);
  const common = [
    'server.listen=127.0.0.1:0',
    `state.path=${folder}/state`,
    'cluster.requestTimeout=2m',
    'execution.maxSnapshotAge=30m',
    'planning.timeBudget=60s',
  ];
  const daemon = start(['run', '-c', file, ...[...common, ...settings].flatMap((each) => ['--set', each])]);
  const url = await daemon.until((line) => /"url":"([^"]+)"/.exec(line)?.[1]);
  return {
    url,
    close() {
      daemon.kill();
      simulator.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Our program in a process of its own. */
export function start(args: readonly string[]): {
  pid: number | undefined;
  until: (find: (line: string) => string | undefined) => Promise<string>;
  kill: () => void;
} {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    pid: child.pid,
    until: (find) =>
      new Promise((resolve, reject) => {
        const look = (line: string): void => {
          const found = find(line);
          if (found === undefined) return;
          lines.off('line', look);
          resolve(found);
        };
        lines.on('line', look);
        child.once('exit', (code) =>
          reject(new Error(`${args[0] ?? ''} ended with status ${code ?? 'none'}`)),
        );
      }),
    kill: () => child.kill('SIGKILL'),
  };
}

/** Asks again and again until the answer is as wanted. */
export async function waitFor(url: string, isReady: (answer: unknown) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const answer = await fetch(url);
    if (answer.ok && isReady(await answer.json())) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} was not ready in two minutes`);
}

/** Whether a status tells of a plan. */
export function hasPlan(status: unknown): boolean {
  return typeof status === 'object' && status !== null && 'plan' in status && status.plan !== null;
}

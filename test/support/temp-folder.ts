import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { TestContext } from 'vitest';

/** In memory where the system has such a place: these tests sync thousands of times, and none of them cuts the power. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Gives a test as many empty folders as it asks for, and removes them after it. */
export function useTempFolders(): () => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(ROOT, 'rebalancer-test-'));
    folders.push(folder);
    return folder;
  };
}

/** An empty folder for one test among several that run at the same time. */
export function tempFolderFor({ onTestFinished }: TestContext): string {
  const folder = mkdtempSync(join(ROOT, 'rebalancer-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

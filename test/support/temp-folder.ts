import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vitest from 'vitest';
import type { TestContext } from 'vitest';

/** In memory where the system has such a place: these tests sync thousands of times, and none of them cuts the power. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** An empty folder until the test ends. Among several tests that run at the same time the context says which. */
export function tempFolder({ onTestFinished }: Pick<TestContext, 'onTestFinished'> = vitest): string {
  const folder = mkdtempSync(join(ROOT, 'rebalancer-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

/** Programs that npm does not bring, by the names that scripts/install-test-tools.sh knows, with the commands that will do. */
const COMMANDS = {
  etcd: ['etcd'],
  prometheus: ['prometheus', 'promtool'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  zsh: ['zsh'],
} as const;
export type Tool = keyof typeof COMMANDS;

const SCRIPT = 'scripts/install-test-tools.sh';
const INSTALL_LIMIT_MS = 300_000;

/**
 * A suite that needs such a program. Where it is missing and may be installed (by root, from Debian's packages) it is installed first.
 * Where it may not, the suite says so and is not run; with `CI` set it fails instead, so that a build cannot pass without it.
 */
export function describeWith(tool: Tool, name: string, suite: (commands: readonly string[]) => void): void {
  const problem = ensure(tool);
  if (problem === undefined) {
    describe(name, () => suite(findAll(tool)));
    return;
  }
  const title = `${name} (not run: ${problem})`;
  if (isSet(process.env['CI'])) {
    test(title, () => expect(problem).toBe('installed'));
    return;
  }
  describe.skipIf(true)(title, () => {
    test(`needs ${tool}`, () => undefined);
  });
}

function ensure(tool: Tool): string | undefined {
  if (isThere(tool)) return undefined;
  const byHand = `"${SCRIPT} ${tool}" installs it`;
  if (process.getuid?.() !== 0 || find('apt-get') === undefined) return `${tool} is missing; ${byHand}`;
  const { status, stderr } = spawnSync('bash', [SCRIPT, tool], {
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
  });
  if (status === 0 && isThere(tool)) return undefined;
  return `${tool} is missing, and ${SCRIPT} could not install it: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

/** Chromium goes by several names, and one is enough; Prometheus comes with a second program. */
function isThere(tool: Tool): boolean {
  const found = findAll(tool);
  return tool === 'chromium' ? found.length > 0 : found.length === COMMANDS[tool].length;
}

function findAll(tool: Tool): string[] {
  return COMMANDS[tool].map(find).filter((path) => path !== undefined);
}

function find(command: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'command -v "$0"', command], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0';
}

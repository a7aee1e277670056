import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config/load.ts';
import { runCommand } from '../support/cli.ts';
import { readJson, readText } from '../support/repository.ts';

const readme = readText('README.md');
const blocks = [...readme.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, language, text]) => ({
  language,
  text: text ?? '',
}));
const PROGRAM = 'greptime-rebalancer ';

let help = '';
beforeAll(async () => {
  help = (await runCommand(['--help'])).out;
});

/** Every call of the program that the README shows, in blocks and in running text. */
function commandLines(): string[] {
  const inBlocks = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.split('\n'));
  const inText = [...readme.matchAll(/`(greptime-rebalancer [^`]+)`/g)].map(([, line]) => line ?? '');
  return [...inBlocks, ...inText].map((line) => line.trim()).filter((line) => line.startsWith(PROGRAM));
}

describe('README', () => {
  test('has a configuration that loads, with dry run on', () => {
    const text = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
    const config = readConfig({ file: { name: 'README', folder: '/', text }, env: {}, cwd: '/' });
    expect(config.execution.dryRun).toBe(true);
    expect(config.cluster.sql.endpoints).toEqual(['http://greptimedb-frontend:4000']);
  });

  test('shows only commands and options that there are', async () => {
    const lines = commandLines();
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const words = line.split(/\s+/).slice(1);
      const name = words[0] === 'config' ? words.slice(0, 2) : words.slice(0, 1);
      const { status, out } = await runCommand([...name, '--help']);
      expect(status, line).toBe(0);
      const flags = words.filter((word) => /^--?[a-z]/.test(word));
      expect(
        flags.filter((flag) => !new RegExp(`(^|[\\s,])${flag}\\b`, 'm').test(out)),
        line,
      ).toEqual([]);
    }
  });

  test('lists every command', () => {
    const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '');
    expect(commands).toContain('plan');
    const table = readme.slice(readme.indexOf('## Commands'), readme.indexOf('What if?'));
    expect(commands.filter((name) => name !== 'help' && !new RegExp(`\\b${name}\\b`).test(table))).toEqual(
      [],
    );
  });

  test('has one-liners that are scripts', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(readJson('package.json'));
    for (const name of ['demo', 'test']) expect(scripts).toHaveProperty([name]);
    expect(readme).toContain('npm ci && npm run demo');
    expect(readme).toContain('npm ci && npm test');
  });
});

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { variableOf } from '../../src/config/overrides.ts';
import { formatListenAddress } from '../../src/lib/listen-address.ts';
import { configFrom } from '../support/config.ts';
import { filesBelow, readJson, readText } from '../support/repository.ts';

const manifest = z
  .object({ engines: z.object({ node: z.string() }), bin: z.record(z.string(), z.string()) })
  .parse(readJson('package.json'));
const BIN = Object.values(manifest.bin)[0] ?? '';

/** The instructions of the Dockerfile, continued lines joined. */
const INSTRUCTIONS = readText('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({ name: line.slice(0, line.indexOf(' ')), value: line.slice(line.indexOf(' ') + 1) }));

function valuesOf(name: string): string[] {
  return INSTRUCTIONS.filter((instruction) => instruction.name === name).map(({ value }) => value);
}

/** The files that the Dockerfile copies from the repository. */
const COPIED = valuesOf('COPY')
  .filter((value) => !value.startsWith('--from'))
  .flatMap((value) => value.split(' ').slice(0, -1));

describe('the Dockerfile', () => {
  test('builds on the Node that package.json wants, and that npm ci installs', () => {
    const version = /^node:(\d+)\.\d+\.\d+-/.exec(valuesOf('FROM')[0] ?? '');
    expect(`>=${version?.[1]}`).toBe(manifest.engines.node);
    expect(valuesOf('FROM')[0]).toContain(process.version.slice(1));
  });

  test('takes its images from Docker Hub only, by the same Debian release', () => {
    const images = valuesOf('FROM').map((value) => value.split(' ')[0] ?? '');
    for (const image of images) expect(image).toMatch(/^[a-z]+:[\d.-]*bookworm-slim$/);
  });

  test.each(COPIED)('copies %s, which exists and is not ignored', (path) => {
    expect(existsSync(path)).toBe(true);
    const rules = readText('.dockerignore').split('\n');
    const parents = path.split('/').map((_, index, parts) => `!${join(...parts.slice(0, index + 1))}`);
    expect(rules.some((rule) => parents.includes(rule))).toBe(true);
  });

  test('copies what the build reads', () => {
    expect(COPIED).toEqual(expect.arrayContaining(['src', 'tsconfig.json', '.npmrc']));
    expect(statSync('src').isDirectory()).toBe(true);
  });

  test('starts the built entry without a shell', () => {
    expect(valuesOf('ENTRYPOINT')).toEqual([`["node", "/app/${BIN}"]`]);
    expect(valuesOf('CMD')).toEqual(['["run"]']);
  });

  test('checks its health with a command of its own', () => {
    expect(valuesOf('HEALTHCHECK')[0]).toMatch(new RegExp(`CMD \\["node", "/app/${BIN}", "healthcheck"\\]$`));
    const commands = filesBelow('src/cli', '.ts').map(readText).join('');
    expect(commands).toContain(".command('healthcheck')");
  });

  test('exposes the default port', () => {
    const { port } = configFrom('').server.listen;
    expect(valuesOf('EXPOSE')).toEqual([String(port)]);
    expect(readText('Dockerfile')).toContain(formatListenAddress({ host: '0.0.0.0', port }));
  });

  test('runs as a numeric user, and writes to one volume, which is the state folder', () => {
    expect(valuesOf('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const folder = valuesOf('WORKDIR').at(-1) ?? '';
    const { path } = configFrom('', { file: undefined, cwd: folder }).state;
    expect(valuesOf('VOLUME')).toEqual([path]);
    for (const file of ['Dockerfile', 'docs/installation.md'])
      expect(readText(file)).toContain(`-e ${variableOf('state.path')}=${path}`);
  });

  test('is followed step by step before every change lands, in a plain folder', () => {
    expect(readText('.ci/run')).toContain('\nscripts/container-check.sh\n');
    const check = readText('scripts/container-check.sh');
    for (const command of ['npm ci --ignore-scripts', 'scripts/build.mjs', 'rm -rf node_modules'])
      expect(check).toContain(command);
  });

  test('installs exactly what is locked, and takes along nothing but what was built', () => {
    const runs = valuesOf('RUN').join('\n');
    expect(runs).toContain('npm ci --ignore-scripts');
    expect(valuesOf('COPY').filter((value) => value.startsWith('--from=build '))).toEqual([
      '--from=build /usr/local/bin/node /usr/local/bin/node',
      '--from=build /app/dist /app/dist',
    ]);
    expect(runs).not.toMatch(/curl|wget|npm install/);
  });
});

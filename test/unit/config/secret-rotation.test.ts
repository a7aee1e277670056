import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SecretChange } from '../../../src/config/secret-file.ts';
import { readSecrets } from '../../../src/config/secrets.ts';
import { configFrom } from '../../support/config.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { selfSigned } from '../../support/tls.ts';

async function tokenIn(path: string) {
  const changes: SecretChange[] = [];
  const config = configFrom(`server: { tokenFile: ${path} }`);
  const { serverToken, files } = await readSecrets(config, (change) => changes.push(change));
  return { token: () => serverToken?.reveal(), changes, files };
}

describe('a secret that is renewed while the program runs', () => {
  const RENEWED = { key: 'server.tokenFile' };

  test.each<[string, (path: string) => void]>([
    ['written in place', (path) => writeFileSync(path, 'new1')],
    [
      'replaced by another of the same size and time',
      (path) => {
        writeFileSync(`${path}.new`, 'new1');
        utimesSync(path, 1_000, 1_000);
        utimesSync(`${path}.new`, 1_000, 1_000);
        renameSync(`${path}.new`, path);
      },
    ],
  ])('is used from the next use on: %s', async (_, renew) => {
    const path = join(tempFolder(), 'token');
    writeFileSync(path, 'old1');
    const { token, changes } = await tokenIn(path);
    expect(token()).toBe('old1');
    renew(path);
    expect([token(), token()]).toEqual(['new1', 'new1']);
    expect(changes).toEqual([RENEWED]);
  });

  test('is used where Kubernetes swaps the folder that a link leads to', async () => {
    const [folder, before, after] = [tempFolder(), tempFolder(), tempFolder()];
    writeFileSync(join(before, 'token'), 'old1');
    writeFileSync(join(after, 'token'), 'new1');
    symlinkSync(before, join(folder, '..data'));
    symlinkSync('..data/token', join(folder, 'token'));
    const { token } = await tokenIn(join(folder, 'token'));
    expect(token()).toBe('old1');
    symlinkSync(after, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    expect(token()).toBe('new1');
  });

  test.each<[string, (path: string) => void, string]>([
    ['missing', (path) => rmSync(path), 'does not exist'],
    ['empty', (path) => writeFileSync(path, ''), 'is empty'],
    ['no text', (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x61])), 'is not UTF-8 text'],
    ['too large', (path) => writeFileSync(path, 'x'.repeat(70_000)), 'is larger than 64 KiB'],
    ['no token', (path) => writeFileSync(path, 'two words'), 'does not hold a token'],
  ])('stays the old one while its file is %s, which is told of once', async (_, spoil, why) => {
    const path = join(tempFolder(), 'token');
    writeFileSync(path, 'old1');
    const { token, changes, files } = await tokenIn(path);
    spoil(path);
    expect([token(), token(), files.isAnyRefused()]).toEqual(['old1', 'old1', true]);
    expect(changes).toEqual([{ ...RENEWED, fault: expect.stringContaining(`${path} ${why}`) as string }]);
    writeFileSync(path, 'new1');
    expect([files.isAnyRefused(), token()]).toEqual([false, 'new1']);
    expect(changes).toHaveLength(2);
  });

  test('stays as it is where it came through a pipe, which can be read only once', async () => {
    const path = join(tempFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const [{ token, changes, files }] = await Promise.all([tokenIn(path), writeFile(path, 'old1')]);
    files.readAgain();
    expect([token(), files.isAnyRefused(), changes]).toEqual(['old1', false, []]);
  });

  test('is read again when that is asked for, changed or not', async () => {
    const path = join(tempFolder(), 'token');
    writeFileSync(path, 'old1');
    const { changes, files } = await tokenIn(path);
    files.readAgain();
    expect(changes).toEqual([]);
    writeFileSync(path, '');
    files.readAgain();
    expect(changes).toMatchObject([{ fault: `the file ${path} is empty` }]);
  });
});

describe('certificate and key', () => {
  async function pairIn(folder: string) {
    const pair = selfSigned();
    const paths = { cert: join(folder, 'cert'), key: join(folder, 'key') };
    writeFileSync(paths.cert, pair.cert);
    writeFileSync(paths.key, pair.key);
    const changes: SecretChange[] = [];
    const tls = `{ caFile: ${paths.cert}, certFile: ${paths.cert}, keyFile: ${paths.key} }`;
    const secrets = await readSecrets(configFrom(`cluster: { sql: { tls: ${tls} } }`), (change) =>
      changes.push(change),
    );
    const shown = () => [secrets.sql.tls.cert, secrets.sql.tls.key?.reveal()];
    return { pair, paths, changes, shown, secrets };
  }

  test('come into use together, once both are written', async () => {
    const { pair, paths, changes, shown, secrets } = await pairIn(tempFolder());
    const next = selfSigned();
    writeFileSync(paths.cert, next.cert);
    expect(shown()).toEqual([pair.cert, pair.key]);
    expect(secrets.files.isAnyRefused()).toBe(true);
    expect(changes.at(-1)).toMatchObject({ key: 'cluster.sql.tls', fault: expect.any(String) as string });
    writeFileSync(paths.key, next.key);
    expect(shown()).toEqual([next.cert, next.key]);
    expect(secrets.files.isAnyRefused()).toBe(false);
  });

  test.each([
    ['cut off', (cert: string) => cert.slice(0, 200), 'is cut off'],
    ['no certificate', () => 'hello', 'is not PEM'],
    ['not in base64', (cert: string) => cert.replace(/M/, '!!'), 'cannot be read'],
  ])('stay the old ones while the certificate is %s', async (_, spoil, why) => {
    const { pair, paths, changes, shown } = await pairIn(tempFolder());
    writeFileSync(paths.cert, spoil(pair.cert));
    expect(shown()).toEqual([pair.cert, pair.key]);
    expect(changes.map(({ fault }) => fault).join()).toContain(why);
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config-file.ts';
import { readSecrets } from '../../../src/config/secrets.ts';
import type { Secret } from '../../../src/lib/secret.ts';
import { configFrom } from '../../support/config.ts';
import { tempFolder } from '../../support/temp-folder.ts';

let folder = '';
beforeEach(() => {
  folder = tempFolder();
});

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

describe('a secret file', () => {
  const read = async (path: string): Promise<Secret | undefined> =>
    (await readSecrets(configFrom(`notifications: { tokenFile: ${path} }`))).webhookToken;

  test.each([
    ['geheim', 'geheim'],
    ['geheim\n', 'geheim'],
    ['geheim\r\n', 'geheim'],
    ['\uFEFFgeheim\n', 'geheim'],
    [' with spaces ', ' with spaces '],
    ['пароль', 'пароль'],
  ])('%j holds %j', async (content, expected) => {
    const secret = await read(write('token', content));
    expect(secret?.reveal()).toBe(expected);
  });

  test.each([
    ['', 'is empty'],
    ['\uFEFF\n', 'is empty'],
    [Buffer.from('pa\xdfwort', 'latin1'), 'is not UTF-8 text'],
    ['\n', 'is empty'],
    ['geheim\n\n', 'holds more than one line of text'],
    ['one\ntwo', 'holds more than one line of text'],
    ['x'.repeat(65_537), 'is larger than 64 KiB'],
  ])('%# is refused', async (content, fault) => {
    const path = write('token', content);
    await expect(read(path)).rejects.toMatchObject({
      name: 'UsageError',
      message: `notifications.tokenFile: the file ${path} ${fault}`,
    });
  });

  test('of any size is read no further than its limit', async () => {
    await expect(read('/dev/zero')).rejects.toThrow('is larger than 64 KiB');
  });

  test('that is missing or a folder is refused', async () => {
    await expect(read(join(folder, 'none'))).rejects.toThrow('none does not exist');
    await expect(read(folder)).rejects.toThrow(`${folder} is a folder`);
    await expect(read(join(write('f', 'x'), 'g'))).rejects.toThrow('a part of its path is no folder');
  });
});

describe('the secrets of a configuration', () => {
  test('are read from the files that it names', async () => {
    const tls = `{ caFile: ${write('ca', PEM)}, certFile: ${write('cert', PEM)}, keyFile: ${write('key', PEM)} }`;
    const login = `username: me, passwordFile: ${write('password', 'geheim\n')}`;
    const config = configFrom(
      `cluster: { sql: { ${login}, tls: ${tls} } }\nserver: { tokenFile: ${write('token', 'T')} }`,
    );
    const secrets = await readSecrets(config);
    expect(secrets.sql.login?.username).toBe('me');
    expect(secrets.sql.login?.password.reveal()).toBe('geheim');
    expect(secrets.serverToken?.reveal()).toBe('T');
    expect(secrets.sql.tls).toMatchObject({ ca: PEM, cert: PEM, insecureSkipVerify: false });
    expect(secrets.sql.tls.key?.reveal()).toBe(PEM);
    expect(secrets.metasrv.tls.insecureSkipVerify).toBe(false);
    expect(JSON.stringify(secrets)).not.toContain('geheim');
  });

  test('are none by default', async () => {
    const none = { tls: { insecureSkipVerify: false } };
    const { sql, metasrv, etcd, serverToken, webhookUrl } = await readSecrets(configFrom(''));
    expect({ sql, metasrv, etcd }).toMatchObject({ sql: none, metasrv: none, etcd: none });
    expect([sql.login, sql.tls.ca, sql.tls.cert, sql.tls.key, serverToken, webhookUrl]).toEqual(Array(6));
  });

  test('name all files that cannot be used, never their content', async () => {
    const tls = `{ caFile: ${write('ca', 'geheim')}, insecureSkipVerify: true }`;
    const config = configFrom(
      `cluster: { sql: { username: me, passwordFile: ${folder}/none, tls: ${tls} } }\nserver: { tokenFile: ${write('token', '')} }`,
    );
    await expect(readSecrets(config)).rejects.toMatchObject({
      code: 'secrets',
      message: [
        `cluster.sql.passwordFile: the file ${folder}/none does not exist`,
        `cluster.sql.tls.caFile: the file ${folder}/ca is not PEM (no "-----BEGIN " line)`,
        `server.tokenFile: the file ${folder}/token is empty`,
      ].join('\n'),
    });
  });
});

test.each([
  ['nothing like a URL', 'secret', 'holds no URL'],
  ['a URL of something else', 'ftp://host/secret', 'holds no URL'],
  ['a password, with which no request can be made', 'https://user:secret@host/', 'user name or password'],
  ['a user name', 'https://secret@host/', 'user name or password'],
])('a file of the receiver of notifications with %s is refused, and not shown', async (_, url, why) => {
  const reading = readSecrets(configFrom(`notifications: { urlFile: ${write('hook', url)} }`));
  await expect(reading).rejects.toThrow(why);
  await expect(reading).rejects.not.toThrow(/secret(?! )/);
});

describe('loading a file', () => {
  const load = (file?: string) => loadConfig({ file, env: {}, cwd: folder });

  test('takes file names from its own folder', async () => {
    mkdirSync(join(folder, 'etc'));
    write('etc/r.yaml', 'server: { tokenFile: secrets/token }');
    const { server, state } = await load('etc/r.yaml');
    expect(server.tokenFile).toBe(join(folder, 'etc/secrets/token'));
    expect(state.path).toBe(join(folder, 'etc/data'));
  });

  test('is not needed', async () => {
    const { execution, state } = await load();
    expect(execution.dryRun).toBe(true);
    expect(state.path).toBe(join(folder, 'data'));
  });

  test('shows its name as it was given', async () => {
    write('r.yaml', 'log: {level: x}');
    await expect(load('./r.yaml')).rejects.toThrow('./r.yaml:1:14: log.level: found "x"');
  });

  test.each([
    ['none.yaml', 'none.yaml does not exist'],
    ['.', '. is a folder'],
    ['/dev/zero', '/dev/zero is larger than 1 MiB'],
  ])('refuses %s', async (file, message) => {
    await expect(load(file)).rejects.toMatchObject({
      name: 'UsageError',
      message: `The configuration file ${message}`,
    });
  });

  test('refuses what is not text', async () => {
    write('r.yaml', Buffer.from([0x61, 0xff, 0xfe]));
    await expect(load('r.yaml')).rejects.toThrow('is not UTF-8 text');
  });
});

describe('the token of the server', () => {
  const read = async (content: string) =>
    readSecrets(configFrom(`server: { tokenFile: ${write('token', content)} }`));

  test('is one word', async () => {
    expect((await read('gehe!m+/=~\n')).serverToken?.reveal()).toBe('gehe!m+/=~');
    expect((await read('\uFEFFgeheim')).serverToken?.reveal()).toBe('geheim');
  });

  test.each(['geheim ', ' geheim', 'ge heim', 'пароль'])(
    '%j, which no request could show, is refused',
    async (content) => {
      await expect(read(content)).rejects.toThrow(
        `server.tokenFile: the file ${folder}/token does not hold a token (one word of printable ASCII)`,
      );
    },
  );
});

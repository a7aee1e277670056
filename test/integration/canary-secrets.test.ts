import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../support/command-process.ts';
import { startDaemonProcess } from '../support/running-daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { selfSigned } from '../support/tls.ts';
import { ServedSimulator } from '../support/served-simulator.ts';

const PASSWORD = 'canary-password-8c1f';
const TOKEN = 'canary-token-4b7e';
const ETCD_PASSWORD = 'canary-etcd-91d2';
const HOOK = 'http://127.0.0.1:9/canary-hook-77aa';
const PATHS = [
  ...['/', '/metrics', '/healthz', '/readyz', '/api/v1/status', '/api/v1/snapshot', '/api/v1/plan'],
  ...['/api/v1/history', '/api/v1/audit', '/api/v1/openapi.json', '/api/v1/quarantine', '/nowhere'],
];

/** Whatever shows one of the secrets, in the forms in which they travel. */
function leaksIn(text: string, key: string): string[] {
  const basic = Buffer.from(`rebalancer:${PASSWORD}`).toString('base64');
  const secrets = [PASSWORD, TOKEN, ETCD_PASSWORD, 'canary-hook', basic, key.split('\n')[2] ?? 'canary'];
  const forms = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ]);
  return forms.filter((form) => text.includes(form));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test.each([
  ['that acts', {}, /"outcome":"(?:moved|balanced)"/],
  [
    'that stands by because etcd does not answer',
    {
      ha: {
        provider: 'etcd',
        etcd: { endpoints: ['http://127.0.0.1:9'], username: 'u', passwordFile: 'etcd' },
      },
    },
    /The leader lock does not answer/,
  ],
])(
  'a daemon %s shows no secret in logs, API, process list and state folder',
  { timeout: 120_000 },
  async (_, extra, seen) => {
    const tables = [{ id: 1024, name: 'cpu', leaders: [0, 0, 0, 0] }];
    const cluster = await ServedSimulator.start({ profile: '1.3', tables }, { onTestFinished });
    const folder = tempFolder();
    const { cert, key } = selfSigned();
    for (const [name, text] of Object.entries({
      password: PASSWORD,
      token: TOKEN,
      etcd: ETCD_PASSWORD,
      hook: HOOK,
      key,
      cert,
    }))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    const config = {
      cluster: {
        sql: {
          endpoints: cluster.urls,
          username: 'rebalancer',
          passwordFile: 'password',
          tls: { certFile: 'cert', keyFile: 'key' },
        },
      },
      schedule: { cron: '* * * * * *' },
      execution: { dryRun: false, pollInterval: '50ms' },
      notifications: { urlFile: 'hook' },
      state: { path: join(folder, 'state') },
      server: { listen: '127.0.0.1:0', tokenFile: 'token' },
      log: { level: 'debug' },
      ...extra,
    };
    const daemon = startDaemonProcess(config, folder);
    const url = await daemon.url();
    await daemon.waitFor(seen);
    let shown = '';
    for (const path of PATHS) {
      const answer = await fetch(`${url}${path}`);
      shown += JSON.stringify([...answer.headers]) + (await answer.text());
    }
    for (const token of [TOKEN, 'wrong']) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      shown += await (await fetch(`${url}/api/v1/pause`, { method: 'POST', headers, body: '{}' })).text();
    }
    const { pid } = daemon;
    shown += readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
    daemon.kill('SIGTERM');
    await daemon.ended();
    const printed = await runCommandLine(['config', 'print', '-c', 'rebalancer.yaml'], { cwd: folder });
    expect(printed.out).toContain(join(folder, 'password'));
    const everything = { shown, log: daemon.out, errors: daemon.err, printed: printed.out + printed.err };
    for (const [where, text] of Object.entries(everything)) expect(leaksIn(text, key), where).toEqual([]);
    for (const path of filesIn(join(folder, 'state')))
      expect(leaksIn(readFileSync(path, 'latin1'), key), path).toEqual([]);
    expect(cluster.seen.some(({ authorization }) => authorization !== undefined)).toBe(true);
  },
);

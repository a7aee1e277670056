import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../support/listen.ts';

export interface EtcdServer {
  readonly endpoint: string;
  /** `stop` answers when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface EtcdSetup {
  readonly command: string;
  /** For its data, and for its certificate. */
  readonly folder: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

const START_TRIES = 5;

/** A real etcd of one member, on free ports of the loopback. */
export async function startEtcd(setup: EtcdSetup): Promise<EtcdServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryToStart({ ...setup, folder: join(setup.folder, `try-${tries}`) });
    } catch (error) {
      // Somebody else took the port between when it was found free and when etcd listened.
      const isPortTaken = String(error).includes('address already in use');
      if (!isPortTaken || tries === START_TRIES) throw error;
    }
  }
}

async function tryToStart({ command, folder, tls }: EtcdSetup): Promise<EtcdServer> {
  mkdirSync(folder);
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const child = spawn(
    command,
    [
      ...['--name', 'm0', '--data-dir', join(folder, 'etcd'), '--log-level', 'error', '--logger', 'zap'],
      ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `m0=${peer}`],
      ...(tls ? tlsFlags(folder, tls) : []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'exit');
  await untilConnected(clientPort, () => {
    if (child.exitCode !== null) throw new Error(`etcd ended: ${errors}`);
  });
  return {
    endpoint,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

function tlsFlags(folder: string, { key, cert }: { key: string; cert: string }): string[] {
  const [keyFile, certFile] = [join(folder, 'etcd-key.pem'), join(folder, 'etcd-cert.pem')];
  writeFileSync(keyFile, key);
  writeFileSync(certFile, cert);
  return ['--cert-file', certFile, '--key-file', keyFile];
}

const CONNECT_TRIES = 300;

async function untilConnected(port: number, check: () => void): Promise<void> {
  for (let tries = 0; tries < CONNECT_TRIES; tries += 1) {
    check();
    const socket = createConnection(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`etcd does not listen on port ${port}`);
}

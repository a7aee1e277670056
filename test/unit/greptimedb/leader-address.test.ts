import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../../src/greptimedb/endpoint.ts';
import { leaderRefusal } from '../../../src/greptimedb/metasrv/leader-address.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { metasrvOptions, NEVER, openScripted } from '../../support/greptimedb.ts';
import type { Script } from '../../support/greptimedb.ts';

function refusal(endpoint: string, leader: string, allowedHosts: readonly string[] = []): string | undefined {
  const from = parseEndpoint(endpoint);
  return leaderRefusal(parseEndpoint(leader), from, { endpoints: [from], allowedHosts })?.message;
}

describe('where the leader of metasrv may be', () => {
  it.each([
    // The same host.
    ['http://db.example.com:3002', 'http://db.example.com:4000'],
    ['http://db.example.com:3002', 'http://DB.example.com.:4000'],
    ['http://192.0.2.7:3002', 'http://192.0.2.7:3003'],
    ['http://[2001:db8::1]:3002', 'http://[2001:db8::1]:4000'],
    // The same private network.
    ['http://metasrv:3002', 'http://metasrv-1:3002'],
    ['http://metasrv:3002', 'http://10.244.0.157:3002'],
    ['http://meta.greptime.svc:3002', 'http://10.244.0.157:3002'],
    ['http://meta.greptime.svc.cluster.local:3002', 'http://meta-0.meta.greptime.svc.cluster.local:3002'],
    ['http://10.0.0.1:3002', 'http://192.168.7.9:3002'],
    ['http://172.16.0.1:3002', 'http://100.127.255.255:3002'],
    ['http://[fd00::1]:3002', 'http://[fc12:3::4]:3002'],
    // The same domain.
    ['http://meta-0.db.example.com:3002', 'http://meta-1.db.example.com:3002'],
    ['http://meta.db.example.com:3002', 'http://meta-1.meta.db.example.com:3002'],
    ['http://meta.greptime:3002', 'http://meta-0.meta.greptime:3002'],
    // A stronger scheme.
    ['http://meta-0.db.example.com:3002', 'https://meta-1.db.example.com:3002'],
  ])('%s may name %s', (endpoint, leader) => {
    expect(refusal(endpoint, leader)).toBeUndefined();
  });

  it.each([
    ['http://meta.example.com:3002', 'http://evil.com:3002'],
    ['http://example.com:3002', 'http://evil.com:3002'],
    ['http://meta.example.com:3002', 'http://example.com.evil.com:3002'],
    ['http://meta.example.com:3002', 'http://evilexample.com:3002'],
    ['http://meta.example.com:3002', 'http://10.0.0.1:3002'],
    ['http://10.0.0.1:3002', 'http://8.8.8.8:3002'],
    ['http://10.0.0.1:3002', 'http://meta.example.com:3002'],
    ['http://10.0.0.1:3002', 'http://172.32.0.1:3002'],
    ['http://10.0.0.1:3002', 'http://100.128.0.1:3002'],
    ['http://192.0.2.7:3002', 'http://192.0.2.8:3002'],
    // What clouds tell machines about themselves, rights included.
    ['http://10.0.0.1:3002', 'http://169.254.169.254:80'],
    ['http://10.0.0.1:3002', 'http://[::ffff:a9fe:a9fe]:80'],
    ['http://[fd00::1]:3002', 'http://[fe80::1]:3002'],
    ['http://metasrv:3002', 'http://evil.com:3002'],
  ])('%s may not name %s', (endpoint, leader) => {
    const message = refusal(endpoint, leader);
    expect(message).toContain(leader.replace(/:80$/, ''));
    expect(message).toContain('cluster.metasrv.allowedHosts');
  });

  it('is said by the list where there is one, besides the endpoints', () => {
    const allowed = ['Meta-1.other.net', 'fd00::7', '8.8.8.8'];
    expect(refusal('http://meta-0:3002', 'http://meta-1.other.net:1', allowed)).toBeUndefined();
    expect(refusal('http://meta-0:3002', 'http://[fd00::7]:1', allowed)).toBeUndefined();
    expect(refusal('http://meta-0:3002', 'http://8.8.8.8:1', allowed)).toBeUndefined();
    expect(refusal('http://meta-0:3002', 'http://meta-0:1', allowed)).toBeUndefined();
    expect(refusal('http://meta-0:3002', 'http://meta-2:1', allowed)).toContain('allowedHosts');
  });

  it('is never reached with a weaker scheme', () => {
    for (const allowed of [[], ['meta-1']])
      expect(refusal('https://meta-0:3002', 'http://meta-1:3002', allowed)).toMatch(
        /it is http and the endpoint is https/,
      );
  });
});

describe('a leader that must not be asked', () => {
  const notLeader =
    'Unexpected, violated: Trying to submit a region migration procedure to non-leader meta server';
  const follower = (leader: string): Script => ({
    'GET /admin/leader': leader,
    'GET /admin/route': { status: 500, body: 'Failed to find table route for 4294967295' },
    'GET /admin/maintenance': 'Maintenance mode is disabled',
    'POST /admin/region-migration': { status: 500, body: notLeader },
  });

  async function stage(endpoint: string, leader: string) {
    const clock = new VirtualClock();
    const warnings: unknown[] = [];
    const opened = openScripted(
      metasrvOptions([endpoint]),
      { [endpoint]: follower(leader), 'http://evil.com:3002': follower(leader) },
      { clock, onWarning: (_, { error }) => warnings.push(error) },
    );
    return { clock, warnings, ...(await clock.settled(opened)) };
  }

  it.each([
    ['http://meta.example.com:3002', 'evil.com:3002'],
    ['https://meta.example.com:3002', 'http://meta-1.example.com:3002'],
  ])('%s that names %s: hears nothing, stops no read, and is told once', async (endpoint, leader) => {
    const { clock, warnings, transport, cluster } = await stage(endpoint, leader);
    const safety = () => clock.settled(cluster.readSafety({ signal: NEVER }));
    expect(await safety()).toMatchObject({ maintenance: false });
    expect(warnings).toMatchObject([{ code: 'leader-refused' }]);
    const request = { regionId: '4398046511105', from: '1', to: '2', replayTimeoutMs: 300_000 };
    const result = await clock.settled(cluster.submitMigration(request, { signal: NEVER }));
    expect(result).toMatchObject({ kind: 'refused', code: 'not-leader' });
    expect(JSON.stringify(result)).toMatch(/cluster\.metasrv\.(?:allowedHosts|endpoints)/);
    await safety();
    expect(warnings).toHaveLength(1);
    expect(transport.log.filter((line) => !line.startsWith(endpoint))).toEqual([]);
  });
});

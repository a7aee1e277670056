import { expect, it } from 'vitest';
import { z } from 'zod';
import { BIG_TABLE, createCommandRig, CROWDED, EVEN } from '../support/command-rig.ts';
import type { BrokenAnswer, SeenRequest } from '../support/served-simulator.ts';

const CONFIG = ['-c', 'rebalancer.yaml'];
const ACT = [...CONFIG, '--no-dry-run'];
/** A few commands take a few seconds; a machine that is busy with other things takes its time. */
const AT_MOST = { timeout: 120_000 };

const planFile = z.object({
  planId: z.string(),
  moves: z.array(z.object({ regionId: z.string(), from: z.string(), to: z.string() })),
  minimumMoves: z.number(),
  optimal: z.boolean(),
});

/** The id is a hash of all the rest, so that it differs with the times. */
function withoutTimes(json: string): string {
  return json.replace(/"(planId|createdAt|snapshotTakenAt|takenAt)":\s*"[^"]*"/g, '');
}

it.concurrent.for(['0.6', '1.3'] as const)(
  'on GreptimeDB %s plan, apply and drain do what they say',
  AT_MOST,
  async (version, context) => {
    const { cluster, run } = await createCommandRig(context, version);
    const planned = await run(['plan', ...CONFIG, '-o', 'json', '--out', 'plan.json']);
    expect(planned).toMatchObject({ status: 0, err: expect.stringMatching(/^Wrote plan\.json; .*\n$/) });
    const plan = planFile.parse(JSON.parse(planned.out));
    expect(plan).toMatchObject({ minimumMoves: 8, optimal: true });
    expect(plan.moves).toHaveLength(8);
    expect(plan.moves.map(({ regionId }) => regionId)).toContain(String(BigInt(BIG_TABLE) << 32n));
    expect(await run(['apply', 'plan.json', ...CONFIG])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^planned: /),
    });
    expect(cluster.mutations()).toEqual([]);
    const applied = await run(['apply', 'plan.json', ...ACT]);
    expect(applied).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^moved: .* 8 regions moved\.\n/),
    });
    expect(cluster.counts()).toEqual(EVEN);
    const drained = await run(['drain', '0', ...ACT]);
    expect(drained).toMatchObject({ status: 0, err: expect.stringMatching(/\[1\/\d\] moved region/) });
    // One of them is of a table that the configuration does not select.
    expect(cluster.counts()['0'] ?? 0).toBe(0);
  },
);

it.concurrent(
  'the same cluster gives the same plan; what is done is not done again; a new datanode gets its share',
  AT_MOST,
  async (context) => {
    const { cluster, run } = await createCommandRig(context);
    const [first, second, snapshot] = await Promise.all([
      run(['plan', ...CONFIG, '-o', 'json', '--out', 'plan.json']),
      run(['plan', ...CONFIG, '-o', 'json', '--detailed-exitcode']),
      run(['snapshot', ...CONFIG]),
    ]);
    expect([first.status, second.status, snapshot.status]).toEqual([0, 3, 0]);
    expect([second.err, snapshot.err]).toEqual(['', 'Snapshot: 3 datanodes, 4 tables, 15 regions.\n']);
    expect(withoutTimes(first.out)).toBe(withoutTimes(second.out));
    expect(snapshot.out).not.toContain(String(1031n << 32n));
    expect(await run(['apply', 'plan.json', ...ACT])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^moved: .* 8 regions moved\.\n/),
    });
    // Whether the cluster is balanced is not what the plan's moves tell: by now a datanode drains.
    expect(await run(['apply', 'plan.json', ...ACT, '--set', 'datanodes.drain=[0]'])).toMatchObject({
      status: 0,
      out: 'done: Nothing of this plan is left to move. 0 regions moved.\nAll 8 moves of this plan are done already.\n',
    });
    expect(cluster.submissions()).toHaveLength(8);
    cluster.addDatanode();
    expect(await run(['once', ...ACT])).toMatchObject({ status: 0, out: expect.stringMatching(/^moved: /) });
    expect(cluster.counts()['3']).toBeGreaterThanOrEqual(3);
    expect(await run(['drain', '9', ...ACT])).toMatchObject({
      status: 2,
      out: '',
      err: 'error: drain 9: the cluster has no datanode 9; it has 0, 1, 2, 3\n',
    });
  },
);

const fates: [fault: string, status: number, text: RegExp][] = [
  [
    'done-not-moved',
    1,
    /7 regions moved, 1 move did not succeed\..*still leads region \d+, though the procedure/s,
  ],
  ['failed-but-moved', 0, /8 regions moved\./],
  [
    'rollback',
    1,
    /7 regions moved, 1 move did not succeed\..*the procedure failed: The region[^.]*\.(?!\.)/s,
  ],
  ['lost-answer:submit', 0, /8 regions moved\./],
];

it.concurrent.for(fates)(
  'a migration that ends as %s is judged by the route, and never asked for twice',
  AT_MOST,
  async ([fault, status, text], context) => {
    const { cluster, run } = await createCommandRig(context);
    cluster.faults.set(fault);
    const result = await run(['once', ...ACT]);
    expect(result.status).toBe(status);
    expect(result.out).toMatch(text);
    expect(new Set(cluster.submittedRegions()).size).toBe(8);
    expect(cluster.submissions()).toHaveLength(8);
  },
);

const troubles: [string, BrokenAnswer, RegExp][] = [
  [
    'HTML',
    { body: '<html><body>Welcome</body></html>' },
    /expected .*, got HTML or XML \(<html><body>Welcome/,
  ],
  ['half a document', { body: '{"output":[{"rec' }, /expected .*, got JSON \(\{"output":\[\{"rec/],
  ['an error with HTTP 200', { body: '{"code":1003,"error":"Internal error: 1003"}' }, /1003|got nothing/],
  [
    'a redirect',
    { status: 302, headers: { location: 'http://u:p@evil/' } },
    /redirect \(HTTP 302\) to http:\/\/\*\*\*@evil/,
  ],
  ['a broken connection', 'reset', /the exchange broke off/],
  ['silence', 'silence', /no answer within 500 ms/],
];

it.concurrent.for(['0.6', '1.3'] as const)(
  'GreptimeDB %s that answers nonsense fails the cycle with its reason, moves nothing, and is no trouble afterwards',
  AT_MOST,
  async (version, context) => {
    const { cluster, run } = await createCommandRig(context, version);
    const isRoute = ({ path, query, sql }: SeenRequest): boolean =>
      (path === '/admin/route' && query.get('table') !== null) ||
      /^SELECT [^*]+ FROM \w+\.region_peers/.test(sql);
    const quick = ['--set', 'cluster.requestTimeout=500ms'];
    for (const [name, answer, reason] of version === '1.3' ? troubles : troubles.slice(0, 3)) {
      cluster.breakAnswer = (request) => (isRoute(request) ? answer : undefined);
      const once = await run(['once', ...ACT, ...quick]);
      expect(once, name).toMatchObject({ status: 1, out: expect.stringMatching(reason) });
    }
    const planned = await run(['plan', ...CONFIG, ...quick]);
    expect(planned).toMatchObject({ status: 1, out: '', err: expect.stringMatching(/^error: .*\n$/) });
    expect(cluster.mutations()).toEqual([]);
    expect(cluster.counts()).toEqual(CROWDED);
    cluster.breakAnswer = () => undefined;
    expect(await run(['once', ...ACT])).toMatchObject({ status: 0 });
    expect(cluster.counts()).toEqual(EVEN);
  },
);

const SNAPSHOT = {
  formatVersion: 1,
  takenAt: '2026-11-22T13:00:00.000Z',
  cluster: { name: 'prod', api: 'sql', version: '1.3.0', colour: 'blue' },
  datanodes: ['0', '1', '18446744073709551615'].map((id) => ({ id, addr: '', status: 'alive', rack: 7 })),
  tables: [{ id: '1024', catalog: 'greptime', schema: 'public', name: 'cpu', engine: 'mito' }],
  regions: [0, 1, 2, 3, 4, 5].map((number) => ({
    id: String((1024n << 32n) + BigInt(number)),
    tableId: '1024',
    leader: number === 5 ? null : '0',
    status: ['migrating', 'staging'][number] ?? 'alive',
    ...(number === 2 ? { followers: ['1'], load: { diskBytes: 5 } } : {}),
  })),
};

const offline: [string, unknown, args: readonly string[], status: number, out: RegExp, err: RegExp][] = [
  [
    'a snapshot',
    SNAPSHOT,
    ['--detailed-exitcode', '-o', 'sql'],
    3,
    /^ADMIN migrate_region\(4398046511106, 0, 18446744073709551615, 300\);/m,
    /^$/,
  ],
  [
    'what if',
    SNAPSHOT,
    ['--drain', '0', '--weight', '1=2', '--add-datanode', '7', '-o', 'curl'],
    0,
    /^curl -sS .*migrate_region/m,
    /^$/,
  ],
  [
    'a datanode that is not there',
    SNAPSHOT,
    ['--drain', '9'],
    2,
    /^$/,
    /^error: --drain 9: the snapshot has no datanode 9; it has 0, 1, 18446744073709551615\n$/,
  ],
  [
    'half a file',
    '{"formatVersion": 1,\n "takenAt": }',
    [],
    2,
    /^$/,
    /^error: standard input: not JSON at line 2, column 13: /,
  ],
  [
    'a word that is none',
    { ...SNAPSHOT, regions: [{ ...SNAPSHOT.regions[0], status: 'fine' }] },
    [],
    2,
    /^$/,
    /regions\[0\]\.status: found "fine", wanted/,
  ],
  [
    'an id that is too large',
    { ...SNAPSHOT, datanodes: [{ id: '18446744073709551616', addr: '', status: 'alive' }] },
    [],
    2,
    /^$/,
    /datanodes\[0\]\.id: found "18446744073709551616"/,
  ],
];

it.concurrent.for(offline)(
  'plan --from - takes %s',
  AT_MOST,
  async ([, input, args, status, out, err], context) => {
    const { run, cluster } = await createCommandRig(context);
    const stdin = typeof input === 'string' ? input : JSON.stringify(input);
    const result = await run(['plan', '--from', '-', ...args], { stdin });
    expect(result).toMatchObject({
      status,
      out: expect.stringMatching(out),
      err: expect.stringMatching(err),
    });
    expect(cluster.seen).toEqual([]);
  },
);

it.concurrent(
  'flags stand over the environment, that over the file, and no secret is ever shown',
  AT_MOST,
  async (context) => {
    const { run, write, cluster } = await createCommandRig(context);
    write('password', 'hunter2-one\n');
    write('token', 'hunter2-two\n');
    write(
      'c.yaml',
      `${cluster.configuration('sim', ', username: u, passwordFile: password')}
server: { tokenFile: token }
execution: { maxMovesPerCycle: 5, moveTimeout: 20m, replayTimeout: 2m }
`,
    );
    const env = {
      GREPTIME_REBALANCER_CONFIG: 'c.yaml',
      GREPTIME_REBALANCER_EXECUTION__MAX_MOVES_PER_CYCLE: '7',
      GREPTIME_REBALANCER_EXECUTION__MOVE_TIMEOUT: '30m',
    };
    const [printed, wrong, planned] = await Promise.all([
      run(['config', 'print', '--set', 'execution.maxMovesPerCycle=9'], { env }),
      run(['config', 'check', '--set', 'execution.moveTimeout=900'], { env }),
      run(['plan', '-o', 'curl'], { env }),
    ]);
    expect(printed).toMatchObject({ status: 0, err: '' });
    expect(printed.out).toMatch(/replayTimeout: 2m\n {2}moveTimeout: 30m\n/);
    expect(printed.out).toContain('maxMovesPerCycle: 9\n');
    expect(wrong).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining('execution.moveTimeout: found "900", wanted a duration'),
    });
    expect(planned.status).toBe(0);
    const auth = `Basic ${Buffer.from('u:hunter2-one').toString('base64')}`;
    expect(new Set(cluster.seen.map(({ authorization }) => authorization))).toEqual(new Set([auth]));
    for (const { out, err } of [printed, wrong, planned]) expect(out + err).not.toMatch(/hunter2|aHVudGVy/);
  },
);

import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanQuestion } from '../../../src/app/commands/plan.ts';
import type { DemoRequest } from '../../../src/app/commands/demo.ts';
import type { SimulateRequest } from '../../../src/app/commands/simulate.ts';
import type { App } from '../../../src/app/index.ts';
import type { Config } from '../../../src/config/config.ts';
import { CYCLE_OUTCOME_CODES } from '../../../src/domain/codes.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { parsePlanFile, planChunks } from '../../../src/domain/plan-file.ts';
import { snapshotChunks } from '../../../src/domain/snapshot-file.ts';
import { runCommand } from '../../support/cli.ts';
import type { CliSetup } from '../../support/cli.ts';
import { DEFAULT_POLICY, SMALL_SNAPSHOT, makePlan } from '../../support/plans.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  await writeFile(
    join(folder, 'c.yaml'),
    'cluster:\n  name: prod\n  sql:\n    endpoints: [http://frontend:4000]\n',
  );
  await writeFile(join(folder, 'bad.yaml'), 'cluster:\n  nam: prod\n');
  await writeFile(join(folder, 'snapshot.json'), [...snapshotChunks(SMALL_SNAPSHOT)].join(''));
  await writeFile(join(folder, 'broken.json'), '{"formatVersion":1,');
  await writeFile(join(folder, 'plan.json'), [...planChunks(makePlan())].join(''));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

/** A program that answers with one plan, and remembers what it was asked. */
function planner(plan = makePlan()): CliSetup & { readonly asked: PlanQuestion[] } {
  const asked: PlanQuestion[] = [];
  return {
    asked,
    app: {
      plan: async (request) => {
        asked.push(request);
        return { plan, snapshot: request.snapshot ?? SMALL_SNAPSHOT };
      },
    },
  };
}

const COMMANDS = [
  'run',
  'plan',
  'apply',
  'once',
  'drain',
  'snapshot',
  'explain',
  'status',
  'history',
  'audit',
  'pause',
  'resume',
  'trigger',
  'undrain',
  'cordon',
  'uncordon',
  'quarantine',
  'quarantine list',
  'quarantine release',
  'config',
  'config check',
  'config print',
  'simulate',
  'demo',
  'healthcheck',
  'completion',
];

describe('help', () => {
  it.each(COMMANDS)('%s --help says what it does, with an example, and ends with 0', async (name) => {
    const { status, out, err } = await runCommand([...name.split(' '), '--help']);
    expect(status).toBe(0);
    expect(out).toContain(`Usage: greptime-rebalancer ${name}`);
    expect(out).toMatch(/Examples?:\n {2}\S.*greptime-rebalancer/);
    expect(err).toBe('');
  });

  it('names every command', async () => {
    const { out } = await runCommand(['--help']);
    for (const name of COMMANDS) expect(out).toContain(`  ${name.split(' ')[0]!} `);
  });

  it('prints the version', async () => {
    expect(await runCommand(['--version'])).toEqual({ status: 0, out: '1.2.3\n', err: '' });
  });
});

describe('wrong usage ends with 2 and one message on standard error', () => {
  it.each<[string[], string]>([
    [[], 'Usage: greptime-rebalancer'],
    [['plna'], "unknown command 'plna'\n(Did you mean plan?)"],
    [['plan', '--bogus'], "unknown option '--bogus'"],
    [['plan', 'extra'], 'too many arguments'],
    [['plan', '-o', 'xml'], "argument 'xml' is invalid. Allowed choices are table, json, sql, curl."],
    [['apply'], "missing required argument 'planfile'"],
    [['drain', '-c', 'C'], "missing required argument 'id'"],
    [['drain', 'x', '-c', 'C'], 'error: drain: found "x", wanted a decimal id'],
    [['explain', 'planet', '3'], "'planet' is invalid for argument 'kind'"],
    [['explain', 'region', 'x', '-c', 'C'], 'error: explain region: found "x", wanted a decimal id'],
    [['explain', 'region', '3', '--drain', '3'], 'error: What-if options need --from or -c'],
    [['plan', '--from', 'SNAPSHOT', '--weight', '3'], 'error: --weight: found "3", wanted ID=WEIGHT'],
    [
      ['plan', '--from', 'BROKEN'],
      '/broken.json: not JSON at line 1, column 20: found the end of the text, wanted a property name',
    ],
    [['plan', '--from', '/nowhere/x.json'], 'error: Reading /nowhere/x.json failed: ENOENT'],
    [['plan', '-c', 'BAD'], 'cluster.nam'],
    [['plan'], 'found no endpoints'],
    [['plan'], '; give the configuration with -c FILE or GREPTIME_REBALANCER_CONFIG'],
    [
      ['apply', 'SNAPSHOT', '-c', 'C'],
      '/snapshot.json: planId: found nothing, wanted "sha256:" and 64 hexadecimal digits',
    ],
    [['plan', '-c', 'C', '--set', 'log.level=loud'], 'log.level'],
    [['plan', '-c', 'C', '--set', 'log.levle=info'], 'log.levle: unknown key'],
    [['config', 'check', '-c', '/nowhere/c.yaml'], '/nowhere/c.yaml'],
    [['config'], 'Usage: greptime-rebalancer config'],
    [['status', '--url', 'nowhere'], 'error: --url: found "nowhere", wanted an address'],
    [['status', '--timeout', '5'], 'error: --timeout: found "5", wanted a duration'],
    [['history', '--limit', '0'], 'error: --limit: found "0", wanted a whole number from 1 to 1000'],
    [['history', '--outcome', 'odd'], "argument 'odd' is invalid"],
    [['history', '--since', 'yesterday'], 'error: --since: found "yesterday", wanted a time'],
    [['pause', '--for', '2'], 'error: --for: found "2", wanted a duration'],
    [['simulate', '--datanodes', '-1'], 'error: --datanodes: found "-1", wanted a whole number'],
    [['demo', '--port', '65536'], 'error: --port: found "65536", wanted a whole number from 0 to 65535'],
    [['completion', 'tcsh'], "'tcsh' is invalid for argument 'shell'"],
  ])('%j', async (args, message) => {
    const files: Record<string, string> = {
      C: 'c.yaml',
      BAD: 'bad.yaml',
      SNAPSHOT: 'snapshot.json',
      BROKEN: 'broken.json',
    };
    const { status, out, err } = await runCommand(
      args.map((word) => (word in files ? at(files[word]!) : word)),
    );
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(out).toBe('');
    expect(status).toBe(2);
  });
});

it('a list of datanodes may come in parts', async () => {
  const setup = planner();
  const whatIf = ['--drain', '0', '--drain', '3', '--weight', '0=2', '--weight', '3=4'];
  await runCommand(['plan', '--from', at('snapshot.json'), ...whatIf], setup);
  const basis = { snapshot: SMALL_SNAPSHOT, policy: DEFAULT_POLICY };
  expect(setup.asked[0]?.adjust(basis).policy).toMatchObject({ drain: ['0', '3'], weights: { 0: 2, 3: 4 } });
});

describe('failures end with 1', () => {
  const failing = (error: Error): CliSetup => ({ app: { plan: () => Promise.reject(error) } });
  const plan = ['plan', '--from', 'snapshot.json'];

  it('with one readable message', async () => {
    const error = new OperatingError('unreachable', 'Reading routes failed', {
      cause: new Error('no route to host'),
    });
    const { status, err } = await runCommand([plan[0]!, '--from', at('snapshot.json')], failing(error));
    expect({ status, err }).toEqual({ status: 1, err: 'error: Reading routes failed: no route to host\n' });
  });

  it('with the stacks of all causes when asked for', async () => {
    const error = new OperatingError('unreachable', 'Reading routes failed', {
      cause: new Error('no route'),
    });
    const { err } = await runCommand(['plan', '--debug', '--from', at('snapshot.json')], failing(error));
    expect(err).toMatch(
      /OperatingError: Reading routes failed\n {4}at [^]*caused by Error: no route\n {4}at /,
    );
  });

  it('calling a defect a defect', async () => {
    const { status, err } = await runCommand(
      ['plan', '--from', at('snapshot.json')],
      failing(new TypeError('x is not a function')),
    );
    expect(status).toBe(1);
    expect(err).toBe(
      'error: Unexpected error, which is a bug: x is not a function\n--debug shows where it comes from.\n',
    );
  });

  it('saying so when it was told to stop', async () => {
    const reason = new DOMException('Told to stop by SIGINT', 'AbortError');
    const setup = { ...failing(reason), signal: AbortSignal.abort(reason) };
    expect(await runCommand(['plan', '--from', at('snapshot.json')], setup)).toEqual({
      status: 1,
      out: '',
      err: 'Stopped before the end.\n',
    });
  });
});

describe('plan', () => {
  it('prints a table', async () => {
    const { status, out, err } = await runCommand(['plan', '--from', at('snapshot.json')], planner());
    expect(status).toBe(0);
    expect(out).toContain('1 move; fewer is impossible.\n');
    expect(err).toBe('');
  });

  it('prints JSON that is a plan file, and nothing else', async () => {
    const { out } = await runCommand(['plan', '-o', 'json', '--from', at('snapshot.json')], planner());
    expect(parsePlanFile(out).plan).toEqual(makePlan());
  });

  it('reads the snapshot from standard input', async () => {
    const program = planner();
    const cluster = { ...SMALL_SNAPSHOT.cluster, name: 'Zürich 🦎' };
    const stdin = [...snapshotChunks({ ...SMALL_SNAPSHOT, cluster })].join('');
    const { out } = await runCommand(['plan', '--from', '-'], { ...program, stdin });
    expect(out).toContain('Zürich 🦎 (GreptimeDB 1.3.0, sql)');
  });

  it('sends statements to where the configuration says', async () => {
    const { out } = await runCommand(
      ['plan', '-o', 'curl', '-c', at('c.yaml'), '--set', 'execution.replayTimeout=90s'],
      planner(),
    );
    expect(out).toContain('FRONTEND=http://frontend:4000\n');
    expect(out).toContain('migrate_region(4398046511104, 0, 3, 90)');
  });

  it.each([
    [['--detailed-exitcode'], makePlan(), 3],
    [['--detailed-exitcode'], makePlan({ moves: [] }), 0],
    [[], makePlan(), 0],
  ])('%j ends with %3$i', async (flags, plan, wanted) => {
    expect((await runCommand(['plan', '--from', at('snapshot.json'), ...flags], planner(plan))).status).toBe(
      wanted,
    );
  });

  it('writes the plan whole, beside what it prints', async () => {
    const { err, out } = await runCommand(
      ['plan', '--from', at('snapshot.json'), '--out', at('out.json')],
      planner(),
    );
    expect(parsePlanFile(await readFile(at('out.json'), 'utf8')).plan).toEqual(makePlan());
    expect(out).toContain('fewer is impossible');
    expect(err).toContain(`Wrote ${at('out.json')}`);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('writes into what is no plain file: the pipe or the link stays what it is', async () => {
    await symlink(at('linked.json'), at('link.json'));
    execFileSync('mkfifo', [at('pipe.json')]);
    const write = (name: string) =>
      runCommand(['plan', '--from', at('snapshot.json'), '--out', at(name)], planner());
    await write('link.json');
    const [read] = await Promise.all([readFile(at('pipe.json'), 'utf8'), write('pipe.json')]);
    for (const text of [read, await readFile(at('linked.json'), 'utf8')])
      expect(parsePlanFile(text).plan).toEqual(makePlan());
    expect((await lstat(at('link.json'))).isSymbolicLink()).toBe(true);
    expect((await lstat(at('pipe.json'))).isFIFO()).toBe(true);
  });

  it('fails with 1 when the plan cannot be written', async () => {
    const { err, status } = await runCommand(
      ['plan', '--from', at('snapshot.json'), '--out', '/nowhere/p.json'],
      planner(),
    );
    expect({ status, err }).toMatchObject({
      status: 1,
      err: expect.stringContaining('error: Writing /nowhere/p.json failed: ENOENT'),
    });
  });

  it('imagines what it is told to', async () => {
    const program = planner();
    const flags = ['--add-datanode', '7', '--drain', '0', '--weight', '3=2,7=4'];
    await runCommand(['plan', '--from', at('snapshot.json'), ...flags], program);
    const { adjust, config, snapshot } = program.asked[0]!;
    const { weights, drain, cordon } = config.datanodes;
    const policy = {
      objective: 'count',
      tables: config.tables,
      weights,
      drain,
      cordon,
      pins: config.pins,
    } as const;
    const imagined = adjust({ snapshot: snapshot!, policy });
    expect(imagined.snapshot.datanodes.map(({ id }) => id)).toEqual(['0', '3', '7']);
    expect(imagined.policy).toMatchObject({ drain: ['0'], weights: { 3: 2, 7: 4 } });
  });
});

describe('commands that act', () => {
  const config = ['-c', 'c.yaml'];
  const wish = async (
    args: string[],
    app: NonNullable<CliSetup['app']>,
  ): Promise<{ status: number; out: string }> => runCommand(args, { app, cwd: folder });

  it('takes the configuration file from the environment where no -c is given', async () => {
    const seen: string[] = [];
    const setup: CliSetup = {
      cwd: folder,
      env: { GREPTIME_REBALANCER_CONFIG: 'c.yaml' },
      app: {
        run: async ({ config: { cluster }, file }) => void seen.push(cluster.name, String(file)),
      },
    };
    expect(await runCommand(['run'], setup)).toMatchObject({ status: 0, err: '' });
    const other = await runCommand(['run', '-c', 'none.yaml'], setup);
    expect(other).toMatchObject({ status: 2, err: expect.stringContaining('none.yaml does not exist') });
    expect(seen).toEqual(['prod', at('c.yaml')]);
  });

  it.each(CYCLE_OUTCOME_CODES)('once reports the outcome %s', async (outcome) => {
    const { status, out } = await wish(['once', ...config], {
      once: async () => ({ outcome, moved: 2, failed: 1, detail: 'A detail.' }),
    });
    const good = ['balanced', 'planned', 'moved', 'blocked'];
    expect(status).toBe(good.includes(outcome) ? 0 : 1);
    expect(out).toMatch(
      new RegExp(`^${outcome}: .*\\. 2 regions moved, 1 move did not succeed\\.\\nA detail\\.\\n$`),
    );
  });

  it.each([
    [[], true],
    [['--no-dry-run'], false],
    [['--dry-run', '--set', 'log.level=debug'], true],
    [['--set', 'execution.dryRun=false'], false],
    [['--set', 'execution.dryRun=false', '--dry-run'], true],
    [['--dry-run', '--set', 'execution.dryRun=false'], true],
  ])('once %j has dryRun %s', async (flags, wanted) => {
    let seen: Config | undefined;
    await wish(['once', ...config, ...flags], {
      once: async (config) => {
        seen = config;
        return { outcome: 'balanced', moved: 0, failed: 0, detail: '' };
      },
    });
    expect(seen?.execution.dryRun).toBe(wanted);
  });

  it('apply hands the plan on as it is in the file', async () => {
    const { status } = await wish(['apply', at('plan.json'), ...config], {
      apply: async (_config, { plan, content }) => {
        expect(plan).toEqual(makePlan());
        expect(content).toEqual(makePlan());
        return { outcome: 'moved', moved: 1, failed: 0, detail: '' };
      },
    });
    expect(status).toBe(0);
  });

  it.each([
    ['empty', [], false, 0],
    ['not empty', [{ regionId: '1', table: 't', detail: 'It is pinned.' }], false, 1],
    ['not empty, and was only looked at', [{ regionId: '1', table: 't', detail: 'Dry run.' }], true, 1],
    ['empty, and was only looked at', [], true, 0],
  ])('drain of a datanode that ends %s', async (_name, left, dryRun, wanted) => {
    const { status, out } = await wish(['drain', '3', '4,5', ...config], {
      drain: async (_config, ids) => ({
        moves: { moved: 0, failed: 0 },
        dryRun,
        datanodes: ids.map((id) => ({ id, left })),
      }),
    });
    expect(status).toBe(wanted);
    for (const id of ['3', '4', '5']) expect(out).toContain(`Datanode ${id} `);
  });

  it('snapshot writes the snapshot to standard output and its size to standard error', async () => {
    const { out, err } = await runCommand(['snapshot', ...config], {
      cwd: folder,
      app: { snapshot: async () => SMALL_SNAPSHOT },
    });
    expect(out).toBe([...snapshotChunks(SMALL_SNAPSHOT)].join(''));
    expect(err).toBe('Snapshot: 2 datanodes, 1 table, 2 regions.\n');
  });

  it('run hands on where to read the configuration again', async () => {
    await wish(['run', ...config, '--set', 'log.level=warn'], {
      run: async ({ config: first, reload, file }) => {
        expect(file).toBe(at('c.yaml'));
        expect(await reload()).toEqual(first);
        expect(first.log.level).toBe('warn');
      },
    });
  });

  it('explain asks the program when a file or a configuration is named', async () => {
    const explain: App['explain'] = async ({ kind, id }) =>
      id === '9'
        ? undefined
        : {
            kind,
            id,
            answer: 'It stays.',
            reasons: [{ code: 'pinned', detail: 'It is pinned.' }],
            facts: { regions: 3 },
          };
    const from = ['--from', at('snapshot.json')];
    const known = await wish(['explain', 'datanode', '3', ...from], { explain });
    expect(known.out).toBe('datanode 3\nIt stays.\n  pinned: It is pinned.\n\n  regions  3\n');
    const unknown = await runCommand(['explain', 'region', '9', ...from], { app: { explain } });
    expect(unknown).toMatchObject({ status: 1, err: 'error: There is no region 9 in the snapshot\n' });
  });

  it('simulate hands its numbers on', async () => {
    let seen: SimulateRequest | undefined;
    await wish(['simulate', '--profile', '0.7', '--datanodes', '5', '--faults', 'leader-change@30s'], {
      simulate: async (request) => {
        seen = request;
        request.say('frontend on http://127.0.0.1:4000');
      },
    });
    expect(seen).toMatchObject({
      profile: '0.7',
      datanodes: 5,
      faults: 'leader-change@30s',
      seed: '1',
      port: 0,
    });
  });

  it.each([
    ['in a pipe', [], undefined, true],
    ['in a terminal', [], 80, false],
    ['in a terminal with --exit', ['--exit'], 80, true],
    ['in a pipe with --no-exit', ['--no-exit'], undefined, false],
  ])('demo %s', async (_name, flags, columns, exit) => {
    let seen: DemoRequest | undefined;
    const { status, out } = await runCommand(['demo', ...flags], {
      ...(columns !== undefined && { columns }),
      app: {
        demo: async (request) => {
          seen = request;
          request.say('The page is at http://127.0.0.1:9480/');
          request.show({ plan: makePlan(), snapshot: SMALL_SNAPSHOT });
          return { balanced: true, detail: 'Balanced.' };
        },
      },
    });
    expect(seen).toMatchObject({ exit, port: undefined, timeoutMs: 120_000 });
    expect(status).toBe(0);
    expect(out).toContain('The page is at http://127.0.0.1:9480/\n');
    expect(out).toContain('1 move; fewer is impossible.');
  });

  it('demo ends with 1 when the cluster did not become balanced', async () => {
    const { status } = await wish(['demo'], {
      demo: async () => ({ balanced: false, detail: 'Not within 2m.' }),
    });
    expect(status).toBe(1);
  });
});

describe('config', () => {
  it('check says that all is well, and what the daemon would do', async () => {
    expect(await runCommand(['config', 'check', '-c', at('c.yaml')])).toEqual({
      status: 0,
      out: 'The configuration is valid (dry run: plans and reports, moves nothing).\n',
      err: '',
    });
  });

  it('print writes a configuration that says the same', async () => {
    const { out } = await runCommand(['config', 'print', '-c', at('c.yaml'), '--set', 'log.level=debug']);
    await writeFile(at('printed.yaml'), out);
    expect((await runCommand(['config', 'print', '-c', at('printed.yaml')])).out).toBe(out);
    expect(out).toContain('level: debug');
  });
});

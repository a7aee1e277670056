import { describe, expect, it } from 'vitest';
import { canvasOf } from '../../../src/cli/io.ts';
import { historyTable, quarantineTable } from '../../../src/cli/render/daemon-screens.ts';
import { explanation } from '../../../src/cli/render/explanation.ts';
import { displayWidth } from '../../../src/lib/wrap.ts';
import { statusScreen } from '../../../src/cli/render/status-screen.ts';
import type { Explanation } from '../../../src/domain/explanation.ts';
import { toMoveView } from '../../../src/observability/event-view.ts';
import type { StatusView } from '../../../src/server/api/answers.ts';
import { sampleMove } from '../../support/observability.ts';

const PLAIN_CANVAS = canvasOf(false, undefined, false);

const BEGAN_MS = Date.UTC(2026, 10, 22, 13);
const MOVE = toMoveView(
  sampleMove({
    to: '3',
    reason: 'drain',
    state: 'succeeded',
    cause: 'moved',
    detail: 'The route names the target.',
    createdAtMs: BEGAN_MS,
    submittedAtMs: BEGAN_MS + 1_000,
    endedAtMs: BEGAN_MS + 5_000,
  }),
);

type Datanode = StatusView['datanodes'][number];

const TIME = '2026-11-22T13:00:00.000Z';

const STATUS: StatusView = {
  verdict: { code: 'balancing', sentence: '3 of 12 moves are done.', detail: null },
  cluster: { name: 'prod', api: 'sql', version: '1.3.0', features: [] },
  dryRun: false,
  paused: null,
  leader: { leads: true, holder: 'a' },
  cycle: { id: '8', trigger: 'schedule', startedAt: TIME },
  currentMove: {
    move: { ...MOVE, state: 'watching' },
    ...{ position: 4, total: 12, startedAt: TIME, stateSince: TIME, inStateSeconds: 3.2 },
  },
  queue: { length: 8, next: [] },
  progress: { done: 3, failed: 0, remaining: 9, etaSeconds: 90, expectedSeconds: 90 },
  plan: { planId: 'sha256:ab', createdAt: TIME, moves: 12, minimumMoves: 12, optimal: true },
  balance: {
    before: { tableSkewMax: 5, nodeSkew: 9 },
    now: { tableSkewMax: 5, nodeSkew: 9, isEven: false },
    after: { tableSkewMax: 1, nodeSkew: 1, isEven: false },
  },
  load: null,
  loadPlanAt: null,
  datanodes: [
    {
      id: '0',
      addr: '10.0.0.10:4001',
      state: 'target',
      weight: 1,
      regions: 12,
      regionsAfter: 6,
      load: null,
      loadAfter: null,
      share: 6,
    },
    {
      id: '3',
      addr: null,
      state: 'draining',
      weight: 2,
      regions: 0,
      regionsAfter: 6,
      load: null,
      loadAfter: null,
      share: 6,
    },
  ],
  lastCycle: null,
  lastSuccessAt: null,
  nextTickAt: '2026-11-22T13:05:00.000Z',
  snapshot: { takenAt: TIME, ageSeconds: 4, datanodes: 2, tables: 3, regions: 12 },
  gates: [],
  blocked: [
    { code: 'pinned', count: 3, harmless: 1 },
    { code: 'cooldown', count: 124, harmless: 124 },
  ],
  quarantined: 1,
  quarantinedDatanodes: 0,
  quarantineEndsAt: null,
  cooling: 0,
  process: { version: '0.1.0', startedAt: TIME, uptimeSeconds: 3_700 },
};

describe('the status screen', () => {
  it('says first how things stand', () => {
    expect([...statusScreen(STATUS, PLAIN_CANVAS)]).toEqual([
      'balancing  3 of 12 moves are done.',
      'prod (GreptimeDB 1.3.0, sql); rebalancer 0.1.0, up 1 h 2 min',
      '',
      'mode        active',
      'plan        9 moves; fewer is impossible',
      'skew        datanodes 9 → 1, within one table 5 → 1 (most minus least)',
      'moving      4 of 12: region 4398046511104 of greptime.public.cpu from 0 to 3, migrating for 3.2 s',
      'progress    3 done, 0 failed, 9 remaining, about 2 min left',
      'blocked     2 pinned: The configuration pins this region or its table.',
      'cycle       began 1 h 2 min ago (2026-11-22 13:00:00Z)',
      'quarantine  1 region; see quarantine list',
      'on hold     1 pinned, 124 cooldown (no effect on balance)',
      'snapshot    taken 4 s ago: 2 datanodes, 3 tables, 12 regions',
      'last cycle  none yet',
      '',
      'DATANODE  ADDRESS         STATE     WEIGHT  REGIONS  PLANNED',
      '       0  10.0.0.10:4001  target         1       12        6  ████████████████████',
      '       3                  draining       2        0        6',
    ]);
  });

  it.each<[string, Partial<StatusView>]>([
    [
      'plan        9 moves; fewer is impossible, about 2 min once they may start',
      { dryRun: true, progress: { ...STATUS.progress, done: 0, etaSeconds: null, expectedSeconds: 90 } },
    ],
    ['mode        active', {}],
    ['mode        paused', { paused: { until: null, reason: '', by: 'Ada' } }],
    ['mode        standby; b leads', { leader: { leads: false, holder: 'b' } }],
    ['mode        waits for GreptimeDB', { verdict: { code: 'lost-contact', sentence: '', detail: null } }],
    [
      'mode        blocked',
      {
        verdict: { code: 'blocked', sentence: '', detail: null },
        gates: [{ code: 'maintenance', detail: 'On.' }],
      },
    ],
    [
      'next cycle  in 3 min 20 s (2026-11-22 13:05:00Z)',
      { cycle: null, process: { ...STATUS.process, uptimeSeconds: 100 } },
    ],
    ['quarantine  1 region, 2 datanodes; see quarantine list', { quarantinedDatanodes: 2 }],
  ])('says %s', (line, change) => {
    expect([...statusScreen({ ...STATUS, ...change }, PLAIN_CANVAS)]).toContain(line);
  });

  it('of a standby tells neither progress, which the leader makes, nor twice who leads', () => {
    const text = statusScreen(
      {
        ...STATUS,
        verdict: { code: 'standby', sentence: 'b leads; this replica stands by.', detail: null },
        leader: { leads: false, holder: 'b' },
        gates: [{ code: 'not-leader', detail: 'Another replica leads.' }],
      },
      PLAIN_CANVAS,
    ).join('\n');
    expect(text).not.toMatch(/^progress|^not moving/m);
  });

  it('shows what keeps it from acting', () => {
    const lines = [
      ...statusScreen(
        {
          ...STATUS,
          dryRun: true,
          paused: { until: null, reason: 'deploying\u001b[2J', by: 'Ada' },
          leader: { leads: false, holder: null },
          currentMove: null,
          plan: null,
          balance: null,
          snapshot: null,
          datanodes: [],
          cluster: { name: 'prod', api: null, version: '', features: [] },
          gates: [
            { code: 'paused', detail: 'Ada paused it.' },
            { code: 'maintenance', detail: 'Maintenance mode is on.' },
          ],
          lastCycle: {
            id: '9',
            outcome: 'failed',
            endedAt: '2026-11-22T13:00:00.000Z',
            durationMs: 1_500,
            moved: 0,
            detail: 'No answer.',
          },
        },
        PLAIN_CANVAS,
      ),
    ];
    expect(lines[1]).toBe(
      'prod (GreptimeDB of unknown version, api not known yet); rebalancer 0.1.0, up 1 h 2 min',
    );
    expect(lines).toContain('mode        dry run: moves nothing; standby');
    expect(lines).toContain('paused      by Ada until resumed: deploying\\u{1b}[2J');
    expect(lines).toContain('plan        none yet');
    expect(lines).toContain('not moving  paused: Ada paused it.');
    expect(lines).toContain('not moving  maintenance: Maintenance mode is on.');
    expect(lines).toContain(
      'last cycle  1 h 2 min ago (2026-11-22 13:00:00Z), failed after 1.5 s: No answer.',
    );
  });
});

describe('the status of a pause', () => {
  const sentence = 'Paused by Ada until 2026-11-22T15:00:00.042Z: deploying';
  const paused = { until: '2026-11-22T15:00:00.042Z', reason: 'deploying', by: 'Ada' };
  const lastCycle = {
    id: '9',
    outcome: 'gated',
    endedAt: TIME,
    durationMs: 96,
    moved: 0,
    detail: sentence,
  } as const;
  const status: StatusView = {
    ...STATUS,
    ...{
      verdict: { code: 'paused', sentence, detail: null },
      paused,
      lastCycle,
      currentMove: null,
      cycle: null,
    },
    gates: [{ code: 'paused', detail: `${sentence}.` }],
  };

  it('tells how long the moves would take', () => {
    const progress = { done: 5, failed: 0, remaining: 53, etaSeconds: null, expectedSeconds: 1_500 };
    expect(statusScreen({ ...status, progress }, PLAIN_CANVAS)).toContain(
      'progress    5 done, 0 failed, 53 remaining, about 25 min once they may start',
    );
  });

  it('says what the failures before an automatic pause had in common', () => {
    const detail = 'Last 3 failures, all to datanode 4: rolled_back.';
    const failed: StatusView = { ...status, verdict: { ...status.verdict, detail } };
    const text = statusScreen(failed, PLAIN_CANVAS).join('\n');
    expect(text).toContain('look first  Last 3 failures, all to datanode 4: rolled_back.');
  });

  it('tells it once, with its end in one form', () => {
    const text = statusScreen(status, PLAIN_CANVAS).join('\n');
    expect(text).toMatch(/^paused {2}Paused by Ada until 2026-11-22 15:00:00Z: deploying\n/);
    expect(text.match(/deploying/g)).toHaveLength(1);
    expect(text).toContain('\npause ends  in 58 min (2026-11-22 15:00:00Z)\n');
    expect(text).not.toContain('2026-11-22T');
  });

  it('leaves a third of a small window to the datanodes', () => {
    const gates = Array.from(
      { length: 12 },
      () => ({ code: 'maintenance', detail: 'Maintenance mode is on.' }) as const,
    );
    const datanodes = Array.from({ length: 9 }, (_, id) => ({ ...STATUS.datanodes[0]!, id: String(id) }));
    const lines = statusScreen({ ...status, gates, datanodes }, canvasOf(true, 80, false), 23);
    expect(lines).toHaveLength(23);
    expect(lines.filter((line) => /^ +\d +10\.0/.test(line))).toHaveLength(6);
  });
});

describe('the status by load', () => {
  it('has a line and a column with units, and no skew of the datanodes', () => {
    const load = {
      by: 'writes',
      mean: 4e6,
      low: 3.6e6,
      high: 4.4e6,
      trigger: 4.8e6,
      outside: 2,
      state: 'uneven',
    } as const;
    const [first, second] = STATUS.datanodes as [Datanode, Datanode];
    const datanodes = [
      { ...first, load: 6e6, loadAfter: 4.2e6 },
      { ...second, weight: 1, load: 2e6, loadAfter: 3.8e6 },
    ];
    const lines = statusScreen({ ...STATUS, load, datanodes }, PLAIN_CANVAS);
    expect(lines).toContain(
      'load        uneven; highest 50 → 5 % above the mean of 4.0 MB/s; even is 3.6 to 4.4 MB/s, moves begin above 4.8 MB/s',
    );
    expect(lines).toContain('skew        within one table 5 → 1 (most minus least)');
    expect(lines.slice(-3)).toEqual([
      'DATANODE  ADDRESS         STATE     WEIGHT  REGIONS  PLANNED            LOAD',
      '       0  10.0.0.10:4001  target         1       12        6  6.0 → 4.2 MB/s  ████████████████████',
      '       3                  draining       1        0        6  2.0 → 3.8 MB/s  ██████▋',
    ]);
  });
});

describe('the status screen in a window', () => {
  /** Datanode 7 holds the most. */
  const datanodes = Array.from({ length: 40 }, (_, index) => ({
    ...STATUS.datanodes[0]!,
    ...{
      id: String(index),
      regions: index === 7 ? 12 : 6,
      regionsAfter: 6,
      load: null,
      loadAfter: null,
      share: 6,
    },
  }));
  const canvas = canvasOf(true, 80, false);

  it('has no more lines than the window, and shows the most uneven datanodes', () => {
    const lines = statusScreen({ ...STATUS, datanodes }, canvas, 23);
    expect(lines).toHaveLength(23);
    expect(lines[16]).toMatch(/^ +7 /);
    expect(lines.at(-1)).toBe('… 34 more; these are the most uneven');
    expect(statusScreen({ ...STATUS, datanodes }, canvas, 8)).toHaveLength(8);
  });

  it('has no line that is wider, and breaks none in the middle of a word', () => {
    const lines = statusScreen({ ...STATUS, datanodes }, canvas);
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
    const moving = lines.findIndex((line) => line.startsWith('moving'));
    expect(lines.slice(moving, moving + 2)).toEqual([
      'moving      4 of 12: region 4398046511104 of greptime.public.cpu from 0 to 3,',
      '            migrating for 3.2 s',
    ]);
    const narrow = statusScreen({ ...STATUS, datanodes }, canvasOf(true, 60, false));
    expect(narrow.find((line) => line.startsWith('DATANODE'))).toMatch(/^DATANODE  STATE +REGIONS/);
  });
});

describe('the history', () => {
  it('is one line a move', () => {
    const moves = [
      MOVE,
      { ...MOVE, from: '10', state: 'abandoned' as const, submittedAt: null, cause: null, detail: null },
      { ...MOVE, state: 'failed' as const, cause: 'done-not-moved', detail: 'The procedure says Done.' },
    ];
    expect([...historyTable(moves, PLAIN_CANVAS)]).toEqual([
      'BEGUN                        REGION  TABLE                MOVE    REASON  STATE      TOOK  DETAIL',
      '2026-11-22 13:00:00Z  4398046511104  greptime.public.cpu  0 → 3   drain   succeeded   4 s  The route names the target.',
      '2026-11-22 13:00:00Z  4398046511104  greptime.public.cpu  10 → 3  drain   abandoned',
      '2026-11-22 13:00:00Z  4398046511104  greptime.public.cpu  0 → 3   drain   failed      4 s  done-not-moved: The procedure says Done.',
    ]);
  });

  it('tells neither day nor detail in a narrow window', () => {
    expect([...historyTable([MOVE], canvasOf(true, 90, false))]).toEqual([
      'BEGUN             REGION  TABLE                MOVE   REASON  STATE      TOOK',
      '13:00:00Z  4398046511104  greptime.public.cpu  0 → 3  drain   succeeded   4 s',
    ]);
  });

  it('may be empty', () => {
    expect([...historyTable([], PLAIN_CANVAS)]).toEqual(['No moves yet.']);
  });
});

describe('an explanation', () => {
  it('fits the terminal', () => {
    const answer: Explanation = {
      kind: 'region',
      id: '4398046511104',
      planId: `sha256:${'0123456789abcdef'.repeat(4)}`,
      answer: 'It stays where it is, because two things keep it there.',
      reasons: [{ code: 'pinned', detail: 'The configuration pins the table public.cpu to where it is.' }],
      facts: {
        tableId: '1024',
        followers: [],
        logical: true,
        share: { floor: 1, ceil: 2 },
        load: { writeBytesPerSecond: 1_500, diskBytes: 2_000_000 },
        targets: [
          { datanode: '0', regionsOfTable: 1, floor: 1, ceil: 2, mayLead: true },
          { datanode: '3', regionsOfTable: 0, floor: 1, ceil: 1, mayLead: false },
          { datanode: '4', regionsOfTable: 1, floor: 1, ceil: 2, mayLead: true },
        ],
      },
    };
    expect([...explanation(answer, { ...PLAIN_CANVAS, width: 60 })]).toEqual([
      'region 4398046511104',
      'plan sha256:0123456789ab',
      'It stays where it is, because two things keep it there.',
      '  pinned: The configuration pins the table public.cpu to',
      '    where it is.',
      '',
      '  table id    1024',
      '  followers   none',
      '  logical     yes',
      '  fair share  1 to 2',
      '  load        written per second 1.5 kB, on disk 2.0 MB',
      '',
      'WHERE IT MAY GO',
      '  REGIONS OF TABLE  MAY TAKE IT  FAIR SHARE  DATANODES',
      '                 1          yes      1 to 2  0, 4',
      '                 0           no           1  3',
    ]);
  });
});

describe('the quarantine', () => {
  it('names region, table, way, cause, failures and end', () => {
    const move = { ...MOVE, state: 'rolled_back' as const, cause: 'rolled-back' };
    const region = { failures: 2, until: '2026-11-22T14:00:00.000Z', detail: 'Rolled back.' };
    const quarantined = [
      { regionId: '4398046511104', ...region, move },
      { regionId: '7', ...region, move: null },
    ];
    expect([...quarantineTable({ quarantined, datanodes: [] }, PLAIN_CANVAS)]).toEqual([
      '       REGION  TABLE                MOVE   CAUSE        FAILURES  UNTIL                 WHY',
      '4398046511104  greptime.public.cpu  0 → 3  rolled-back         2  2026-11-22 14:00:00Z  Rolled back.',
      '            7                                                  2  2026-11-22 14:00:00Z  Rolled back.',
    ]);
    expect([...quarantineTable({ quarantined, datanodes: [] }, canvasOf(true, 80, false))][0]).toBe(
      '       REGION  TABLE                MOVE   CAUSE        FAILURES  UNTIL',
    );
    const none = { quarantined: [], datanodes: [] };
    expect([...quarantineTable(none, PLAIN_CANVAS)]).toEqual(['Nothing is quarantined.']);
  });
});

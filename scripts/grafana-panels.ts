/** What the panels of grafana/dashboard.json show. `$S` in a query stands for the selector of the chosen cluster and instances. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Only the newest value, for stats and tables. */
  readonly instant?: boolean;
}

export interface Mapping {
  readonly value: string;
  readonly text: string;
  readonly color: string;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly type: 'stat' | 'timeseries' | 'bargauge' | 'state-timeline';
  /** In columns of 24. */
  readonly width: number;
  readonly height: number;
  readonly queries: readonly Query[];
  readonly unit?: string;
  readonly mappings?: readonly Mapping[];
  /** Green below, then this colour from this value on. */
  readonly thresholds?: readonly { readonly from: number; readonly color: string }[];
  readonly stacked?: boolean;
  /** Colours of series by their legend, where the usual palette would mislead. */
  readonly colors?: Readonly<Record<string, string>>;
  /** Fraction digits; 0 for what comes in whole numbers. */
  readonly decimals?: number;
  /** Many series: a table of them at the right, with their last and greatest value. */
  readonly hasLegendTable?: boolean;
  /** Where a click leads: `${__field.labels.instance}` is the replica's address. */
  readonly link?: { readonly title: string; readonly url: string };
  /** The panel that stands below this one in the same columns. */
  readonly below?: Panel;
  /** Only the legend's text matters, not the value. */
  readonly showsName?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const P = 'greptime_rebalancer_';
const now = (expr: string, legend = ''): Query => ({ expr, legend, instant: true });
const over = (expr: string, legend: string): Query => ({ expr, legend });
/** Whole events of each interval: `increase` extrapolates to fractions. */
const events = (name: string, by = ''): string =>
  `round(sum${by === '' ? '' : ` by (${by})`} (increase(${P}${name}$S[$__rate_interval])))`;
const quantile = (share: number, name: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${P}${name}_bucket$S[$__rate_interval])))`;

const stat = (title: string, description: string, query: Query, rest: Partial<Panel> = {}): Panel => ({
  title,
  description,
  type: 'stat',
  width: 3,
  height: 4,
  queries: [query],
  ...rest,
});
const graph = (
  title: string,
  description: string,
  queries: readonly Query[],
  rest: Partial<Panel> = {},
): Panel => ({ title, description, type: 'timeseries', width: 8, height: 8, queries, ...rest });

const YES_NO = (yes: string, color: string): readonly Mapping[] => [
  { value: '0', text: 'No', color: 'green' },
  { value: '1', text: yes, color },
];
const OUTCOME_COLORS = {
  succeeded: 'green',
  failed: 'red',
  timed_out: 'dark-orange',
  rolled_back: 'orange',
  abandoned: 'text',
};
const CYCLE_COLORS = {
  balanced: 'green',
  moved: 'blue',
  planned: 'light-blue',
  gated: 'yellow',
  blocked: 'orange',
  partial: 'dark-orange',
  failed: 'red',
  stopped: 'text',
  missed: 'purple',
};

const VERDICT: Row = {
  title: 'Verdict',
  panels: [
    stat(
      'Balance',
      'What is wrong: regions above or below the share of a datanode, regions on draining or dead datanodes, regions without a leader, and names in the configuration that match nothing.',
      now(
        `max(${P}table_spread_violation$S + ${P}node_spread_violation$S + ${P}regions_on_draining$S + ${P}regions_on_dead$S + ${P}regions_without_leader$S + ${P}config_names_unmatched$S)`,
        'out of place',
      ),
      {
        width: 4,
        mappings: [{ value: '0', text: 'Balanced', color: 'green' }],
        thresholds: [{ from: 1, color: 'orange' }],
      },
    ),
    stat('Moves left', 'Moves of the latest plan that have not ended.', now(`max(${P}moves_remaining$S)`), {
      thresholds: [{ from: 1, color: 'blue' }],
    }),
    stat(
      'Time left',
      'Estimated time until the remaining moves are made, including waits for cycles, limits and windows. Empty while unknown, paused or in dry run.',
      now(`max(${P}eta_seconds$S)`),
      { unit: 's', thresholds: [{ from: 0, color: 'blue' }] },
    ),
    stat('Moving now', 'Whether a migration is running.', now(`max(${P}migrations_in_flight$S)`), {
      mappings: [
        { value: '0', text: 'No', color: 'text' },
        { value: '1', text: 'One region', color: 'blue' },
      ],
    }),
    stat(
      'Paused',
      'Whether the rebalancer is paused, by a person or automatically.',
      now(`max(${P}paused$S)`),
      {
        mappings: YES_NO('Paused', 'orange'),
      },
    ),
    stat('Dry run', 'Whether it only plans and reports.', now(`max(${P}dry_run$S)`), {
      mappings: YES_NO('Dry run', 'blue'),
    }),
    stat('Leaders', 'Replicas that lead. Exactly one should.', now(`sum(${P}leader$S)`), {
      mappings: [{ value: '0', text: 'None', color: 'red' }],
      thresholds: [{ from: 2, color: 'red' }],
      width: 2,
    }),
    stat(
      'Last success',
      'Time since the last successful cycle. Orange from two intervals of the default schedule on, red from an hour on.',
      now(`time() - max(${P}last_success_timestamp_seconds$S > 0)`),
      {
        unit: 's',
        decimals: 0,
        thresholds: [
          { from: 600, color: 'orange' },
          { from: 3_600, color: 'red' },
        ],
      },
    ),
    {
      title: 'Gates',
      description: 'What forbids moves: red while the gate is closed.',
      type: 'state-timeline',
      width: 18,
      height: 8,
      queries: [over(`max by (code) (${P}closed_gates$S)`, '{{code}}')],
      mappings: [
        { value: '0', text: 'open', color: 'green' },
        { value: '1', text: 'closed', color: 'red' },
      ],
    },
    stat(
      'Cluster',
      'Name of the cluster, protocol and GreptimeDB version.',
      now(`max by (cluster, api, version) (${P}cluster_info$S)`, '{{cluster}} · {{api}} {{version}}'),
      {
        width: 6,
        showsName: true,
        below: stat(
          'Rebalancer',
          'Replicas with their version. A click opens the page of the replica.',
          now(`max by (instance, version) (${P}build_info$S)`, '{{instance}} · {{version}}'),
          {
            width: 6,
            showsName: true,
            link: { title: 'Open the page of this replica', url: 'http://${__field.labels.instance}/' },
          },
        ),
      },
    ),
  ],
};

const BALANCE: Row = {
  title: 'Balance',
  panels: [
    graph('Regions of datanodes', 'Regions that the fullest, the middle and the emptiest datanode lead.', [
      over(`max(max by (datanode) (${P}datanode_regions$S))`, 'most'),
      over(`quantile(0.5, max by (datanode) (${P}datanode_regions$S))`, 'median'),
      over(`min(max by (datanode) (${P}datanode_regions$S))`, 'least'),
    ]),
    {
      title: 'Regions of each datanode now',
      description: 'Regions that each datanode leads at this moment; the 50 with most.',
      type: 'bargauge',
      width: 16,
      height: 8,
      queries: [now(`sort_desc(topk(50, max by (datanode) (${P}datanode_regions$S)))`, '{{datanode}}')],
    },
    graph('Skew', 'Maximum minus minimum over the targets. 1 is as even as whole regions allow.', [
      over(`max(${P}table_skew_max$S)`, 'most skewed table'),
      over(`max(${P}node_skew$S)`, 'datanodes'),
    ]),
    graph('Out of place', 'Regions that are not where they should be, by what is wrong.', [
      over(`max(${P}table_spread_violation$S)`, 'outside the share of a table'),
      over(`max(${P}node_spread_violation$S)`, 'outside the share of a datanode'),
      over(`max(${P}regions_on_draining$S)`, 'on draining datanodes'),
      over(`max(${P}regions_on_dead$S)`, 'on dead datanodes'),
      over(`max(${P}regions_without_leader$S)`, 'without a leader'),
    ]),
    graph(
      'Plan',
      'Moves of the latest plan when it was made, and the proven lower bound. Where the two are equal the plan is proven minimal.',
      [over(`max(${P}plan_moves$S)`, 'moves'), over(`max(${P}plan_minimum_moves$S)`, 'lower bound')],
      {
        width: 6,
      },
    ),
    stat('Proof', 'Whether the latest plan is proven minimal.', now(`min(${P}plan_optimal$S)`), {
      width: 2,
      mappings: [
        { value: '1', text: 'Minimal', color: 'green' },
        { value: '0', text: 'Open', color: 'orange' },
      ],
      below: stat(
        'Unmatched names',
        'Names in the configuration that match nothing in the cluster.',
        now(`max(${P}config_names_unmatched$S)`),
        { width: 2, thresholds: [{ from: 1, color: 'orange' }] },
      ),
    }),
    graph(
      'Blocked',
      'What keeps regions from where they should be, by reason.',
      [
        over(
          `max by (code) (${P}plan_blocked$S) > 0 or label_replace(max(${P}plan_blocked$S) * 0, "code", "nothing", "", "")`,
          '{{code}}',
        ),
      ],
      { stacked: true, hasLegendTable: true },
    ),
    graph('Datanodes', 'Datanodes by state.', [over(`max by (state) (${P}datanodes$S)`, '{{state}}')], {
      stacked: true,
      colors: { target: 'green', draining: 'blue', cordoned: 'yellow', 'query-only': 'purple', dead: 'red' },
    }),
    graph('Regions and tables', 'Regions of the latest snapshot by status, and tables.', [
      over(`max by (status) (${P}regions$S)`, 'regions {{status}}'),
      over(`max(${P}tables$S)`, 'tables'),
    ]),
    graph(
      'Load of datanodes',
      'With the objective load: what the fullest, the middle and the emptiest datanode carry. 0 while regions are counted.',
      [
        over(`max(max by (datanode) (${P}datanode_load$S)) or vector(0)`, 'most'),
        over(`quantile(0.5, max by (datanode) (${P}datanode_load$S)) or vector(0)`, 'median'),
        over(`min(max by (datanode) (${P}datanode_load$S)) or vector(0)`, 'least'),
      ],
      { unit: 'short' },
    ),
    graph(
      'Load imbalance',
      'With the objective load: the highest load over the mean, for weight. 1 is even.',
      [over(`max(${P}load_imbalance$S)`, 'highest over mean')],
    ),
    graph(
      'State of the load',
      'With the objective load. Tolerated: outside the tolerance, below the trigger. Waiting: above the trigger, not for long enough.',
      [over(`max by (state) (${P}load_state$S)`, '{{state}}')],
      {
        stacked: true,
        decimals: 0,
        colors: { even: 'green', tolerated: 'blue', waiting: 'yellow', uneven: 'red' },
      },
    ),
  ],
};

const MIGRATIONS: Row = {
  title: 'Migrations',
  panels: [
    graph(
      'Migrations by outcome',
      'Ended migrations by outcome.',
      [over(events('migrations_total', 'outcome'), '{{outcome}}')],
      { stacked: true, decimals: 0, colors: OUTCOME_COLORS },
    ),
    graph(
      'Migrations by reason',
      'Ended migrations by the reason they were planned.',
      [over(events('migrations_total', 'reason'), '{{reason}}')],
      { stacked: true, decimals: 0 },
    ),
    graph(
      'Duration of a migration',
      'From the start of a move to its proof.',
      [
        over(quantile(0.5, 'migration_duration_seconds'), 'p50'),
        over(quantile(0.95, 'migration_duration_seconds'), 'p95'),
      ],
      { unit: 's' },
    ),
    graph(
      'Wasted and external moves',
      'Moves that went back within the cooldown, moves that others undid or made, and moves found unfinished at a start.',
      [
        over(events('redundant_moves_total'), 'went back'),
        over(events('moves_undone_total'), 'undone by others'),
        over(events('external_moves_total'), 'made by others'),
        over(events('recovered_moves_total'), 'resolved at start'),
      ],
      { width: 12, decimals: 0, colors: { 'went back': 'orange', 'undone by others': 'red' } },
    ),
    graph(
      'Held regions',
      'Regions in quarantine after a failure, and in cooldown after a move.',
      [
        over(`max(${P}quarantined_regions$S)`, 'quarantine'),
        over(`max(${P}quarantined_datanodes$S)`, 'datanodes in quarantine'),
        over(`max(${P}cooldown_regions$S)`, 'cooldown'),
        over(events('quarantines_total'), 'put into quarantine'),
      ],
      {
        width: 12,
        decimals: 0,
        colors: { quarantine: 'red', cooldown: 'blue', 'put into quarantine': 'dark-orange' },
      },
    ),
  ],
};

const HEALTH: Row = {
  title: 'Health',
  panels: [
    graph(
      'Cycles by outcome',
      'Cycles by outcome, and cycles skipped because one was still running.',
      [over(events('cycles_total', 'outcome'), '{{outcome}}'), over(events('ticks_missed_total'), 'missed')],
      { stacked: true, decimals: 0, colors: CYCLE_COLORS },
    ),
    graph(
      'Duration of cycles',
      'Whole cycles, and their snapshots and plans: p95.',
      [
        over(quantile(0.95, 'cycle_duration_seconds'), 'cycle'),
        over(quantile(0.95, 'snapshot_duration_seconds'), 'snapshot'),
        over(quantile(0.95, 'plan_duration_seconds'), 'plan'),
      ],
      { unit: 's' },
    ),
    graph(
      'Age of the snapshot',
      'Age of the latest snapshot, and the time between cycles.',
      [
        over(`max by (instance) (${P}snapshot_age_seconds$S)`, '{{instance}}'),
        over(`max(${P}schedule_interval_seconds$S)`, 'schedule'),
      ],
      { unit: 's' },
    ),
    graph(
      'Requests to GreptimeDB',
      'Requests a second by kind and outcome.',
      [
        over(
          `sum by (endpoint, outcome) (rate(${P}cluster_request_duration_seconds_count$S[$__rate_interval]))`,
          '{{endpoint}} {{outcome}}',
        ),
      ],
      { unit: 'reqps', width: 12, hasLegendTable: true },
    ),
    graph(
      'Duration of requests',
      'By kind: p99.',
      [over(quantile(0.99, 'cluster_request_duration_seconds', 'endpoint'), '{{endpoint}}')],
      { unit: 's', width: 12, hasLegendTable: true },
    ),
    graph(
      'Gates closed',
      'How often a gate forbade moves.',
      [
        over(
          `round(sum by (code) (increase(${P}gate_closed_total$S[$__rate_interval]))) > 0 or label_replace(sum(${P}gate_closed_total$S) * 0, "code", "none", "", "")`,
          '{{code}}',
        ),
      ],
      { decimals: 0, hasLegendTable: true },
    ),
    graph(
      'Configuration and notifications',
      'Reloads of the configuration and webhook notifications, by outcome.',
      [
        over(events('config_reloads_total', 'outcome'), 'configuration {{outcome}}'),
        over(events('notifications_total', 'outcome'), 'notification {{outcome}}'),
      ],
      {
        decimals: 0,
        colors: {
          'configuration refused': 'red',
          'notification failed': 'red',
          'notification dropped': 'dark-orange',
        },
      },
    ),
    {
      title: 'Configuration file',
      description: 'Red while a replica refuses its configuration file and uses the old one.',
      type: 'state-timeline',
      width: 8,
      height: 8,
      queries: [over(`max by (instance) (${P}config_refused$S)`, '{{instance}}')],
      mappings: [
        { value: '0', text: 'in force', color: 'green' },
        { value: '1', text: 'refused', color: 'red' },
      ],
    },
    graph(
      'Memory',
      'Resident memory of the process.',
      [over('process_resident_memory_bytes$S', '{{instance}}')],
      { unit: 'bytes' },
    ),
    graph(
      'Processor',
      'Share of one core.',
      [over('rate(process_cpu_seconds_total$S[$__rate_interval])', '{{instance}}')],
      { unit: 'percentunit' },
    ),
    graph(
      'Event loop',
      'How late the event loop is: p99.',
      [over('nodejs_eventloop_lag_p99_seconds$S', '{{instance}}')],
      {
        unit: 's',
      },
    ),
  ],
};

export const ROWS: readonly Row[] = [VERDICT, BALANCE, MIGRATIONS, HEALTH];

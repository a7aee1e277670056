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

const VERDICT: Row = {
  title: 'Verdict',
  panels: [
    stat(
      'Balance',
      'Regions that are not where the balance wants them: on draining datanodes, or above or below the share of a datanode.',
      now(
        `max(${P}table_spread_violation$S + ${P}node_spread_violation$S + ${P}regions_on_draining$S)`,
        'regions out of place',
      ),
      {
        width: 4,
        mappings: [{ value: '0', text: 'Balanced', color: 'green' }],
        thresholds: [{ from: 1, color: 'orange' }],
      },
    ),
    stat(
      'Moves remaining',
      'Moves of the latest plan that have not ended.',
      now(`max(${P}moves_remaining$S)`),
    ),
    stat(
      'Time left',
      'Expected time until the remaining moves are made, with the waiting for cycles, limits and windows. Empty while it is not known, paused or in dry run.',
      now(`max(${P}eta_seconds$S)`),
      { unit: 's' },
    ),
    stat('Moving now', 'Whether a migration is under way.', now(`max(${P}migrations_in_flight$S)`), {
      mappings: [
        { value: '0', text: 'Nothing', color: 'text' },
        { value: '1', text: 'One region', color: 'blue' },
      ],
    }),
    stat('Paused', 'Whether somebody, or the breaker, paused the rebalancer.', now(`max(${P}paused$S)`), {
      mappings: [
        { value: '0', text: 'No', color: 'green' },
        { value: '1', text: 'Paused', color: 'orange' },
      ],
    }),
    stat('Dry run', 'Whether it only plans and reports.', now(`max(${P}dry_run$S)`), {
      mappings: [
        { value: '0', text: 'No', color: 'green' },
        { value: '1', text: 'Dry run', color: 'blue' },
      ],
    }),
    stat('Leaders', 'Replicas that lead. Exactly one should.', now(`sum(${P}leader$S)`), {
      mappings: [{ value: '0', text: 'None', color: 'red' }],
      thresholds: [{ from: 2, color: 'red' }],
      width: 2,
    }),
    stat(
      'Last success',
      'Time since the end of the latest cycle that read the cluster and did not fail.',
      now(`time() - max(${P}last_success_timestamp_seconds$S > 0)`),
      { unit: 's' },
    ),
    {
      title: 'Gates',
      description: 'What forbids acting: a row is red while its gate is closed.',
      type: 'state-timeline',
      width: 18,
      height: 9,
      queries: [over(`max by (code) (${P}closed_gates$S)`, '{{code}}')],
      mappings: [
        { value: '0', text: 'open', color: 'green' },
        { value: '1', text: 'closed', color: 'red' },
      ],
    },
    stat(
      'Cluster',
      'Name of the cluster, interface and GreptimeDB version.',
      now(`max by (cluster, api, version) (${P}cluster_info$S)`, '{{cluster}} · {{api}} {{version}}'),
      { width: 6, height: 5, showsName: true },
    ),
    stat(
      'Rebalancer',
      'Version of the rebalancer.',
      now(`max by (version) (${P}build_info$S)`, '{{version}}'),
      { width: 6, showsName: true },
    ),
  ],
};

const BALANCE: Row = {
  title: 'Balance',
  panels: [
    graph(
      'Regions of each datanode',
      'Regions in scope that each datanode leads; the 50 with most.',
      [over(`topk(50, max by (datanode) (${P}datanode_regions$S))`, 'datanode {{datanode}}')],
      { width: 12 },
    ),
    {
      title: 'Regions now',
      description: 'The same at this moment, the most first.',
      type: 'bargauge',
      width: 12,
      height: 8,
      queries: [now(`sort_desc(topk(50, max by (datanode) (${P}datanode_regions$S)))`, '{{datanode}}')],
    },
    graph('Skew', 'Maximum minus minimum over the targets. 1 is as even as whole regions allow.', [
      over(`max(${P}table_skew_max$S)`, 'most skewed table'),
      over(`max(${P}node_skew$S)`, 'datanodes'),
    ]),
    graph(
      'Out of place',
      'Regions above the ceiling or below the floor of their share, and those on draining datanodes.',
      [
        over(`max(${P}table_spread_violation$S)`, 'of tables'),
        over(`max(${P}node_spread_violation$S)`, 'of datanodes'),
        over(`max(${P}regions_on_draining$S)`, 'on draining datanodes'),
      ],
    ),
    graph('Plan', 'Moves of the latest plan when it was made, and the proven lower bound.', [
      over(`max(${P}plan_moves$S)`, 'moves'),
      over(`max(${P}plan_minimum_moves$S)`, 'lower bound'),
      over(`max(${P}plan_optimal$S)`, 'meets its bound'),
    ]),
    graph(
      'Blocked',
      'What keeps regions from where they should be, by reason.',
      [
        over(
          `max by (code) (${P}plan_blocked$S) > 0 or label_replace(max(${P}plan_blocked$S) * 0, "code", "nothing", "", "")`,
          '{{code}}',
        ),
      ],
      { stacked: true },
    ),
    graph('Datanodes', 'Datanodes by state.', [over(`max by (state) (${P}datanodes$S)`, '{{state}}')], {
      stacked: true,
    }),
    graph('Regions and tables', 'Regions of the latest snapshot by status, and tables.', [
      over(`max by (status) (${P}regions$S)`, 'regions {{status}}'),
      over(`max(${P}tables$S)`, 'tables'),
    ]),
  ],
};

const MIGRATIONS: Row = {
  title: 'Migrations',
  panels: [
    graph(
      'Moves by outcome',
      'Moves that ended, by how they ended.',
      [over(`sum by (outcome) (increase(${P}migrations_total$S[$__rate_interval]))`, '{{outcome}}')],
      { stacked: true },
    ),
    graph(
      'Moves by reason',
      'Moves that ended, by why they were planned.',
      [over(`sum by (reason) (increase(${P}migrations_total$S[$__rate_interval]))`, '{{reason}}')],
      { stacked: true },
    ),
    graph(
      'Duration of a move',
      'From the begin of a move to its proof.',
      [
        over(quantile(0.5, 'migration_duration_seconds'), 'half within'),
        over(quantile(0.95, 'migration_duration_seconds'), '95 % within'),
      ],
      { unit: 's' },
    ),
    graph(
      'Moves that came to nothing',
      'Moves that went back, were undone by somebody else, or were found unfinished at a start; and those of others.',
      [
        over(`sum(increase(${P}redundant_moves_total$S[$__rate_interval]))`, 'went back within the cooldown'),
        over(`sum(increase(${P}moves_undone_total$S[$__rate_interval]))`, 'undone by others'),
        over(`sum(increase(${P}external_moves_total$S[$__rate_interval]))`, 'made by others'),
        over(`sum(increase(${P}recovered_moves_total$S[$__rate_interval]))`, 'resolved at start'),
      ],
    ),
    graph('Quarantine and cooldown', 'Regions that rest after a failure, or after a move.', [
      over(`max(${P}quarantined_regions$S)`, 'in quarantine'),
      over(`max(${P}cooldown_regions$S)`, 'in cooldown'),
      over(`sum(increase(${P}quarantines_total$S[$__rate_interval]))`, 'put into quarantine'),
    ]),
    graph('Moves left', 'Moves of the latest plan that have not ended.', [
      over(`max(${P}moves_remaining$S)`, 'remaining'),
    ]),
  ],
};

const HEALTH: Row = {
  title: 'Health',
  panels: [
    graph(
      'Cycles by outcome',
      'Turns of the loop, and ticks that fell into a running one.',
      [
        over(`sum by (outcome) (increase(${P}cycles_total$S[$__rate_interval]))`, '{{outcome}}'),
        over(`sum(increase(${P}ticks_missed_total$S[$__rate_interval]))`, 'ticks missed'),
      ],
      { stacked: true },
    ),
    graph(
      'Duration of cycles',
      'Whole cycles, and their snapshots and plans; 95 % were quicker.',
      [
        over(quantile(0.95, 'cycle_duration_seconds'), 'cycle'),
        over(quantile(0.95, 'snapshot_duration_seconds'), 'snapshot'),
        over(quantile(0.95, 'plan_duration_seconds'), 'plan'),
      ],
      { unit: 's' },
    ),
    graph(
      'Age of the snapshot',
      'How old what is known of the cluster is, and the time between ticks.',
      [
        over(`max by (instance) (${P}snapshot_age_seconds$S)`, '{{instance}}'),
        over(`max(${P}schedule_interval_seconds$S)`, 'schedule'),
      ],
      { unit: 's' },
    ),
    graph(
      'Requests to the cluster',
      'Requests each second by kind and outcome.',
      [
        over(
          `sum by (endpoint, outcome) (rate(${P}cluster_request_duration_seconds_count$S[$__rate_interval]))`,
          '{{endpoint}} {{outcome}}',
        ),
      ],
      { unit: 'reqps' },
    ),
    graph(
      'Duration of requests',
      '99 % were quicker, by kind.',
      [over(quantile(0.99, 'cluster_request_duration_seconds', 'endpoint'), '{{endpoint}}')],
      { unit: 's' },
    ),
    graph('Gates closed', 'How often a gate forbade acting.', [
      over(
        `sum by (code) (increase(${P}gate_closed_total$S[$__rate_interval])) > 0 or label_replace(sum(${P}gate_closed_total$S) * 0, "code", "none", "", "")`,
        '{{code}}',
      ),
    ]),
    graph(
      'Configuration and notifications',
      'Reloads of the configuration and webhook notifications by outcome, and whether the configuration file as it is now is refused (1).',
      [
        over(
          `sum by (outcome) (increase(${P}config_reloads_total$S[$__rate_interval]))`,
          'configuration {{outcome}}',
        ),
        over(`max by (instance) (${P}config_refused$S)`, '{{instance}} refuses its file'),
        over(
          `sum by (outcome) (increase(${P}notifications_total$S[$__rate_interval]))`,
          'notification {{outcome}}',
        ),
      ],
    ),
    graph(
      'Memory',
      'Resident memory of the process.',
      [over('process_resident_memory_bytes$S', '{{instance}}')],
      {
        unit: 'bytes',
      },
    ),
    graph(
      'Processor and event loop',
      'Processor time used each second, and how late the event loop is at worst in 99 % of cases.',
      [
        over('rate(process_cpu_seconds_total$S[$__rate_interval])', 'processor {{instance}}'),
        over('nodejs_eventloop_lag_p99_seconds$S', 'event loop {{instance}}'),
      ],
      { unit: 's' },
    ),
  ],
};

export const ROWS: readonly Row[] = [VERDICT, BALANCE, MIGRATIONS, HEALTH];

/** The rows of grafana/dashboard.json about the rebalancer's own work. */
import { events, graph, led, ledEvents, mean, over, P, quantile, rate } from './grafana-panel.ts';
import type { Row } from './grafana-panel.ts';

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
const REQUEST_COLORS = { ok: 'green', error: 'red', timeout: 'orange', refused: 'dark-red' };

export const MIGRATIONS: Row = {
  title: 'Migrations',
  panels: [
    graph(
      'Migrations by outcome',
      'Ended migrations by outcome.',
      [over(events('migrations_total', 'outcome'), '{{outcome}}')],
      { bars: true, colors: OUTCOME_COLORS },
    ),
    graph(
      'Migrations by reason',
      'Ended migrations by the reason they were planned.',
      [over(events('migrations_total', 'reason'), '{{reason}}')],
      { bars: true },
    ),
    graph(
      'Duration of a migration',
      'From the start of a move to its proof.',
      [
        over(mean('migration_duration_seconds'), 'mean'),
        over(quantile(0.95, 'migration_duration_seconds'), 'p95'),
      ],
      { unit: 's', step: '5m' },
    ),
    graph(
      'Trouble with moves',
      'Moves that went back within the cooldown, moves that others undid or made, moves found unfinished at a start, and regions put into quarantine.',
      [
        over(events('redundant_moves_total'), 'went back'),
        over(events('moves_undone_total'), 'undone by others'),
        over(events('external_moves_total'), 'made by others'),
        over(events('recovered_moves_total'), 'resolved at start'),
        over(events('quarantines_total'), 'put into quarantine'),
      ],
      {
        width: 12,
        bars: true,
        colors: {
          'went back': 'orange',
          'undone by others': 'red',
          'made by others': 'blue',
          'resolved at start': 'text',
          'put into quarantine': 'dark-orange',
        },
      },
    ),
    graph(
      'Held back',
      'Regions in cooldown after a move, and regions and datanodes in quarantine after failures.',
      [
        over(led('cooldown_regions'), 'regions in cooldown'),
        over(led('quarantined_regions'), 'regions in quarantine'),
        over(led('quarantined_datanodes'), 'datanodes in quarantine'),
      ],
      {
        width: 12,
        decimals: 0,
        colors: {
          'regions in cooldown': 'blue',
          'regions in quarantine': 'orange',
          'datanodes in quarantine': 'red',
        },
      },
    ),
  ],
};

export const HEALTH: Row = {
  title: 'Health',
  panels: [
    graph(
      'Cycles by outcome',
      'Cycles of the leader by outcome, and those that were missed because one was still running.',
      [
        over(ledEvents('cycles_total', 'outcome', 'outcome!="missed"'), '{{outcome}}'),
        over(ledEvents('ticks_missed_total'), 'missed'),
      ],
      { bars: true, colors: CYCLE_COLORS },
    ),
    graph(
      'Duration of cycles',
      'Whole cycles, and their snapshots and plans: mean.',
      [
        over(mean('cycle_duration_seconds'), 'cycle'),
        over(mean('snapshot_duration_seconds'), 'snapshot'),
        over(mean('plan_duration_seconds'), 'plan'),
      ],
      { unit: 's', step: '5m' },
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
      'Requests a second by outcome.',
      [over(rate('cluster_request_duration_seconds_count', 'outcome'), '{{outcome}}')],
      { unit: 'reqps', width: 6, stacked: true, step: '5m', colors: REQUEST_COLORS },
    ),
    graph(
      'Failed requests',
      'Requests that failed, by kind and outcome.',
      [
        over(
          `${events('cluster_request_duration_seconds_count', 'endpoint, outcome', 'outcome!="ok"')} > 0 or label_replace(sum(${P}cluster_request_duration_seconds_count$S) * 0, "endpoint", "none", "", "")`,
          '{{endpoint}} {{outcome}}',
        ),
      ],
      { width: 6, bars: true },
    ),
    graph(
      'Duration of requests',
      'By kind: p99.',
      [over(quantile(0.99, 'cluster_request_duration_seconds', 'le, endpoint'), '{{endpoint}}')],
      { unit: 's', width: 12, hasLegendTable: true, step: '5m' },
    ),
    graph(
      'Gates closed',
      'How often a gate forbade moves of the leader.',
      [
        over(
          `${ledEvents('gate_closed_total', 'code')} > 0 or label_replace(sum(${P}gate_closed_total$S) * 0, "code", "none", "", "")`,
          '{{code}}',
        ),
      ],
      { bars: true },
    ),
    graph(
      'Configuration and notifications',
      'Reloads of the configuration and webhook notifications, by outcome.',
      [
        over(events('config_reloads_total', 'outcome'), 'config {{outcome}}'),
        over(events('notifications_total', 'outcome'), 'webhook {{outcome}}'),
      ],
      {
        bars: true,
        colors: {
          'config applied': 'green',
          'config refused': 'red',
          'webhook delivered': 'blue',
          'webhook failed': 'orange',
          'webhook dropped': 'purple',
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

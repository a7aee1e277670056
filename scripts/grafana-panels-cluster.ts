/** The rows of grafana/dashboard.json about the cluster: how it stands, what is wrong, what is in the way. */
import { GATE_CODES, GATE_SEVERITY } from '../src/domain/codes.ts';
import { graph, led, ledStat, LEADS, now, over, P, stat } from './grafana-panel.ts';
import type { Mapping, Row } from './grafana-panel.ts';

const YES_NO = (yes: string, color: string): readonly Mapping[] => [
  { value: '0', text: 'No', color: 'green' },
  { value: '1', text: yes, color },
];
const WRONG = [
  'table_spread_violation',
  'node_spread_violation',
  'regions_on_draining',
  'regions_on_dead',
  'regions_without_leader',
  'config_names_unmatched',
];
const GATE = (closed: string): readonly Mapping[] => [
  { value: '0', text: 'open', color: 'green' },
  { value: '1', text: 'closed', color: closed },
];
const NEEDS_PERSON = GATE_CODES.filter((code) => GATE_SEVERITY[code] === 'needs-person');

export const VERDICT: Row = {
  title: 'Verdict',
  panels: [
    ledStat(
      'Out of place',
      'What is wrong, in all: regions above or below the share of a table or a datanode, regions on draining or dead datanodes, regions without a leader, and names in the configuration that match nothing.',
      `max(${WRONG.map((name) => `${P}${name}$S`).join(' + ')} ${LEADS})`,
      {
        mappings: [{ value: '0', text: 'Nothing', color: 'green' }],
        thresholds: [{ from: 1, color: 'orange' }],
      },
    ),
    ledStat('Moves left', 'Moves of the latest plan that have not ended.', led('moves_remaining'), {
      thresholds: [{ from: 1, color: 'blue' }],
    }),
    stat(
      'Time left',
      'Estimated time until the remaining moves are made, including waits for cycles, limits and windows. Unknown also while paused or in dry run.',
      now(led('eta_seconds')),
      { unit: 's', color: 'blue', mappings: [{ value: 'null', text: 'Unknown', color: 'text' }] },
    ),
    ledStat('Moving now', 'Whether a migration is running.', led('migrations_in_flight'), {
      mappings: [
        { value: '0', text: 'No', color: 'text' },
        { value: '1', text: 'One region', color: 'blue' },
      ],
    }),
    ledStat('Paused', 'Whether the rebalancer is paused, by a person or automatically.', led('paused'), {
      mappings: YES_NO('Paused', 'orange'),
    }),
    ledStat('Dry run', 'Whether it only plans and reports.', led('dry_run'), {
      mappings: YES_NO('Dry run', 'blue'),
    }),
    stat('Leaders', 'Replicas that lead. Exactly one should.', now(`sum(${P}leader$S)`), {
      mappings: ['0', 'null'].map((value) => ({ value, text: 'None', color: 'red' })),
      thresholds: [{ from: 2, color: 'red' }],
    }),
    ledStat(
      'Last success',
      'Time since the last successful cycle of the leader. Orange from two intervals of the default schedule on, red from an hour on.',
      `time() - max(${P}last_success_timestamp_seconds$S > 0 ${LEADS})`,
      {
        unit: 's',
        decimals: 0,
        thresholds: [
          { from: 600, color: 'orange' },
          { from: 3_600, color: 'red' },
        ],
      },
    ),
    stat(
      'Cluster',
      'Name of the cluster, protocol and GreptimeDB version.',
      now(`max by (cluster, api, version) (${P}cluster_info$S)`, '{{cluster}} · {{api}} {{version}}'),
      { width: 8, color: 'text', showsName: true },
    ),
    stat(
      'Rebalancer',
      'Replicas with their version; the one that leads is green. A click opens the page of the replica.',
      now(
        `max by (instance, version) (${P}build_info$S * on (job, instance) group_left ${P}leader$S)`,
        '{{instance}} · {{version}}',
      ),
      {
        width: 8,
        color: 'text',
        thresholds: [{ from: 1, color: 'green' }],
        showsName: true,
        link: { title: 'Open the page of this replica', url: 'http://${__field.labels.instance}/' },
      },
    ),
    {
      title: 'Gates',
      description:
        'What forbade moves, when there were moves to make: any gate, and each one that was closed. Red gates stay closed until somebody does something, yellow ones open by themselves.',
      type: 'state-timeline',
      width: 24,
      height: 7,
      queries: [
        over(
          `${led('closed_gates', 'code')} > 0 or min by (code) (${P}closed_gates$S) > 0 or label_replace(${led('closed_gates')} or max(${P}closed_gates$S), "code", "any gate", "", "")`,
          '{{code}}',
        ),
      ],
      mappings: GATE('yellow'),
      exceptions: { names: new RegExp(`^(${NEEDS_PERSON.join('|')})$`), mappings: GATE('red') },
    },
  ],
};

export const BALANCE: Row = {
  title: 'Balance',
  panels: [
    graph('Regions of datanodes', 'Regions that the fullest, the middle and the emptiest datanode lead.', [
      over(`max(${led('datanode_regions', 'datanode')})`, 'most'),
      over(`quantile(0.5, ${led('datanode_regions', 'datanode')})`, 'median'),
      over(`min(${led('datanode_regions', 'datanode')})`, 'least'),
    ]),
    {
      title: 'Regions of each datanode now',
      description: 'Regions that each datanode leads at this moment; the 50 with most.',
      type: 'bargauge',
      width: 16,
      height: 8,
      color: 'blue',
      queries: [now(`sort_desc(topk(50, ${led('datanode_regions', 'datanode')}))`, 'datanode {{datanode}}')],
    },
    graph(
      'Skew',
      'Maximum minus minimum over the targets. 1 is as even as whole regions allow.',
      [over(led('table_skew_max'), 'most skewed table'), over(led('node_skew'), 'datanodes')],
      { width: 6, decimals: 0 },
    ),
    graph(
      'What is out of place',
      'Regions that are not where they should be, by what is wrong.',
      [
        over(led('table_spread_violation'), 'share of a table'),
        over(led('node_spread_violation'), 'share of a datanode'),
        over(led('regions_on_draining'), 'on draining'),
        over(led('regions_on_dead'), 'on dead'),
        over(led('regions_without_leader'), 'without leader'),
      ],
      { decimals: 0, colors: { 'on draining': 'blue', 'on dead': 'red', 'without leader': 'dark-red' } },
    ),
    graph(
      'Plan',
      'Moves of the latest plan when it was made, and the proven lower bound. Where the two are equal the plan is proven minimal.',
      [over(led('plan_moves'), 'moves'), over(led('plan_minimum_moves'), 'lower bound')],
      { width: 6, decimals: 0 },
    ),
    ledStat('Proof', 'Whether the latest plan is proven minimal.', led('plan_optimal'), {
      mappings: [
        { value: '1', text: 'Minimal', color: 'green' },
        { value: '0', text: 'Open', color: 'orange' },
      ],
      below: ledStat(
        'Unmatched',
        'Names in the configuration that match nothing in the cluster.',
        led('config_names_unmatched'),
        { thresholds: [{ from: 1, color: 'orange' }] },
      ),
    }),
    graph(
      'Blocked',
      'What keeps regions from where they should be, by reason.',
      [
        over(
          `${led('plan_blocked', 'code')} > 0 or label_replace(${led('plan_blocked')} * 0, "code", "nothing", "", "")`,
          '{{code}}',
        ),
      ],
      { stacked: true, decimals: 0 },
    ),
    graph('Datanodes', 'Datanodes by state.', [over(led('datanodes', 'state'), '{{state}}')], {
      stacked: true,
      decimals: 0,
      colors: {
        target: 'green',
        draining: 'blue',
        cordoned: 'yellow',
        'query-only': 'purple',
        quarantined: 'orange',
        dead: 'red',
      },
    }),
    graph(
      'Regions and tables',
      'Regions of the latest snapshot by status, and tables.',
      [over(led('regions', 'status'), 'regions {{status}}'), over(led('tables'), 'tables')],
      { decimals: 0 },
    ),
  ],
};

export const LOAD: Row = {
  title: 'Load, with the objective load',
  collapsed: true,
  panels: [
    graph(
      'Load of datanodes',
      'What the fullest, the middle and the emptiest datanode carry. Empty while regions are counted.',
      [
        over(`max(${led('datanode_load', 'datanode')})`, 'most'),
        over(`quantile(0.5, ${led('datanode_load', 'datanode')})`, 'median'),
        over(`min(${led('datanode_load', 'datanode')})`, 'least'),
      ],
      { unit: 'short' },
    ),
    graph(
      'Load imbalance',
      'The highest load over the mean, for weight. 1 is even. Empty while regions are counted.',
      [over(`${led('load_imbalance')} > 0`, 'highest over mean')],
      { min: 1 },
    ),
    graph(
      'State of the load',
      'Tolerated: outside the tolerance, below the trigger. Waiting: above the trigger, not for long enough.',
      [over(led('load_state', 'state'), '{{state}}')],
      {
        stacked: true,
        decimals: 0,
        colors: { even: 'green', tolerated: 'blue', waiting: 'yellow', uneven: 'red' },
      },
    ),
  ],
};

/**
 * Writes grafana/dashboard.json: `node scripts/grafana-dashboard.ts`. test/repo/grafana.test.ts fails when the two differ.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { led } from './grafana-panel.ts';
import type { Mapping, Panel, Query, Row } from './grafana-panel.ts';
import { BALANCE, LOAD, VERDICT } from './grafana-panels-cluster.ts';
import { HEALTH, MIGRATIONS } from './grafana-panels-work.ts';

const FILE = fileURLToPath(new URL('../grafana/dashboard.json', import.meta.url));
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** What `$S` in a query becomes: what was chosen at the top of the dashboard. */
const CHOSEN = 'job=~"$job", instance=~"$instance"';
const INFO = 'greptime_rebalancer_cluster_info';
const COLUMNS = 24;
/** The interval of the default schedule. */
const CYCLE = '5m';

/** The dashboard as the text of its file. */
export async function renderDashboard(): Promise<string> {
  return format(JSON.stringify(dashboard()), { parser: 'json', printWidth: 110 });
}

function dashboard(): object {
  return {
    title: 'GreptimeDB rebalancer',
    uid: 'greptime-rebalancer',
    description:
      'Whether the regions of a GreptimeDB cluster are balanced, what is moving, and what is in the way.',
    tags: ['greptimedb', 'rebalancer'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: '',
    links: [{ title: 'Runbook', type: 'link', icon: 'doc', url: '$runbook', targetBlank: true }],
    annotations: { list: [pauseAnnotations()] },
    templating: { list: variables() },
    panels: layOut([VERDICT, BALANCE, LOAD, MIGRATIONS, HEALTH]),
  };
}

function pauseAnnotations(): object {
  return {
    name: 'Paused',
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'orange',
    expr: `${select(led('paused'))} > 0`,
    titleFormat: 'Paused',
    step: '60s',
  };
}

function variables(): object[] {
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    queryVariable('cluster', 'Cluster', `label_values(${INFO}, cluster)`, false),
    queryVariable('job', 'Job', `label_values(${INFO}{cluster="$cluster"}, job)`, true),
    queryVariable(
      'instance',
      'Instance',
      `label_values(${INFO}{cluster="$cluster", job=~"$job"}, instance)`,
      true,
    ),
    {
      name: 'runbook',
      label: 'Runbook',
      description: 'Where you keep docs/runbook.md: the link at the top leads there.',
      type: 'textbox',
      query: RUNBOOK,
      current: { text: RUNBOOK, value: RUNBOOK },
    },
  ];
}

const RUNBOOK = 'docs/runbook.md';

function queryVariable(name: string, label: string, query: string, many: boolean): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    // Asked again whenever the time range changes: replicas come and go.
    refresh: 2,
    sort: 1,
    includeAll: many,
    multi: many,
    ...(many && { current: { text: 'All', value: '$__all' } }),
  };
}

/** Puts panels beside each other until a line is full; a row has a heading of one line. What a collapsed row holds takes no room. */
function layOut(rows: readonly Row[]): object[] {
  let id = 0;
  let top = 0;
  return rows.flatMap(({ title, panels, collapsed = false }) => {
    const gridPos = { x: 0, y: top, w: COLUMNS, h: 1 };
    const heading = { id: ++id, type: 'row', title, collapsed, gridPos };
    top += 1;
    const below = top;
    let [left, lineHeight] = [0, 0];
    const placed = panels.flatMap((panel) => {
      if (left + panel.width > COLUMNS) {
        top += lineHeight;
        [left, lineHeight] = [0, 0];
      }
      const column = columnOf(panel).map((each, index, all) => {
        const above = all.slice(0, index).reduce((sum, { height }) => sum + height, 0);
        const gridPos = { x: left, y: top + above, w: each.width, h: each.height };
        lineHeight = Math.max(lineHeight, above + each.height);
        return { id: ++id, gridPos, ...panelOf(each) };
      });
      left += panel.width;
      return column;
    });
    top = collapsed ? below : top + lineHeight;
    return collapsed ? [{ ...heading, panels: placed }] : [{ ...heading, panels: [] }, ...placed];
  });
}

/** A panel and those below it. */
function columnOf(panel: Panel): Panel[] {
  return [panel, ...(panel.below ? columnOf(panel.below) : [])];
}

function panelOf(panel: Panel): object {
  const { title, description, type, queries, step, bars } = panel;
  return {
    title,
    description,
    type,
    datasource: DATASOURCE,
    ...((step ?? bars) && { interval: CYCLE }),
    targets: queries.map(targetOf),
    fieldConfig: { defaults: fieldsOf(panel), overrides: overridesOf(panel) },
    options: optionsOf(panel),
  };
}

function overridesOf({ colors = {}, exceptions }: Panel): object[] {
  const colored = Object.entries(colors).map(([name, fixedColor]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  }));
  if (!exceptions) return colored;
  const mapped = {
    matcher: { id: 'byRegexp', options: String(exceptions.names) },
    properties: [{ id: 'mappings', value: exceptions.mappings.map(mappingOf) }],
  };
  return [...colored, mapped];
}

function select(expr: string): string {
  return expr.replaceAll('$S{', `{${CHOSEN}, `).replaceAll('$S', `{${CHOSEN}}`);
}

function targetOf({ expr, legend, instant }: Query, index: number): object {
  return {
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr: select(expr),
    legendFormat: legend === '' ? '__auto' : legend,
    ...(instant === true ? { instant: true, range: false } : { range: true }),
  };
}

function fieldsOf(panel: Panel): object {
  const { type, unit = 'none', link, mappings = [], thresholds = [], min = 0 } = panel;
  const decimals = panel.bars ? 0 : panel.decimals;
  const steps = thresholds.map(({ from, color }) => ({ value: from, color }));
  return {
    unit,
    ...(decimals !== undefined && { decimals }),
    ...(link && { links: [{ ...link, targetBlank: true }] }),
    mappings: mappings.map(mappingOf),
    thresholds: { mode: 'absolute', steps: [{ value: null, color: panel.color ?? 'green' }, ...steps] },
    ...((type === 'timeseries' || type === 'bargauge') && { min }),
    ...(type === 'timeseries' && { custom: curvesOf(panel, decimals === 0) }),
    ...(type === 'state-timeline' && { custom: { fillOpacity: 70, lineWidth: 0 } }),
  };
}

/** Whole numbers that are all 0 get an axis up to 1, not to 100. What is stacked has no lines: those of zeros would lie on top of the others. */
function curvesOf({ bars = false, stacked = bars }: Panel, whole: boolean): object {
  return {
    ...(bars && { drawStyle: 'bars', barAlignment: -1 }),
    ...(whole && { axisSoftMax: 1 }),
    lineWidth: stacked ? 0 : 1,
    fillOpacity: stacked ? 80 : 5,
    showPoints: 'never',
    stacking: { mode: stacked ? 'normal' : 'none' },
  };
}

function mappingOf({ value, text, color }: Mapping, index: number): object {
  const result = { text, color, index };
  if (value === 'null') return { type: 'special', options: { match: 'null+nan', result } };
  return { type: 'value', options: { [value]: result } };
}

function optionsOf({ type, showsName, hasLegendTable }: Panel): object {
  const reduceOptions = { calcs: ['lastNotNull'], fields: '', values: false };
  switch (type) {
    case 'stat':
      return {
        reduceOptions,
        colorMode: 'value',
        graphMode: 'none',
        // Several values stand below each other.
        orientation: 'horizontal',
        textMode: showsName === true ? 'name' : 'value',
      };
    case 'bargauge':
      return { reduceOptions, orientation: 'horizontal', displayMode: 'basic' };
    case 'state-timeline':
      return { mergeValues: true, showValue: 'never', rowHeight: 0.8, legend: { showLegend: false } };
    case 'timeseries':
      return {
        legend: hasLegendTable
          ? { displayMode: 'table', placement: 'right', calcs: ['lastNotNull', 'max'] }
          : { displayMode: 'list', placement: 'bottom' },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
  }
}

if (import.meta.main) writeFileSync(FILE, await renderDashboard());

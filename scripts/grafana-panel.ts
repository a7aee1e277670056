/** What a panel of grafana/dashboard.json is made of. `$S` in a query stands for the selector of the chosen cluster and instances. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Only the newest value, for stats and tables. */
  readonly instant?: boolean;
}

export interface Mapping {
  /** `null`: there is no value, or it is NaN. */
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
  /** The colour below the first threshold; green if absent. `text` for what is neither good nor bad. */
  readonly color?: string;
  /** The series fill the space between each other. */
  readonly stacked?: boolean;
  /** Events of each five minutes, one bar on the other. */
  readonly bars?: boolean;
  /**
   * The shortest step of the queries, for rates of what happens once in a cycle: with the step of a wide panel most windows would be empty,
   * and each event be seen in four windows that overlap. This is the panel's own setting: that of a query would make its windows
   * four times as long.
   */
  readonly step?: '5m';
  /** The axis begins here; 0 if absent. */
  readonly min?: number;
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
  /** Series whose names fit have these texts and colours instead. */
  readonly exceptions?: { readonly names: RegExp; readonly mappings: readonly Mapping[] };
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Shown only once somebody opens it. */
  readonly collapsed?: boolean;
}

export const P = 'greptime_rebalancer_';
export const now = (expr: string, legend = ''): Query => ({ expr, legend, instant: true });
export const over = (expr: string, legend: string): Query => ({ expr, legend });
/** A replica that stands by knows neither drains nor what the leader has moved since: of the cluster only the leader's word counts. */
export const LEADS = `and on (job, instance) ${P}leader$S == 1`;
export const led = (name: string, by = ''): string => `max${grouping(by)} (${P}${name}$S ${LEADS})`;
/** Whole events of each interval: `increase` extrapolates to fractions. */
export const events = (name: string, by = '', where = '', whose = ''): string =>
  `round(sum${grouping(by)} (increase(${P}${name}${where === '' ? '$S' : `$S{${where}}`}[$__rate_interval])${whose}))`;
export const ledEvents = (name: string, by = '', where = ''): string => events(name, by, where, ` ${LEADS}`);
export const rate = (name: string, by = ''): string =>
  `sum${grouping(by)} (rate(${P}${name}$S[$__rate_interval]))`;
export const quantile = (share: number, name: string, by = 'le'): string =>
  `histogram_quantile(${share}, ${rate(`${name}_bucket`, by)})`;
/** Where few happen in an interval, a quantile would tell the bounds of the buckets. */
export const mean = (name: string): string => `${rate(`${name}_sum`)} / ${rate(`${name}_count`)}`;

function grouping(by: string): string {
  return by === '' ? '' : ` by (${by})`;
}

export const stat = (title: string, description: string, query: Query, rest: Partial<Panel> = {}): Panel => ({
  title,
  description,
  type: 'stat',
  width: 4,
  height: 4,
  queries: [query],
  ...rest,
});
export const ledStat = (title: string, description: string, expr: string, rest: Partial<Panel>): Panel => {
  const mappings = [...(rest.mappings ?? []), { value: 'null', text: 'No leader', color: 'text' }];
  return stat(title, description, now(expr), { ...rest, mappings });
};
export const graph = (
  title: string,
  description: string,
  queries: readonly Query[],
  rest: Partial<Panel> = {},
): Panel => ({ title, description, type: 'timeseries', width: 8, height: 8, queries, ...rest });

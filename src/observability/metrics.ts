import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRIC_PREFIX, METRICS } from './metric-definitions.ts';
import type { MetricDefinition, MetricName, OpenLabel, RequestOutcome } from './metric-definitions.ts';

type LabelValues<Labels> = {
  readonly [Name in keyof Labels]: Labels[Name] extends readonly (infer Value)[] ? Value : string;
};

/** A metric without labels takes its number alone; one with labels takes them first. */
type Labelled<Labels, Rest extends unknown[]> = Labels extends object
  ? [labels: LabelValues<Labels>, ...Rest]
  : Rest;

/** Only rises. */
interface CounterOf<Labels> {
  inc(...args: Labelled<Labels, [by?: number]>): void;
}

interface GaugeOf<Labels> {
  set(...args: Labelled<Labels, [value: number]>): void;
}

/** Observes seconds. */
interface HistogramOf<Labels> {
  observe(...args: Labelled<Labels, [seconds: number]>): void;
}

type InstrumentOf<Definition> =
  Definition extends MetricDefinition<'counter', infer Labels>
    ? CounterOf<Labels>
    : Definition extends MetricDefinition<'gauge', infer Labels>
      ? GaugeOf<Labels>
      : Definition extends MetricDefinition<'histogram', infer Labels>
        ? HistogramOf<Labels>
        : never;

/** Metrics that have functions of their own. */
const APART = ['datanode_regions', 'datanode_load', 'cluster_info'] as const;
type InstrumentName = Exclude<MetricName, (typeof APART)[number]>;
type Instruments = { readonly [Name in InstrumentName]: InstrumentOf<(typeof METRICS)[Name]> };

/** Every metric as one typed object. No part of the program but this file knows the metrics library. */
export interface Metrics extends Instruments {
  readonly contentType: string;
  /** The Prometheus text of all metrics. */
  render(): Promise<string>;
  /** Calls back before each scrape, for values that age or live elsewhere. One that throws leaves its values as they were. */
  onScrape(update: () => void): void;
  /** Replaces all series with a label for the datanode, so that one which left has none. Cheap while the list is the same object. */
  setDatanodes(datanodes: readonly MeasuredDatanode[]): void;
  /** Replaces the one series of `cluster_info`. */
  setClusterInfo(labels: LabelValues<NonNullable<typeof METRICS.cluster_info.labels>>): void;
  /** One request to the cluster. */
  observeRequest(request: ClusterRequest): void;
}

interface MeasuredDatanode {
  readonly id: string;
  readonly regions: number;
  readonly load?: number | undefined;
}

interface ClusterRequest {
  /** The kind of request, of the adapters' closed list: `route`, `sql-procedure-state`. */
  readonly endpoint: string;
  readonly outcome: RequestOutcome;
  readonly durationMs: number;
}

export interface MetricsOptions {
  readonly version: string;
  /** Also memory, processor, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean;
}

/** The adapters have some twenty. More, or what is no such word (an address, say), share the label `other`. */
const MAX_ENDPOINTS = 64;
const ENDPOINT_WORD = /^[a-z][a-z-]{0,39}$/;

/** Creates all metrics in a registry of their own, each series of a closed label at 0. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  const clusterInfo = createGauge(registry, 'cluster_info');
  const updates: (() => void)[] = [];
  const endpoints = new Set<string>();
  instruments.build_info.set({ version: options.version }, 1);
  instruments.snapshot_age_seconds.set(Number.NaN);
  const datanodeSeries = createDatanodeSeries();
  return {
    ...instruments,
    contentType: registry.contentType,
    async render() {
      updates.forEach(attempt);
      const texts = await Promise.all([registry.metrics(), datanodeSeries.render()]);
      return texts.join('\n');
    },
    onScrape: (update) => void updates.push(update),
    setDatanodes: (datanodes) => datanodeSeries.set(datanodes),
    setClusterInfo(labels) {
      clusterInfo.reset();
      clusterInfo.set(labels, 1);
    },
    observeRequest({ endpoint, outcome, durationMs }) {
      const label = boundedLabel(endpoints, endpoint);
      instruments.cluster_request_duration_seconds.observe({ endpoint: label, outcome }, durationMs / 1_000);
    },
  };
}

/** A store that fails must not take the other metrics along: that is when they are needed most. */
function attempt(update: () => void): void {
  try {
    update();
  } catch {
    return;
  }
}

/**
 * The metrics with a series for each datanode. With a thousand of them they are most of the text, and between two moves they stay the same: they
 * are written when first asked for after a change.
 */
function createDatanodeSeries(): {
  set(datanodes: readonly MeasuredDatanode[]): void;
  render(): Promise<string>;
} {
  const registry = new Registry();
  const regionsGauge = createGauge(registry, 'datanode_regions');
  const loadGauge = createGauge(registry, 'datanode_load');
  let text: Promise<string> | undefined;
  let current: readonly MeasuredDatanode[] = [];
  return {
    set(datanodes) {
      if (datanodes === current) return;
      current = datanodes;
      text = undefined;
    },
    render() {
      if (text) return text;
      regionsGauge.reset();
      loadGauge.reset();
      for (const { id, regions, load } of current) {
        regionsGauge.set({ datanode: id }, regions);
        if (load !== undefined) loadGauge.set({ datanode: id }, load);
      }
      text = registry.metrics();
      return text;
    },
  };
}

function createInstruments(registry: Registry): Instruments {
  const names = (Object.keys(METRICS) as MetricName[]).filter(
    (name) => !APART.some((other) => other === name),
  );
  return Object.fromEntries(names.map((name) => [name, createInstrument(registry, name)])) as Instruments;
}

function createGauge(registry: Registry, name: MetricName): Gauge {
  return new Gauge(configurationOf(registry, name));
}

function configurationOf(registry: Registry, name: MetricName) {
  const { help, labels = {} }: MetricDefinition = METRICS[name];
  return { name: METRIC_PREFIX + name, help, labelNames: Object.keys(labels), registers: [registry] };
}

function createInstrument(registry: Registry, name: MetricName): unknown {
  const configuration = configurationOf(registry, name);
  const { type, labels, buckets = [] }: MetricDefinition = METRICS[name];
  const series = closedSeries(labels);
  switch (type) {
    case 'counter': {
      const counter = new Counter(configuration);
      for (const values of series) counter.inc(values, 0);
      return counter;
    }
    case 'gauge': {
      const gauge = new Gauge(configuration);
      for (const values of series) gauge.set(values, 0);
      return gauge;
    }
    case 'histogram': {
      const histogram = new Histogram({ ...configuration, buckets: [...buckets] });
      for (const values of series) histogram.zero(values);
      return histogram;
    }
  }
}

/** All combinations of the label values, or none when a label is open. */
function closedSeries(labels: MetricDefinition['labels'] = {}): Record<string, string>[] {
  return Object.entries<readonly string[] | OpenLabel>(labels).reduce<Record<string, string>[]>(
    (series, [name, values]) =>
      values === 'any'
        ? []
        : series.flatMap((known) => values.map((value: string) => ({ ...known, [name]: value }))),
    [{}],
  );
}

function boundedLabel(known: Set<string>, value: string): string {
  if (known.has(value)) return value;
  if (known.size >= MAX_ENDPOINTS || !ENDPOINT_WORD.test(value)) return 'other';
  known.add(value);
  return value;
}

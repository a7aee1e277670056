import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRIC_PREFIX, METRICS } from './metric-definitions.ts';
import type { MetricDefinition, MetricName, OpenLabel } from './metric-definitions.ts';

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
  /** Ends all series, so that those of what has gone do not stay. */
  reset(): void;
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

type Instruments = { readonly [Name in MetricName]: InstrumentOf<(typeof METRICS)[Name]> };

/** Every metric as one typed object. No part of the program but this file knows the metrics library. */
export interface Metrics extends Instruments {
  readonly contentType: string;
  /** The Prometheus text of all metrics. */
  render(): Promise<string>;
  /** Calls back before each scrape, for values that age or live elsewhere. One that throws leaves its values as they were. */
  onScrape(update: () => void): void;
}

export interface MetricsOptions {
  readonly version: string;
  /** Also memory, processor, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean;
}

/** Creates all metrics in a registry of their own, each series of a closed label at 0. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) {
    collectDefaultMetrics({ register: registry });
    // Gauges with the name of a counter, which `promtool check metrics` faults. Each is the sum of one that stays.
    for (const what of ['handles', 'requests', 'resources'])
      registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }
  const instruments = createInstruments(registry);
  const updates: (() => void)[] = [];
  instruments.build_info.set({ version: options.version }, 1);
  instruments.snapshot_age_seconds.set(Number.NaN);
  return {
    ...instruments,
    contentType: registry.contentType,
    render() {
      updates.forEach(attempt);
      return registry.metrics();
    },
    onScrape: (update) => void updates.push(update),
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

function createInstruments(registry: Registry): Instruments {
  const names = Object.keys(METRICS) as MetricName[];
  return Object.fromEntries(names.map((name) => [name, createInstrument(registry, name)])) as Instruments;
}

function createInstrument(registry: Registry, name: MetricName): unknown {
  const { type, help, labels = {}, buckets = [] }: MetricDefinition = METRICS[name];
  const labelNames = Object.keys(labels);
  const configuration = { name: METRIC_PREFIX + name, help, labelNames, registers: [registry] };
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
function closedSeries(labels: NonNullable<MetricDefinition['labels']>): Record<string, string>[] {
  return Object.entries<readonly string[] | OpenLabel>(labels).reduce<Record<string, string>[]>(
    (series, [name, values]) =>
      values === 'any'
        ? []
        : series.flatMap((known) => values.map((value: string) => ({ ...known, [name]: value }))),
    [{}],
  );
}

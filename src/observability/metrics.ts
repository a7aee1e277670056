import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { GATE_CODES } from '../domain/codes.ts';
import type { GateCode } from '../domain/codes.ts';
import type { Clock } from '../lib/clock.ts';
import { METRIC_PREFIX, METRICS } from './metric-definitions.ts';
import type { MetricDefinition, MetricKey, OpenLabel, RequestOutcome } from './metric-definitions.ts';

type LabelValues<Labels> = {
  readonly [Name in keyof Labels]: Labels[Name] extends readonly (infer Value)[] ? Value : string;
};

/** A metric without labels takes its number alone; one with labels takes them first. */
type Labelled<Labels, Rest extends unknown[]> = keyof Labels extends never
  ? Rest
  : [labels: LabelValues<Labels>, ...Rest];

/** Only rises. */
export interface CounterOf<Labels> {
  inc(...args: Labelled<Labels, [by?: number]>): void;
}

export interface GaugeOf<Labels> {
  set(...args: Labelled<Labels, [value: number]>): void;
}

/** Observes seconds. */
export interface HistogramOf<Labels> {
  observe(...args: Labelled<Labels, [seconds: number]>): void;
}

type InstrumentOf<Definition extends MetricDefinition> = Definition['type'] extends 'counter'
  ? CounterOf<Definition['labels']>
  : Definition['type'] extends 'gauge'
    ? GaugeOf<Definition['labels']>
    : HistogramOf<Definition['labels']>;

/** One metric has its own function, {@link Metrics.setDatanodeRegions}. */
type InstrumentKey = Exclude<MetricKey, 'datanodeRegions'>;
type Instruments = { readonly [Key in InstrumentKey]: InstrumentOf<(typeof METRICS)[Key]> };

/** Values that are asked for at each scrape, because they age or live elsewhere. */
export interface MetricSources {
  /** When the latest snapshot was taken, in ms since 1970. */
  readonly snapshotTakenAtMs?: () => number | undefined;
  /** What is left of the plan. `etaMs` is undefined while unknown. */
  readonly progress?: () => { readonly movesRemaining: number; readonly etaMs: number | undefined };
  /** What forbids acting now. */
  readonly closedGates?: () => Iterable<GateCode>;
  readonly quarantinedRegions?: () => number;
  readonly coolingRegions?: () => number;
  readonly paused?: () => boolean;
  /** The configuration may be reloaded. */
  readonly dryRun?: () => boolean;
  /** Whether the configuration file was refused when it was last read. */
  readonly configRefused?: () => boolean;
  readonly leader?: () => boolean;
  /** Undefined without a schedule. */
  readonly scheduleIntervalMs?: () => number | undefined;
  /** The labels of `cluster_info`; what is not known yet is empty. */
  readonly cluster?: () => ClusterLabels;
}

export interface ClusterLabels {
  readonly cluster: string;
  readonly api: string;
  readonly version: string;
}

/** Every metric as one typed object. No part of the program but this file knows the metrics library. */
export interface Metrics extends Instruments {
  readonly contentType: string;
  /** The Prometheus text of all metrics. */
  render(): Promise<string>;
  /** Adds sources of values; each replaces an earlier one of its name. A source that throws leaves its value as it was. */
  addSources(sources: MetricSources): void;
  /** Replaces all series of `datanode_regions`, so that a datanode which left has none. */
  setDatanodeRegions(regions: Iterable<readonly [datanodeId: string, regions: number]>): void;
  /** One request to the cluster. */
  observeRequest(request: ClusterRequest): void;
}

export interface ClusterRequest {
  /** The kind of request, of the adapters' closed list: `route`, `sql-procedure-state`. */
  readonly endpoint: string;
  readonly outcome: RequestOutcome;
  readonly durationMs: number;
}

export interface MetricsOptions {
  readonly version: string;
  readonly dryRun: boolean;
  /** Also memory, processor, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean;
}

/** The adapters have some twenty. More, or what is no such word (an address, say), share the label `other`. */
const MAX_ENDPOINTS = 64;
const ENDPOINT_WORD = /^[a-z][a-z-]{0,39}$/;

/** Creates all metrics in a registry of their own, each series of a closed label at 0. */
export function createMetrics(options: MetricsOptions, dependencies: { readonly clock: Clock }): Metrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  const sources: { -readonly [Key in keyof MetricSources]: MetricSources[Key] } = {};
  const endpoints = new Set<string>();
  instruments.dryRun.set(options.dryRun ? 1 : 0);
  instruments.buildInfo.set({ version: options.version }, 1);
  instruments.snapshotAgeSeconds.set(Number.NaN);
  const datanodeRegions = createDatanodeRegions();
  return {
    ...instruments,
    contentType: registry.contentType,
    render() {
      collect(instruments, sources, dependencies.clock);
      attempt(sources.cluster, ({ cluster, api, version }) => {
        resetSeries(registry, METRICS.clusterInfo);
        instruments.clusterInfo.set({ cluster, api, version }, 1);
      });
      return Promise.all([registry.metrics(), datanodeRegions.render()]).then((texts) => texts.join('\n'));
    },
    addSources: (added) => void Object.assign(sources, added),
    setDatanodeRegions: (regions) => datanodeRegions.set(regions),
    observeRequest({ endpoint, outcome, durationMs }) {
      const label = boundedLabel(endpoints, endpoint);
      instruments.clusterRequestDurationSeconds.observe({ endpoint: label, outcome }, durationMs / 1_000);
    },
  };
}

/** Forgets the series of a metric whose labels are open. */
function resetSeries(registry: Registry, { name }: MetricDefinition): void {
  registry.getSingleMetric(`${METRIC_PREFIX}${name}`)?.reset();
}

interface DatanodeRegions {
  set(regions: Iterable<readonly [datanodeId: string, regions: number]>): void;
  render(): Promise<string>;
}

/**
 * The one metric with a series for each datanode. With a thousand of them it is most of the text, and between two moves it stays the same: it
 * is written when first asked for after a change.
 */
function createDatanodeRegions(): DatanodeRegions {
  const registry = new Registry();
  const { name, help } = METRICS.datanodeRegions;
  const gauge = new Gauge({
    name: `${METRIC_PREFIX}${name}`,
    help,
    labelNames: ['datanode'],
    registers: [registry],
  });
  let text: Promise<string> | undefined;
  let current: readonly (readonly [string, number])[] = [];
  return {
    set(regions) {
      current = [...regions];
      text = undefined;
    },
    render() {
      if (text) return text;
      gauge.reset();
      for (const [datanode, count] of current) gauge.set({ datanode }, count);
      text = registry.metrics();
      return text;
    },
  };
}

function createInstruments(registry: Registry): Instruments {
  const create = <Key extends InstrumentKey>(key: Key): [Key, unknown] => [
    key,
    createInstrument(registry, METRICS[key]),
  ];
  const keys = (Object.keys(METRICS) as MetricKey[]).filter((key) => key !== 'datanodeRegions');
  return Object.fromEntries(keys.map(create)) as Instruments;
}

function createInstrument(registry: Registry, definition: MetricDefinition): unknown {
  const configuration = {
    name: `${METRIC_PREFIX}${definition.name}`,
    help: definition.help,
    labelNames: Object.keys(definition.labels),
    registers: [registry],
  };
  const series = closedSeries(definition.labels);
  switch (definition.type) {
    case 'counter': {
      const counter = new Counter(configuration);
      for (const labels of series) counter.inc(labels, 0);
      return counter;
    }
    case 'gauge': {
      const gauge = new Gauge(configuration);
      // A gate that nothing has asked yet is not closed.
      const initial = definition.name === METRICS.gateOpen.name ? 1 : 0;
      for (const labels of series) gauge.set(labels, initial);
      return gauge;
    }
    case 'histogram': {
      const histogram = new Histogram({ ...configuration, buckets: [...(definition.buckets ?? [])] });
      for (const labels of series) histogram.zero(labels);
      return histogram;
    }
  }
}

/** All combinations of the label values, or none when a label is open. */
function closedSeries(labels: MetricDefinition['labels']): Record<string, string>[] {
  return Object.entries<readonly string[] | OpenLabel>(labels).reduce<Record<string, string>[]>(
    (series, [name, values]) =>
      values === 'any'
        ? []
        : series.flatMap((known) => values.map((value: string) => ({ ...known, [name]: value }))),
    [{}],
  );
}

function collect(instruments: Instruments, sources: MetricSources, clock: Clock): void {
  attempt(sources.snapshotTakenAtMs, (takenAtMs) => {
    const ageMs = takenAtMs === undefined ? Number.NaN : Math.max(0, clock.now() - takenAtMs);
    instruments.snapshotAgeSeconds.set(ageMs / 1_000);
  });
  attempt(sources.progress, ({ movesRemaining, etaMs }) => {
    instruments.movesRemaining.set(movesRemaining);
    instruments.etaSeconds.set(movesRemaining === 0 ? 0 : (etaMs ?? Number.NaN) / 1_000);
  });
  attempt(sources.closedGates, (codes) => {
    const closed = new Set(codes);
    for (const code of GATE_CODES) instruments.gateOpen.set({ code }, closed.has(code) ? 0 : 1);
  });
  attempt(sources.quarantinedRegions, (count) => instruments.quarantinedRegions.set(count));
  attempt(sources.coolingRegions, (count) => instruments.coolingRegions.set(count));
  attempt(sources.dryRun, (dryRun) => instruments.dryRun.set(dryRun ? 1 : 0));
  attempt(sources.configRefused, (refused) => instruments.configRefused.set(refused ? 1 : 0));
  attempt(sources.paused, (paused) => instruments.paused.set(paused ? 1 : 0));
  attempt(sources.leader, (leader) => instruments.leader.set(leader ? 1 : 0));
  attempt(sources.scheduleIntervalMs, (intervalMs) =>
    instruments.scheduleIntervalSeconds.set((intervalMs ?? 0) / 1_000),
  );
}

/** A store that fails must not take the other metrics along: that is when they are needed most. */
function attempt<Value>(source: (() => Value) | undefined, use: (value: Value) => void): void {
  if (!source) return;
  let value: Value;
  try {
    value = source();
  } catch {
    return;
  }
  use(value);
}

function boundedLabel(known: Set<string>, value: string): string {
  if (known.has(value)) return value;
  if (known.size >= MAX_ENDPOINTS || !ENDPOINT_WORD.test(value)) return 'other';
  known.add(value);
  return value;
}

import { OperatingError } from '../../src/domain/errors.ts';
import type { DatanodeId, ProcedureId, RegionId } from '../../src/domain/ids.ts';
import type { MigrationRequest } from '../../src/domain/migrate-call.ts';
import type { Datanode, Snapshot } from '../../src/domain/snapshot.ts';
import type {
  CallOptions,
  Cluster,
  ClusterProfile,
  ClusterSafety,
  ProcedureReading,
  RegionProcedure,
  RegionReading,
  RefusalCode,
  SubmitOptions,
  SubmitResult,
} from '../../src/greptimedb/port.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { SMALL_SNAPSHOT } from './plans.ts';

/** What the cluster does with the next migration that is asked for. Times in ms after the request. */
export interface Behaviour {
  /** What the asker is told. `lost`: nothing, though the request arrived. `unsent`: the port's rejection. */
  readonly answer?: 'accepted' | 'lost' | 'already-there' | 'unsent' | RefusalCode | undefined;
  /** False: the request never reached anything. Default: true, unless the answer is a refusal. */
  readonly arrives?: boolean | undefined;
  readonly arrivesAtMs?: number | undefined;
  /** When the procedure becomes known; null: never, and nothing comes of it. */
  readonly registersAtMs?: number | null | undefined;
  readonly downgradesAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
  /** Where the region is led in the end. `stuck`: nowhere; `dropped`: it is gone. Default: the target. */
  readonly region?:
    'target' | 'source' | 'stuck' | 'dropped' | { readonly elsewhere: DatanodeId } | undefined;
  readonly status?: 'done' | 'failed' | undefined;
  readonly error?: string | undefined;
  /** From when on the procedure is not known any more. */
  readonly forgottenAtMs?: number | undefined;
  /** For how long after the end the route reads as before. */
  readonly staleForMs?: number | undefined;
}

interface Migration {
  readonly id: ProcedureId;
  readonly request: MigrationRequest;
  readonly behaviour: Behaviour;
  readonly atMs: number;
  endedAtMs?: number;
}

interface FakeRegion {
  leader: DatanodeId | null;
  followers: DatanodeId[];
  status: 'alive' | 'migrating' | 'staging';
  gone: boolean;
  /** What readers see until then, in place of the truth. */
  stale?: { readonly leader: DatanodeId | null; readonly untilMs: number };
}

export interface FakeClusterOptions {
  readonly datanodes?: readonly DatanodeId[];
  /** Region id to leader. */
  readonly regions: Readonly<Record<RegionId, DatanodeId>>;
  /** Before 0.9.4: false. */
  readonly listsProcedures?: boolean;
  /** Before 0.7: false. */
  readonly hasProcedureState?: boolean;
  /** 1.1 and later: true. */
  readonly confirmsWritable?: boolean;
  /** What a migration does that is not scripted. Default: it succeeds after two seconds. */
  readonly behave?: (request: MigrationRequest) => Behaviour;
}

/** A cluster whose every answer is scripted, in virtual time, and that keeps book of what was asked of it. */
export class FakeCluster implements Cluster {
  readonly profile: ClusterProfile;
  readonly submissions: MigrationRequest[] = [];
  readonly regions = new Map<RegionId, FakeRegion>();
  /** Foreign procedures that are listed as they are. */
  readonly foreign: RegionProcedure[] = [];
  readonly #clock: Clock;
  readonly #migrations: Migration[] = [];
  readonly #dead = new Set<DatanodeId>();
  readonly #datanodes: readonly DatanodeId[];
  readonly #listsProcedures: boolean;
  readonly #hasProcedureState: boolean;
  readonly #confirmsWritable: boolean;
  readonly #behave: (request: MigrationRequest) => Behaviour;
  #behaviours: Behaviour[] = [];
  #outage: { readonly fromMs: number; readonly untilMs: number } | undefined;
  /** The most migrations that were ever under way at one time. */
  maxInFlight = 0;
  safety: ClusterSafety = { maintenance: false, procedureManager: 'running' };
  /** Called before every request, with its name. */
  onRequest: (name: string) => void = () => undefined;
  /** Called when a submitted request has arrived and before its answer leaves. */
  onSubmitted: () => void = () => undefined;

  constructor(options: FakeClusterOptions, clock: Clock) {
    this.#clock = clock;
    this.#datanodes = options.datanodes ?? ['0', '1', '2'];
    this.#listsProcedures = options.listsProcedures ?? true;
    this.#hasProcedureState = options.hasProcedureState ?? true;
    this.#confirmsWritable = options.confirmsWritable ?? false;
    this.#behave = options.behave ?? (() => ({}));
    this.profile = {
      api: 'sql',
      version: '',
      features: [],
      refusesDuplicates: true,
    };
    for (const [id, leader] of Object.entries(options.regions)) {
      this.regions.set(id, { leader, followers: [], status: 'alive', gone: false });
    }
  }

  /** Scripts the next migrations, one behaviour each, before what `behave` says of all others. */
  script(...behaviours: Behaviour[]): void {
    this.#behaviours = behaviours;
  }

  kill(datanode: DatanodeId): void {
    this.#dead.add(datanode);
  }

  /** Every request fails in that time. */
  outage(afterMs: number, durationMs: number): void {
    const fromMs = this.#clock.monotonicMs() + afterMs;
    this.#outage = { fromMs, untilMs: fromMs + durationMs };
  }

  region(id: RegionId): FakeRegion {
    const region = this.regions.get(id);
    if (!region) throw new Error(`The test knows no region ${id}`);
    this.#settle();
    return region;
  }

  async readRegion(regionId: RegionId, { signal }: CallOptions): Promise<RegionReading> {
    await this.#answer('readRegion', signal);
    const region = this.regions.get(regionId);
    if (!region || region.gone) return { kind: 'gone' };
    const isStale = region.stale !== undefined && this.#clock.monotonicMs() < region.stale.untilMs;
    return {
      kind: 'found',
      leader: isStale ? region.stale!.leader : region.leader,
      followers: region.followers,
      status: isStale ? 'alive' : region.status,
      ...(this.#confirmsWritable && {
        writableOn: region.leader !== null && region.status === 'alive' ? [region.leader] : [],
      }),
    };
  }

  async readDatanodes({ signal }: CallOptions): Promise<readonly Datanode[]> {
    await this.#answer('readDatanodes', signal);
    return this.#datanodes.map((id) => ({
      id,
      addr: `datanode-${id}:4001`,
      status: this.#dead.has(id) ? 'dead' : 'alive',
    }));
  }

  async readSafety({ signal }: CallOptions): Promise<ClusterSafety> {
    await this.#answer('readSafety', signal);
    return this.safety;
  }

  async listProcedures({ signal }: CallOptions): Promise<readonly RegionProcedure[] | 'unsupported'> {
    await this.#answer('listProcedures', signal);
    if (!this.#listsProcedures) return 'unsupported';
    const ours = this.#migrations.filter((migration) => this.#isKnown(migration));
    return [...this.foreign, ...ours.map((migration) => this.#listed(migration))];
  }

  async readProcedure(procedureId: ProcedureId, { signal }: CallOptions): Promise<ProcedureReading> {
    await this.#answer('readProcedure', signal);
    if (!this.#hasProcedureState) return { kind: 'unsupported' };
    const migration = this.#migrations.find(({ id }) => id === procedureId);
    if (!migration || !this.#isKnown(migration)) return { kind: 'not-found' };
    if (migration.endedAtMs === undefined) return { kind: 'active', status: 'running' };
    const { status = 'done', error } = migration.behaviour;
    return { kind: 'ended', status, ...(error !== undefined && { error }) };
  }

  async submitMigration(
    request: MigrationRequest,
    { signal, mayStart }: SubmitOptions,
  ): Promise<SubmitResult> {
    this.onRequest('submitMigration');
    signal.throwIfAborted();
    if (mayStart?.() === false) throw new OperatingError('not-sent', 'It may not leave.');
    this.#settle();
    const behaviour = this.#behaviours.shift() ?? this.#behave(request);
    const { answer = 'accepted' } = behaviour;
    if (answer === 'unsent') throw new OperatingError('unsent', 'The connection was refused.');
    this.submissions.push(request);
    const arrives = behaviour.arrives ?? (answer === 'accepted' || answer === 'lost');
    const id = `procedure-${this.submissions.length}`;
    if (arrives) this.#start({ id, request, behaviour, atMs: this.#clock.monotonicMs() });
    this.onSubmitted();
    if (answer === 'accepted') return { kind: 'accepted', procedureId: id };
    if (answer === 'lost') return { kind: 'unclear', message: 'The answer was lost.' };
    if (answer === 'already-there') return { kind: 'already-there' };
    return { kind: 'refused', code: answer, message: `Refused: ${answer}` };
  }

  /** Two regions of one table, whatever the script says: tests put their own in its place. */
  readSnapshot(): Promise<Snapshot> {
    return Promise.resolve({ ...SMALL_SNAPSHOT, takenAt: new Date(this.#clock.now()).toISOString() });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #answer(name: string, signal: AbortSignal): Promise<void> {
    this.onRequest(name);
    await Promise.resolve();
    signal.throwIfAborted();
    const nowMs = this.#clock.monotonicMs();
    if (this.#outage && nowMs >= this.#outage.fromMs && nowMs < this.#outage.untilMs) {
      throw new OperatingError('cluster-unreachable', `${name}: nobody answers.`);
    }
    this.#settle();
  }

  #start(migration: Migration): void {
    this.#migrations.push(migration);
    const isRunning = ({ endedAtMs, behaviour }: Migration): boolean =>
      endedAtMs === undefined && behaviour.registersAtMs !== null;
    this.maxInFlight = Math.max(this.maxInFlight, this.#migrations.filter(isRunning).length);
  }

  #isKnown({ behaviour, atMs }: Migration): boolean {
    const sinceMs = this.#clock.monotonicMs() - atMs;
    const { registersAtMs = 0, arrivesAtMs = 0, forgottenAtMs = Infinity } = behaviour;
    return registersAtMs !== null && sinceMs >= registersAtMs + arrivesAtMs && sinceMs < forgottenAtMs;
  }

  #listed(migration: Migration): RegionProcedure {
    const isActive = migration.endedAtMs === undefined;
    const wallOffsetMs = this.#clock.now() - this.#clock.monotonicMs();
    return {
      procedureId: migration.id,
      type: 'metasrv-procedure::RegionMigration',
      isRegionMigration: true,
      active: isActive,
      regionIds: [migration.request.regionId],
      status: isActive ? 'Running' : 'Done',
      startedAtMs: wallOffsetMs + migration.atMs,
    };
  }

  /** Brings every migration to where it is by now. */
  #settle(): void {
    for (const migration of this.#migrations) {
      const { behaviour, request, atMs } = migration;
      const region = this.regions.get(request.regionId)!;
      const sinceMs = this.#clock.monotonicMs() - atMs - (behaviour.arrivesAtMs ?? 0);
      if (migration.endedAtMs !== undefined || behaviour.registersAtMs === null) continue;
      const endsAtMs = behaviour.endsAtMs ?? 2_000;
      if (sinceMs >= (behaviour.downgradesAtMs ?? Infinity)) region.status = 'migrating';
      if (sinceMs < endsAtMs) continue;
      migration.endedAtMs = atMs + endsAtMs;
      settleRegion(region, migration);
    }
  }
}

function settleRegion(region: FakeRegion, { behaviour, request, endedAtMs = 0 }: Migration): void {
  const { region: where = 'target', staleForMs } = behaviour;
  if (staleForMs !== undefined) region.stale = { leader: region.leader, untilMs: endedAtMs + staleForMs };
  region.status = where === 'stuck' ? 'migrating' : 'alive';
  if (where === 'target') region.leader = request.to;
  if (where === 'dropped') region.gone = true;
  if (typeof where === 'object') region.leader = where.elsewhere;
}

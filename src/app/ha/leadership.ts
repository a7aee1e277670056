import { describeError, OperatingError } from '../../domain/errors.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import { MAX_NOTE_CHARACTERS, type LeaderElection } from '../../ha/port.ts';
import { deadlineSignal, sleep, type Clock } from '../../lib/clock.ts';
import type { EventSink, EventSource, StampedEvent } from '../../observability/events.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Store } from '../../store/port.ts';
import { importHandover } from './import-handover.ts';
import { withSubmit } from '../daemon/connection.ts';
import { describeHandover, parseHandover } from './handover.ts';

/** Whether this replica may act, and who else does. */
export interface Leadership {
  /** Competes for the lead. `onTakeover` is called at the begin of every term, as soon as this replica may act. */
  start(onTakeover: () => void): void;
  /** Whether this replica leads at this moment and has taken over what the last leader left. */
  isActing(): boolean;
  /** The term in which it acts: each time that it takes over another one. What was begun in one term must not go on in the next. */
  actingTerm(): number | undefined;
  status(): { readonly leads: boolean; readonly holder: string | null };
  /** Why nobody can act: no replica leads, or this one does and cannot take over. Undefined when all is well, as far as is known. */
  problem(): string | undefined;
  /**
   * The cluster for this replica: every request for a migration is preceded by a fresh proof that this replica still leads. Whether it
   * does so at the first byte as well, the executor asks.
   */
  guard(cluster: Cluster): Cluster;
  /** Leaves for a successor what it has to know. @throws OperatingError when this replica does not lead, or that cannot be known. */
  publish(signal: AbortSignal): Promise<void>;
  /** Gives up the lead, so that another replica can take it at once. */
  stop(): Promise<void>;
}

/** There is but one replica: it leads. */
export const SOLE_LEADER: Leadership = {
  start: () => undefined,
  isActing: () => true,
  actingTerm: () => 1,
  status: () => ({ leads: true, holder: null }),
  problem: () => undefined,
  guard: (cluster) => cluster,
  publish: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

interface LeadershipOptions {
  readonly identity: string;
  /** The longest that one writing of the note may take, and the longest rest between two tries, in ms. */
  readonly writeLimitMs: number;
  readonly retryMs: number;
}

/** What leadership needs of the session that it belongs to. */
export interface LeadershipParts {
  readonly store: Store;
  readonly events: EventSource & EventSink;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

interface LeadershipDependencies extends LeadershipParts {
  readonly election: LeaderElection;
}

/** Events after which the note says too little or too much. */
const CHANGES: readonly StampedEvent['type'][] = [
  ...(['move-state', 'recovered', 'paused', 'resumed', 'drain-requested', 'drain-ended'] as const),
  ...(['cordon-requested', 'cordon-ended'] as const),
  ...(['quarantined', 'datanode-quarantined', 'quarantine-released'] as const),
];

/** A takeover that fails for the same reason again and again is told of again after so long. */
const TELL_AGAIN_MS = 600_000;

/** Leadership among several replicas. */
export class SharedLeadership implements Leadership {
  readonly #options: LeadershipOptions;
  readonly #dependencies: LeadershipDependencies;
  readonly #stopping = new AbortController();
  #onTakeover = (): void => undefined;
  /** The term in which everything that the last leader left has been taken over. */
  #readyTerm: number | undefined;
  #wasLeading = false;
  #takeoverProblem: string | undefined;
  #unsubscribe: (() => void)[] = [];
  /** Notes are written one after the other, each with what is known when its turn comes. */
  #writing: Promise<unknown> = Promise.resolve();
  #isWriteWanted = false;

  constructor(options: LeadershipOptions, dependencies: LeadershipDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(onTakeover: () => void): void {
    const { election, events } = this.#dependencies;
    this.#onTakeover = onTakeover;
    this.#unsubscribe = [
      election.onChange(() => this.#noteChange()),
      events.subscribe(({ type }) => {
        if (CHANGES.includes(type) && this.isActing()) this.#publishSoon();
      }),
    ];
    election.start();
  }

  isActing(): boolean {
    return this.actingTerm() !== undefined;
  }

  actingTerm(): number | undefined {
    const term = this.#dependencies.election.term();
    return term === this.#readyTerm ? term : undefined;
  }

  status(): { readonly leads: boolean; readonly holder: string | null } {
    const { election } = this.#dependencies;
    const leads = election.term() !== undefined;
    return { leads, holder: leads ? this.#options.identity : election.holder() };
  }

  problem(): string | undefined {
    const { leads, holder } = this.status();
    if (holder === null) return 'No replica of the rebalancer leads.';
    if (!leads || this.#takeoverProblem === undefined) return undefined;
    return `This replica leads, but cannot take over what the last leader left: ${this.#takeoverProblem}`;
  }

  guard(cluster: Cluster): Cluster {
    return withSubmit(cluster, async (request, options) => {
      await this.publish(options.signal);
      return cluster.submitMigration(request, options);
    });
  }

  publish(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => {
      if (!this.isActing()) throw notLeader(this.status().holder);
      return this.#write(signal);
    });
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopping.abort(new DOMException('The process was told to stop', 'AbortError'));
    await this.#writing;
    await this.#dependencies.election.stop();
  }

  async #write(parent: AbortSignal): Promise<void> {
    const { election, store, clock } = this.#dependencies;
    const text = JSON.stringify(describeHandover(store, this.#options.identity, clock.now()));
    if (text.length > MAX_NOTE_CHARACTERS)
      throw new OperatingError(
        'handover-full',
        `The note beside the lock would have ${text.length} characters`,
      );
    const limit = deadlineSignal(clock, this.#options.writeLimitMs, parent);
    try {
      if (!(await election.writeNote(text, limit.signal))) throw notLeader(election.holder());
    } catch (error) {
      parent.throwIfAborted();
      if (error instanceof OperatingError) throw error;
      throw new OperatingError(
        'lock-unreachable',
        `The note beside the lock could not be written: ${describeError(error)}`,
      );
    } finally {
      limit.release();
    }
  }

  /** Leaves it to the next call if this one fails: before every request for a migration it must succeed. */
  #publishSoon(): void {
    if (this.#isWriteWanted) return;
    this.#isWriteWanted = true;
    const turn = this.#inTurn(() => {
      this.#isWriteWanted = false;
      return this.isActing() ? this.#write(this.#stopping.signal) : undefined;
    });
    turn.catch(() => undefined);
  }

  #inTurn(work: () => Promise<void> | undefined): Promise<void> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  #noteChange(): void {
    const { election, logger } = this.#dependencies;
    const term = election.term();
    if (term !== undefined) void this.#takeOver(term);
    else if (this.#wasLeading) logger.warn({ holder: election.holder() }, 'This replica no longer leads');
    this.#wasLeading = term !== undefined;
  }

  async #takeOver(term: number): Promise<void> {
    const { election, logger, clock } = this.#dependencies;
    this.#takeoverProblem = undefined;
    let toldAtMs = -Infinity;
    const { signal } = this.#stopping;
    let pauseMs = this.#options.retryMs / 8;
    while (election.term() === term) {
      try {
        await this.#importNote(term);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const problem = describeError(error);
        const nowMs = clock.monotonicMs();
        if (problem !== this.#takeoverProblem || nowMs - toldAtMs >= TELL_AGAIN_MS) {
          logger.warn({ problem }, 'This replica leads, but cannot take over yet');
          toldAtMs = nowMs;
        }
        this.#takeoverProblem = problem;
      }
      pauseMs = Math.min(2 * pauseMs, this.#options.retryMs);
      try {
        await sleep(clock, pauseMs, signal);
      } catch {
        return;
      }
    }
  }

  async #importNote(term: number): Promise<void> {
    const { election, store, clock, logger, events } = this.#dependencies;
    const limit = deadlineSignal(clock, this.#options.writeLimitMs, this.#stopping.signal);
    const text = await election.readNote(limit.signal).finally(() => limit.release());
    if (election.term() !== term) return;
    const handover = text === undefined ? undefined : parseHandover(text);
    const { identity } = this.#options;
    const { imported, settled } = handover
      ? importHandover(store, handover, identity, clock.now())
      : { imported: [], settled: [] };
    for (const move of settled)
      events.emit({ type: 'recovered', move, detail: move.late?.detail ?? move.detail ?? '' });
    // Only now: before the note was read, writing it would have destroyed what the last leader left.
    await this.#inTurn(() => {
      if (election.term() !== term) throw notLeader(election.holder());
      return this.#write(this.#stopping.signal);
    });
    if (election.term() !== term) return;
    this.#readyTerm = term;
    this.#takeoverProblem = undefined;
    logger.info(
      { identity, from: handover?.by ?? null, importedMoves: imported.length, settledMoves: settled.length },
      'This replica leads',
    );
    this.#onTakeover();
  }
}

export function notLeader(holder: string | null): OperatingError {
  const who = holder === null ? 'No replica leads now' : `The replica ${holder} leads`;
  return new OperatingError('not-leader', `${who}; this one stands by`);
}

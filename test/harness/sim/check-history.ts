import { isUnresolved, type MoveRecord } from '../../../src/domain/move.ts';
import type { Store } from '../../../src/store/port.ts';
import { saysMoved, type SentRequest, type Watch } from './watch.ts';
import type { World } from './world.ts';

/** Ends that are true of a region that was moved and that somebody else then moved on, or dropped. */
const MOVED_ON = new Set(['moved-elsewhere', 'region-dropped']);

/** Compares what the store remembers with what the cluster saw, once everything has come to rest. */
export function checkHistory(world: World): void {
  const { watch, disk } = world;
  const moves = allMoves(disk.raw);
  for (const move of moves) {
    if (isUnresolved(move))
      watch.violate('nothing-lost', `${describe(move)}: what became of it was never found out`);
    const sent = watch.requests.filter((request) => request.moveId === move.id);
    checkMove(world, move, sent.find(({ arrival }) => arrival === 'accepted') ?? sent.at(-1));
  }
  const known = new Set(moves.map(({ id }) => id));
  for (const { number, moveId, arrival } of watch.requests) {
    if (moveId !== undefined && known.has(moveId)) continue;
    if (arrival !== undefined)
      watch.violate('nothing-lost', `Request ${number} arrived, and the history has no move for it`);
  }
}

function checkMove({ watch }: World, move: MoveRecord, request: SentRequest | undefined): void {
  const hasIntent = move.state !== 'abandoned';
  if (hasIntent && !request && saysMoved(move) && !wasMovedByOthers(watch, { ...move, sentMs: 0 }, move.to)) {
    // The intent was written down and the process died: whoever moved the region, it was not us.
    watch.violate(
      'history-is-true',
      `${describe(move)}: it says that it moved the region, and nothing was sent`,
    );
  }
  if (!request || request.wasOvertaken) return;
  const { arrival, end, procedureId } = request;
  if (move.procedureId !== undefined && !mayName(watch, move.procedureId, request))
    watch.violate(
      'history-is-true',
      `${describe(move)}: it names procedure ${move.procedureId}; its own is ${procedureId ?? 'none'}`,
    );
  if (arrival === 'accepted' && move.state === 'abandoned')
    watch.violate('history-is-true', `${describe(move)}: abandoned, and the cluster accepted its request`);
  const wasMovedOn =
    MOVED_ON.has(move.late?.cause ?? move.cause ?? '') || wasMovedByOthers(watch, request, move.from);
  if (end?.moved === true && !saysMoved(move) && !wasMovedOn)
    watch.violate('history-is-true', `${describe(move)}: the cluster moved the region`);
  const wasThere = request.wasThere === true || wasMovedByOthers(watch, request, move.to);
  if (end?.moved !== true && saysMoved(move) && !wasThere)
    watch.violate(
      'history-is-true',
      `${describe(move)}: the cluster did not move the region (${arrival ?? 'never arrived'})`,
    );
}

/**
 * Whether a move may be on record with this procedure: its own; or one that somebody else started for the same region where the request
 * started none, or after its own had ended and a new metasrv leader had forgotten it. A list of procedures does not tell who asked.
 */
function mayName({ othersMoved }: Watch, named: string, request: SentRequest): boolean {
  if (named === request.procedureId) return true;
  const { end, procedureId: own, sentMs } = request;
  const sinceMs = own === undefined ? sentMs : (end?.endedMs ?? Infinity);
  return othersMoved.some(({ procedureId, atMs }) => procedureId === named && atMs >= sinceMs);
}

/** How long before our request another mover's may have begun that was still under way. */
const OTHER_MOVES_TAKE_MS = 60_000;

/**
 * Another mover took the region there meanwhile. Back to where it was, before anybody of us looked: nobody can tell that it had been away. To
 * where we wanted it: nobody can tell whose doing that was.
 */
function wasMovedByOthers(
  { othersMoved }: Watch,
  request: Pick<SentRequest, 'regionId' | 'sentMs'>,
  datanode: string,
): boolean {
  const sinceMs = request.sentMs - OTHER_MOVES_TAKE_MS;
  return othersMoved.some(
    ({ regionId, to, atMs }) => regionId === request.regionId && to === datanode && atMs >= sinceMs,
  );
}

function allMoves(store: Store): MoveRecord[] {
  const moves: MoveRecord[] = [];
  let beforeId: number | undefined;
  for (;;) {
    const page = store.listMoves({ limit: 10_000, ...(beforeId !== undefined && { beforeId }) });
    moves.push(...page);
    beforeId = page.at(-1)?.id;
    if (page.length < 10_000) return moves;
  }
}

function describe(move: MoveRecord): string {
  const end = move.late
    ? `${move.state}, later ${move.late.outcome} (${move.late.cause})`
    : `${move.state} (${move.cause ?? ''})`;
  return `Move ${move.id} of region ${move.regionId} from ${move.from} to ${move.to} is ${end}`;
}

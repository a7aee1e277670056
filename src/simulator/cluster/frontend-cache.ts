import type { RegionRoute, SimTable } from './model.ts';
import type { ServerTime } from './time.ts';

const TIME_TO_LIVE_MS = 10 * 60_000;
const TIME_TO_IDLE_MS = 5 * 60_000;

interface CachedRoute {
  readonly routes: readonly RegionRoute[];
  readonly cachedAtMs: number;
  usedAtMs: number;
}

/**
 * The table routes that one frontend remembers: read once, then trusted for 10 minutes unless metasrv tells it to forget (GreptimeDB
 * src/catalog/src/kvbackend/client.rs).
 */
export class FrontendCache {
  readonly #time: ServerTime;
  readonly #routes = new Map<number, CachedRoute>();

  constructor(dependencies: { time: ServerTime }) {
    this.#time = dependencies.time;
  }

  /** The routes of a physical table as this frontend believes them to be. */
  routesOf(table: SimTable): readonly RegionRoute[] {
    const nowMs = this.#time.now();
    const cached = this.#routes.get(table.id);
    if (cached && nowMs - cached.cachedAtMs < TIME_TO_LIVE_MS && nowMs - cached.usedAtMs < TIME_TO_IDLE_MS) {
      cached.usedAtMs = nowMs;
      return cached.routes;
    }
    this.#routes.set(table.id, { routes: table.routes, cachedAtMs: nowMs, usedAtMs: nowMs });
    return table.routes;
  }

  invalidate(tableId: number): void {
    this.#routes.delete(tableId);
  }

  clear(): void {
    this.#routes.clear();
  }
}

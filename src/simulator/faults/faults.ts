import { UsageError } from '../../domain/errors.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { Prng } from '../../lib/prng.ts';

/** Every fault, by what it strikes. */
export const FAULTS = {
  /** The way between client and server; the opportunity is a request. */
  wire: [
    ...(['latency', 'hang', 'lost-request', 'lost-answer', 'http-500', 'http-502', 'http-503'] as const),
    ...(['html-body', 'truncated-json', 'huge-body', 'redirect', 'slow-body', 'wrong-types'] as const),
  ],
  /** One migration; the opportunity is its submission. */
  migration: [
    ...(['done-not-moved', 'failed-but-moved', 'stuck-downgraded', 'rollback', 'lost-rows'] as const),
    ...(['bad-target', 'retry-long', 'procedure-lost', 'slow-migration'] as const),
  ],
  /** The cluster; the opportunity comes every 10 s. */
  cluster: ['leader-change', 'node-death', 'other-mover', 'table-churn'],
  /** `dead-leader-address`: per answer about the leader. `stale-routes`: per frontend and invalidation. */
  answer: ['dead-leader-address', 'stale-routes'],
} as const;

export type FaultOf<Kind extends keyof typeof FAULTS> = (typeof FAULTS)[Kind][number];
type FaultName = FaultOf<keyof typeof FAULTS>;

export const FAULT_NAMES: readonly FaultName[] = Object.values(FAULTS).flat();

interface FaultSetting {
  readonly name: FaultName;
  /** Which requests a wire fault may hit; `submit` are those that ask for a change. */
  readonly scope: 'any' | 'submit' | 'read';
  /** Chance at each opportunity; null: once, at the first opportunity. */
  readonly probability: number | null;
  /** No opportunity before this long after the setting was made. */
  readonly afterMs: number;
}

const SETTING = /^([a-z0-9-]+)(?::(submit|read))?(?:=([0-9.]+))?(?:@([0-9a-z.]+))?$/;

/**
 * Reads `lost-answer:submit=0.2,leader-change@30s,node-death`: a bare name strikes once at the first opportunity, `=P` with
 * probability P at each opportunity, `@DURATION` not before that time, `:submit` and `:read` narrow a wire fault.
 *
 * @throws UsageError that names the part that is wrong, and the known names.
 */
export function parseFaults(text: string): FaultSetting[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(parseFault);
}

function parseFault(part: string): FaultSetting {
  const [, wanted, scope, probabilityText, afterText] = SETTING.exec(part) ?? [];
  const name = FAULT_NAMES.find((candidate) => candidate === wanted);
  if (!name) throw new UsageError(`No fault ${JSON.stringify(part)}; known: ${FAULT_NAMES.join(', ')}`);
  const refuse = (why: string): never => {
    throw new UsageError(`Fault ${JSON.stringify(part)}: ${why}`);
  };
  const probability = probabilityText === undefined ? null : Number(probabilityText);
  if (probability !== null && !(probability >= 0 && probability <= 1))
    refuse(`found a probability of ${probabilityText}, wanted 0 to 1`);
  const afterMs =
    parseDuration(afterText ?? '0s') ??
    refuse(`found ${JSON.stringify(afterText)} after @, wanted a duration such as 30s`);
  if (scope !== undefined && !FAULTS.wire.some((wire) => wire === name))
    refuse(`${name} does not strike requests, so :${scope} does not fit`);
  return { name, scope: scope === 'submit' || scope === 'read' ? scope : 'any', probability, afterMs };
}

interface ArmedFault extends FaultSetting {
  readonly armedAtMs: number;
  spent: boolean;
}

/** The faults that are set at present, and the dice that decide when they strike. */
export class FaultBox {
  readonly #monotonicMs: () => number;
  readonly #prng: Prng;
  #onChange = (): void => undefined;
  #armed: ArmedFault[] = [];

  constructor(dependencies: { monotonicMs: () => number; prng: Prng }) {
    this.#monotonicMs = dependencies.monotonicMs;
    this.#prng = dependencies.prng;
  }

  /** Calls `listener` whenever the settings have changed. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Replaces all settings. @throws UsageError on an unreadable text. */
  set(faults: string): void {
    const armedAtMs = this.#monotonicMs();
    this.#armed = parseFaults(faults).map((setting) => ({ ...setting, armedAtMs, spent: false }));
    this.#onChange();
  }

  clear(): void {
    this.set('');
  }

  /** Settings that can still strike. */
  get active(): readonly FaultSetting[] {
    return this.#armed.filter((fault) => !fault.spent);
  }

  has(name: FaultName): boolean {
    return this.active.some((fault) => fault.name === name);
  }

  /** An opportunity for a fault: whether it strikes. */
  strikes(name: FaultName, scope: 'submit' | 'read' = 'read'): boolean {
    const nowMs = this.#monotonicMs();
    return this.#armed.some((fault) => {
      if (fault.name !== name || fault.spent || nowMs < fault.armedAtMs + fault.afterMs) return false;
      if (fault.scope !== 'any' && fault.scope !== scope) return false;
      if (fault.probability !== null) return this.#prng.chance(fault.probability);
      fault.spent = true;
      return true;
    });
  }
}

import type { BlockerCode, ExplanationCode, MoveReason } from './codes.ts';

export const EXPLAIN_KINDS = ['region', 'table', 'datanode'] as const;
export type ExplainKind = (typeof EXPLAIN_KINDS)[number];

/** Why a region, table or datanode moves or stays. */
export interface Explanation {
  readonly kind: ExplainKind;
  readonly id: string;
  /** One or two sentences. */
  readonly answer: string;
  readonly reasons: readonly ExplanationReason[];
  /** The numbers behind it, by name. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface ExplanationReason {
  readonly code: BlockerCode | MoveReason | ExplanationCode;
  readonly detail: string;
}

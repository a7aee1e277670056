/** Values of SQL cells. Ids that are u64 are bigint; all other numbers fit a number. */
export type SqlValue = string | number | bigint | boolean | null;

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression =
  | { readonly kind: 'literal'; readonly value: SqlValue }
  | { readonly kind: 'column'; readonly qualifier: string | null; readonly name: string }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: '+' | '-' | '*' | '/' | '%';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: 'String' | 'Int64' | 'UInt64' }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'is-null'; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: 'in';
      readonly operand: Expression;
      readonly items: readonly Expression[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'like';
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly negated: boolean;
      readonly ignoreCase: boolean;
    }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly star: boolean;
      readonly distinct: boolean;
    };

export type SelectItem =
  | { readonly kind: 'star'; readonly qualifier: string | null }
  | { readonly kind: 'expression'; readonly expression: Expression; readonly name: string };

export interface TableReference {
  /** One to three parts: `[catalog.][schema.]table`. */
  readonly path: readonly string[];
  readonly alias: string;
}

export interface Join {
  readonly kind: 'inner' | 'left';
  readonly table: TableReference;
  readonly on: Expression;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

export interface SelectStatement {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: TableReference | null;
  readonly joins: readonly Join[];
  readonly where: Expression | null;
  readonly groupBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: number | null;
  readonly offset: number;
}

export interface AdminStatement {
  readonly kind: 'admin';
  readonly name: string;
  readonly arguments: readonly Expression[];
  /** As written, which is also the name of the result's column. */
  readonly text: string;
}

export interface ShowStatement {
  readonly kind: 'show';
  readonly what: 'tables' | 'databases';
}

export type Statement = SelectStatement | AdminStatement | ShowStatement;

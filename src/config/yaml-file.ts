import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml';
import type { Alias, Document, ParsedNode, YAMLError } from 'yaml';
import { placeText } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { maskUserInfoInWords } from '../lib/user-info.ts';

/** Bounds for what a hostile or broken file can cost: aliases can make a small file expand without end. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 32;
const MAX_ALIASES = 200;
/** One slip can make the parser stumble over everything after it. */
const MAX_FAULTS = 5;

export interface YamlReading {
  /** Null where the text is no YAML, or says nothing. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Where each value stands, by the text of its place. */
  readonly spots: ReadonlyMap<string, { readonly offset: number; readonly keyOffset?: number | undefined }>;
  /** Line and column of an offset: `12:14`. */
  readonly position: (offset: number) => string;
}

interface YamlFault {
  readonly place: Place;
  readonly text: string;
  /** Undefined: of the text as a whole. */
  readonly offset?: number;
}

/**
 * Reads YAML 1.2. Integers become bigint, so that ids beyond 2^53 stay exact; keys become text.
 */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const position = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const document = parse(text, lines);
  const errors = document ? [...document.errors, ...document.warnings] : [];
  if (!document || errors.some(isStackOverflow))
    return { value: null, faults: [{ place: [], text: 'nested too deeply' }], spots: new Map(), position };
  const faults = errors
    .slice(0, MAX_FAULTS)
    .map((error) => ({ place: [], text: faultText(error), offset: error.pos[0] }));
  if (faults.length > 0 || !document.contents) return { value: null, faults, spots: new Map(), position };
  const walk = new Walk(document);
  const value = walk.read(document.contents, []);
  return { value, faults: walk.faults, spots: walk.spots, position };
}

/** @returns undefined when the text is nested too deeply for the parser. */
function parse(text: string, lineCounter: LineCounter) {
  const { stackTraceLimit } = Error;
  try {
    // A million commas are a million faults, and the traces are most of what they cost.
    Error.stackTraceLimit = 0;
    return parseDocument(text, {
      intAsBigInt: true,
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter,
      logLevel: 'error',
    });
  } catch (error) {
    // The parser is recursive: a million brackets exhaust the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The parser reports its own overflow as if the text were wrong. */
function isStackOverflow({ message }: Error): boolean {
  return /call stack|stack overflow/i.test(message);
}

/** What the parser says, which may quote the text. */
function faultText({ message, code }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'found a second document, wanted one';
  return maskUserInfoInWords(message.split('\n', 1)[0] ?? message);
}

class Walk {
  readonly faults: YamlFault[] = [];
  readonly spots = new Map<string, { offset: number; keyOffset: number | undefined }>();
  readonly #document: Document.Parsed;
  #nodes = 0;
  #aliases = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  read(node: unknown, place: Place, keyOffset?: number): unknown {
    const offset = offsetOf(node) ?? keyOffset ?? 0;
    this.spots.set(placeText(place), { offset, keyOffset });
    return this.#value(node, place, offset);
  }

  #value(node: unknown, place: Place, offset: number): unknown {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || place.length > MAX_DEPTH) return this.#tooLarge(offset);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...place, index]));
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.#map(node.items, place);
    if (isAlias(node)) return this.#alias(node, place, offset);
    return null;
  }

  #map(items: readonly { key: ParsedNode; value: ParsedNode | null }[], place: Place): unknown {
    const values: Record<string, unknown> = {};
    for (const { key, value } of items) {
      const name = keyText(key);
      const offset = offsetOf(key) ?? 0;
      if (name === undefined)
        this.faults.push({ place, text: 'found a key that is not text, wanted the name of a key', offset });
      else if (Object.hasOwn(values, name))
        this.faults.push({ place: [...place, name], text: 'given twice', offset });
      else values[name] = this.read(value, [...place, name], offset);
    }
    return values;
  }

  /** The value stands where the anchor is; the place shown is that of the alias, which is where the key is. */
  #alias(node: Alias, place: Place, offset: number): unknown {
    this.#aliases += 1;
    if (this.#aliases > MAX_ALIASES) return this.#tooLarge(offset);
    const target = node.resolve(this.#document);
    if (target) return this.#value(target, place, offset);
    const text = `found *${node.source}, wanted an alias of an anchor that stands before it`;
    this.faults.push({ place, text, offset });
    return null;
  }

  #tooLarge(offset: number): null {
    const text = 'too large: too many values, aliases or levels';
    if (!this.faults.some((known) => known.text === text)) this.faults.push({ place: [], text, offset });
    return null;
  }
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const { value } = key;
  const isKey = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number';
  // Assigning `__proto__` would not make a key.
  return isKey && value !== '__proto__' ? String(value) : undefined;
}

function offsetOf(node: unknown): number | undefined {
  const isNode = isScalar(node) || isSeq(node) || isMap(node) || isAlias(node);
  return isNode ? node.range?.[0] : undefined;
}

export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 110 });
}

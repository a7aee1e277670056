import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, ParsedNode } from 'yaml';
import type { Place } from '../domain/schema-problems.ts';
import { maskUserInfoInWords } from '../lib/user-info.ts';
import type { Problem } from './problems.ts';
import type { Values, ValueTree } from './value-tree.ts';

/** Bounds for what a hostile or broken file can cost: aliases can make a small file expand without end. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 32;
const MAX_ALIASES = 200;
/** One slip can make the parser stumble over everything after it. */
const MAX_FAULTS = 5;

export const TOO_DEEP = 'nested too deeply';

export interface YamlFile {
  /** As errors show it. */
  readonly name: string;
  /** Relative paths in the file start here. */
  readonly folder: string;
  readonly text: string;
}

/**
 * Reads YAML 1.2 into the tree, with the line and column of every key and value. Integers become bigint, so that ids beyond 2^53
 * stay exact; keys become text. An empty file is an empty map.
 *
 * @returns what is wrong with the YAML itself.
 */
export function readYaml(file: YamlFile, tree: ValueTree): Problem[] {
  const lines = new LineCounter();
  const document = parseYaml(file.text, lines);
  if (!document) return [{ label: file.name, place: [], text: TOO_DEEP }];
  const walk = new Walk(file, tree, document, lines);
  const faults = [...document.errors, ...document.warnings];
  if (faults.some(isStackOverflow)) return [{ label: file.name, place: [], text: TOO_DEEP }];
  for (const fault of faults.slice(0, MAX_FAULTS)) walk.report(fault.pos[0], [], faultText(fault));
  if (faults.length === 0 && document.contents) tree.setRoot(walk.read(document.contents, []));
  return walk.problems;
}

/** @returns undefined when the text is nested too deeply for the parser. */
export function parseYaml(text: string, lineCounter: LineCounter) {
  try {
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
  }
}

/** The parser reports its own overflow as if the text were wrong. */
function isStackOverflow({ message }: Error): boolean {
  return /call stack|stack overflow/i.test(message);
}

/** What the parser says, which may quote the text. */
export function faultText({ message }: Error): string {
  return maskUserInfoInWords(message.split('\n', 1)[0] ?? message);
}

class Walk {
  readonly problems: Problem[] = [];
  readonly #file: YamlFile;
  readonly #tree: ValueTree;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  #nodes = 0;
  #aliases = 0;

  constructor(file: YamlFile, tree: ValueTree, document: Document.Parsed, lines: LineCounter) {
    this.#file = file;
    this.#tree = tree;
    this.#document = document;
    this.#lines = lines;
  }

  report(offset: number, place: Place, text: string): void {
    this.problems.push({ label: this.#label(offset), place, text });
  }

  read(node: unknown, place: Place): unknown {
    const offset = offsetOf(node);
    if (offset !== undefined)
      this.#tree.setOrigin(place, { label: this.#label(offset), folder: this.#file.folder });
    return this.#value(node, place, offset ?? 0);
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

  #map(items: readonly { key: ParsedNode; value: ParsedNode | null }[], place: Place): Values {
    const values: Values = {};
    for (const { key, value } of items) {
      const name = keyText(key);
      const keyOffset = offsetOf(key) ?? 0;
      if (name === undefined) {
        this.report(keyOffset, place, 'found a key that is not text, wanted the name of a key');
      } else if (Object.hasOwn(values, name)) {
        this.report(keyOffset, [...place, name], 'given twice');
      } else {
        const childPlace = [...place, name];
        this.#tree.setKeyLabel(childPlace, this.#label(keyOffset));
        this.#tree.setOrigin(childPlace, { label: this.#label(keyOffset), folder: this.#file.folder });
        values[name] = this.read(value, childPlace);
      }
    }
    return values;
  }

  /** The value stands where the anchor is; the place shown is that of the alias, which is where the key is. */
  #alias(node: Alias, place: Place, offset: number): unknown {
    this.#aliases += 1;
    if (this.#aliases > MAX_ALIASES) return this.#tooLarge(offset);
    const target = node.resolve(this.#document);
    if (target) return this.#value(target, place, offset);
    this.report(offset, place, `found *${node.source}, wanted an alias of an anchor that stands before it`);
    return null;
  }

  #tooLarge(offset: number): null {
    const text = 'too large: too many values, aliases or levels';
    if (!this.problems.some((known) => known.text === text)) this.report(offset, [], text);
    return null;
  }

  #label(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file.name}:${line}:${col}`;
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

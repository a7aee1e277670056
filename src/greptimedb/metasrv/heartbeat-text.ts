import { unexpected } from '../caller.ts';
import type { TransportResponse } from '../http.ts';

interface ObjectText {
  readonly text: string;
  /** The position in the outermost array. */
  readonly item: number;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The outermost objects of an array of arrays, as text: all of a large answer parsed at once would hold up everybody else.
 *
 * @throws CallError when the answer is no array, or ends in the middle.
 */
export function* objectsIn(response: TransportResponse, where: string): Generator<ObjectText> {
  const { body } = response;
  let [depth, item, start, startDepth, isInString] = [0, 0, -1, 0, false];
  if (!body.trimStart().startsWith('[')) throw unexpected(where, 'a JSON array of statistics', response);
  for (let index = 0; index < body.length; index += 1) {
    const code = body.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === COMMA && depth === 1) item += 1;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth += 1;
      if (code === OPEN_BRACKET || start !== -1) continue;
      [start, startDepth] = [index, depth];
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      if (start !== -1 && depth === startDepth) {
        yield { text: body.slice(start, index + 1), item };
        start = -1;
      }
      depth -= 1;
    }
  }
  if (depth !== 0 || isInString) throw unexpected(where, 'a JSON array of statistics', response);
}

/**
 * Characters that a terminal obeys or that turn the direction of a text around: the name of a table may hold them, and no reader would see
 * it. Line breaks among them.
 */
export const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The same without ASCII: `JSON.stringify` escapes those. */
const INVISIBLE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A JSON text that says the same, with every invisible character as `\u009b`. */
export function escapeInvisible(json: string): string {
  return json.replace(INVISIBLE_IN_JSON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
const ASCII = /^[ -~]*$/;

/** How many terminal columns a text takes; colours take none, East Asian wide characters two. */
export function displayWidth(text: string): number {
  const bare = text.replace(ESCAPE_SEQUENCE, '');
  if (ASCII.test(bare)) return bare.length;
  let width = 0;
  for (const char of bare) width += ZERO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

/** A space, but not the one between a number and its unit. */
const BREAK = /(?<!\d) | (?!(?:ms|s|min|h|d|[kMGT]?B|%)(?!\w))/;

/** Breaks a plain text at spaces into lines of at most `width` columns. A word that is longer stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** A plain text after `start`, broken at spaces to `width` columns. Its other lines begin at the column `indent`: by default where it begins. */
export function hang(start: string, text: string, width: number, indent = displayWidth(start)): string[] {
  const [first, ...rest] = wrap(text, width - indent);
  return [`${start}${first!}`, ...rest.map((line) => ' '.repeat(indent) + line)];
}

import { styleText } from 'node:util';

export type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Marks a text up for a terminal, or leaves it alone. */
export type Style = (format: Format, text: string) => string;

export const plainStyle: Style = (_format, text) => text;

export const colourStyle: Style = (format, text) => styleText(format, text, { validateStream: false });

/**
 * Whether to colour: on a terminal that can, unless `NO_COLOR` is set (https://no-color.org: present and not empty);
 * `FORCE_COLOR` overrides the terminal's absence, as in Node itself.
 */
export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}

/** How wide and how colourful the output may be. */
export interface Canvas {
  /** Columns; `Infinity` when the output is no terminal, so that nothing is cut. */
  readonly width: number;
  readonly style: Style;
}

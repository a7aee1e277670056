import type { JSX } from 'preact';

const QUANTITY = String.raw`[\d.\u202f]+ (?:ms|s|min|h|d|%|[kMGTP]?B(?:/s)?|regions?|tables?|moves?|datanodes?)(?!\w)`;
const QUANTITIES = new RegExp(`(${QUANTITY}(?: ${QUANTITY})*)`);

/** A text in which no line ends between a number and its unit: `1 h 44 min`, `2.3 MB/s`, `3 regions`. */
export function Quantities({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split(QUANTITIES);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <span key={index} class="quantity">
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}

import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Pointed<Thing> {
  readonly thing: Thing;
  readonly x: number;
  readonly y: number;
}

/** What the mouse points to. `point` is for each move of the mouse, null where nothing is. */
export function usePointed<Thing>(): {
  readonly pointed: Pointed<Thing> | null;
  readonly point: (thing: Thing | null, event?: MouseEvent) => void;
} {
  const [pointed, setPointed] = useState<Pointed<Thing> | null>(null);
  return {
    pointed,
    point: (thing, event) => {
      if (thing === pointed?.thing || (thing === null && pointed === null)) return;
      setPointed(thing === null || !event ? null : { thing, x: event.clientX, y: event.clientY });
    },
  };
}

const BESIDE = 14;
const EDGE = 8;

/** Beside the mouse, whole and inside of the window wherever that is. For the eyes alone: what it says must be found elsewhere, too. */
export function Tooltip({
  at: { x, y },
  children,
}: {
  readonly at: Pick<Pointed<unknown>, 'x' | 'y'>;
  readonly children: ComponentChildren;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!box.current) return;
    const { offsetWidth: width, offsetHeight: height, style } = box.current;
    const below = y + BESIDE;
    style.left = `${Math.max(EDGE, Math.min(x + BESIDE, window.innerWidth - width - EDGE))}px`;
    style.top = `${below + height + EDGE > window.innerHeight ? Math.max(EDGE, y - BESIDE - height) : below}px`;
  });
  return (
    <div class="tip" ref={box} aria-hidden="true">
      {children}
    </div>
  );
}

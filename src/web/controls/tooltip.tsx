import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface Pointed<Thing> {
  readonly thing: Thing;
  readonly x: number;
  readonly y: number;
}

const BESIDE = 14;

/**
 * What the mouse points to inside of an element, told beside it and inside of the window. For the eyes alone: what it says must be found
 * elsewhere, too. It renders by itself, so that the element is not drawn again with every move of the mouse.
 */
export function Tooltip<Thing>({
  of,
  thingAt,
  children,
}: {
  readonly of: RefObject<HTMLElement | null>;
  /** The same value for the same thing; null where nothing is. */
  readonly thingAt: (event: MouseEvent) => Thing | null;
  readonly children: (thing: Thing) => ComponentChildren;
}): JSX.Element | null {
  const [pointed, setPointed] = useState<Pointed<Thing> | null>(null);
  const find = useRef(thingAt);
  find.current = thingAt;
  useEffect(() => {
    const element = of.current;
    const move = (event: MouseEvent): void => {
      const thing = find.current(event);
      const { clientX: x, clientY: y } = event;
      setPointed((before) => (thing === null ? null : before?.thing === thing ? before : { thing, x, y }));
    };
    const leave = (): void => setPointed(null);
    element?.addEventListener('mousemove', move);
    element?.addEventListener('mouseleave', leave);
    return () => {
      element?.removeEventListener('mousemove', move);
      element?.removeEventListener('mouseleave', leave);
    };
  }, [of]);
  if (!pointed) return null;
  return (
    <div class="tip" aria-hidden="true" style={placeFor(pointed)}>
      {children(pointed.thing)}
    </div>
  );
}

/** Towards the middle of the window, where there is room: measuring it would lay out the whole page. */
function placeFor({ x, y }: Pointed<unknown>): Record<string, string> {
  const { innerWidth: width, innerHeight: height } = window;
  return {
    ...(x < width / 2 ? { left: `${x + BESIDE}px` } : { right: `${width - x + BESIDE}px` }),
    ...(y < height / 2 ? { top: `${y + BESIDE}px` } : { bottom: `${height - y + BESIDE}px` }),
  };
}

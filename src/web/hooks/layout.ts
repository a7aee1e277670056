import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

interface Visible {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** What of an element is in view, in pixels, kept up to date; all 0 before the first layout. */
export function useVisible(ref: RefObject<HTMLElement | null>): Visible {
  const [visible, setVisible] = useState<Visible>({ top: 0, left: 0, width: 0, height: 0 });
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let isAsked = false;
    const update = (): void => {
      isAsked = false;
      const { scrollTop: top, scrollLeft: left, clientWidth: width, clientHeight: height } = element;
      setVisible({ top, left, width, height });
    };
    const ask = (): void => {
      if (isAsked) return;
      isAsked = true;
      requestAnimationFrame(update);
    };
    const observer = new ResizeObserver(ask);
    observer.observe(element);
    element.addEventListener('scroll', ask, { passive: true });
    update();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', ask);
    };
  }, [ref]);
  return visible;
}

/** The first and the last + 1 of `count` equal items that are in view, with a few more on each side. */
export function rangeOf(
  start: number,
  length: number,
  size: number,
  count: number,
): readonly [number, number] {
  const first = Math.max(0, Math.floor(start / size) - 3);
  return [Math.min(first, count), Math.min(count, Math.ceil((start + length) / size) + 3)];
}

export function indexes([first, end]: readonly [number, number]): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}

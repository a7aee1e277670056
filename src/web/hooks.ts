import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** The time on the daemon's clock in ms, again every `everyMs` while `isRunning`. */
export function useNow(clockOffsetMs: number, isRunning: boolean, everyMs = 500): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return undefined;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [isRunning, everyMs]);
  return nowMs + clockOffsetMs;
}

/** The width of an element in pixels, kept up to date; 0 before the first layout. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

export interface Loaded<Value> {
  readonly value: Value | null;
  readonly problem: string | null;
}

/** Loads again whenever `key` changes; what was loaded before stays until then. A slower, older answer never wins. */
export function useLoaded<Value>(key: string, load: (signal: AbortSignal) => Promise<Value>): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ value: null, problem: null });
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setLoaded({ value, problem: null });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setLoaded((before) => ({
          ...before,
          problem: error instanceof Error ? error.message : String(error),
        }));
      },
    );
    return () => stop.abort();
  }, [key]);
  return loaded;
}

/** The value as it was when it last stayed the same for so long: for what is typed. */
export function useSettled<Value>(value: Value, ms = 250): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** The value at most every `ms`, so that what is loaded by it is not loaded for every single move. */
export function useThrottled<Value>(value: Value, ms: number): Value {
  const [seen, setSeen] = useState({ value, atMs: 0 });
  useEffect(() => {
    const waitMs = Math.max(0, seen.atMs + ms - Date.now());
    const timer = setTimeout(() => setSeen({ value, atMs: Date.now() }), waitMs);
    return () => clearTimeout(timer);
  }, [value]);
  return seen.value;
}

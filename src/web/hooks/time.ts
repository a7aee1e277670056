import { useEffect, useState } from 'preact/hooks';
import { usePageState } from '../page/page.ts';

/** The time on the daemon's clock in ms, again every `everyMs` while `isRunning`. */
export function useNow(isRunning: boolean, everyMs = 500): number {
  const clockOffsetMs = usePageState((state) => state.clockOffsetMs);
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return undefined;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [isRunning, everyMs]);
  return nowMs + clockOffsetMs;
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

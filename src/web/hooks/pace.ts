import { useEffect, useState } from 'preact/hooks';

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

import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '../api/client.ts';
import type { Answers, Query } from '../api/client.ts';
import { messageOf } from './attempt.ts';

interface Loaded<Value> {
  /** Null until the first answer. */
  readonly value: Value | null;
  readonly problem: string | null;
}

/**
 * What a path of the API answers, asked again whenever the query or `revision` changes; the answer before stays until then. A slower,
 * older answer never wins.
 */
export function useAnswer<Path extends keyof Answers>(
  path: Path,
  query: Query,
  revision: string | number,
): Loaded<Answers[Path]> {
  const [loaded, setLoaded] = useState<Loaded<Answers[Path]>>({ value: null, problem: null });
  useEffect(() => {
    const stop = new AbortController();
    get(path, query, stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setLoaded({ value, problem: null });
      },
      (error: unknown) => {
        // Where nobody answers at all the page says so once, at its top.
        const problem = error instanceof ApiError && error.status === 0 ? null : messageOf(error);
        if (!stop.signal.aborted) setLoaded((before) => ({ ...before, problem }));
      },
    );
    return () => stop.abort();
  }, [path, JSON.stringify(query), revision]);
  return loaded;
}

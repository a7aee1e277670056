import type { JSX } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'good' | 'bad';
}

const SHOWN_MS = 6_000;
const MOST = 4;

/** Short messages about what a button did. */
export function useToasts(): {
  readonly toasts: readonly Toast[];
  readonly say: (text: string, tone?: 'good' | 'bad') => void;
} {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const lastId = useRef(0);
  const say = useCallback((text: string, tone: 'good' | 'bad' = 'good') => {
    const id = ++lastId.current;
    setToasts((before) => [...before, { id, text, tone }].slice(-MOST));
    setTimeout(() => setToasts((before) => before.filter((toast) => toast.id !== id)), SHOWN_MS);
  }, []);
  return { toasts, say };
}

export function Toasts({ toasts }: { readonly toasts: readonly Toast[] }): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, tone }) => (
        <p key={id} class={`toast ${tone}`}>
          {text}
        </p>
      ))}
    </div>
  );
}

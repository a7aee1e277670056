import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { DialogRequest, Page } from '../page/page.ts';

/** Each time that one opens, it is another. */
interface OpenDialog {
  readonly number: number;
  readonly request: DialogRequest;
}

interface OpenDialogs extends Pick<Page, 'open' | 'askForToken'> {
  readonly dialog: OpenDialog | null;
  readonly close: (dialog: OpenDialog) => void;
  /** What needs the token, while the token is asked for. */
  readonly tokenFor: (() => Promise<void>) | null;
  readonly closeToken: () => void;
}

/** One dialog at a time, and over it the question for the token. When none is left, the keyboard is not lost with it. */
export function useOpenDialogs(): OpenDialogs {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [tokenFor, setTokenFor] = useState<(() => Promise<void>) | null>(null);
  const cameFrom = useRef<Element | null>(null);
  const opened = useRef(0);
  const open = useCallback((request: DialogRequest) => {
    cameFrom.current ??= document.activeElement;
    opened.current += 1;
    setDialog({ number: opened.current, request });
  }, []);
  const askForToken = useCallback((attempt: () => Promise<void>) => {
    cameFrom.current ??= document.activeElement;
    setTokenFor(() => attempt);
  }, []);
  // The browser tells of a closed dialog a little later, when the next one may be there already.
  const close = useCallback((closed: OpenDialog) => setDialog((now) => (now === closed ? null : now)), []);
  const closeToken = useCallback(() => setTokenFor(null), []);
  const isNoneOpen = dialog === null && tokenFor === null;
  useLayoutEffect(() => {
    if (!isNoneOpen) return;
    const from = cameFrom.current;
    cameFrom.current = null;
    // The browser gives it back by itself, unless one dialog took the place of another.
    if (document.activeElement === document.body && from instanceof HTMLElement) from.focus();
  }, [isNoneOpen]);
  return { dialog, open, close, tokenFor, askForToken, closeToken };
}

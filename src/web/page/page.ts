import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { MoveView } from '../../observability/event-view.ts';
import type { ExplainKind } from '../../domain/explanation.ts';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import type { PageState, Store, When } from './state.ts';

/** What lies over the page. */
export type DialogRequest =
  | { readonly kind: 'pause' }
  | { readonly kind: 'drain'; readonly datanodes: readonly string[] }
  | { readonly kind: 'details'; readonly what: ExplainKind; readonly id: string }
  | { readonly kind: 'move'; readonly move: MoveView };

/** What any part of the page may ask for. */
export interface Page {
  readonly store: Store;
  readonly open: (request: DialogRequest) => void;
  /** Asks for the token and attempts again with it. `attempt` rejects with status 401 while the token is a wrong one. */
  readonly askForToken: (attempt: () => Promise<void>) => void;
  readonly say: (text: string, tone?: 'good' | 'bad') => void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('This part is not inside of a page.');
  return page;
}

/** A part of what the page knows; renders again only when that part is another. */
export function usePageState<Part>(select: (state: PageState) => Part): Part {
  const { store } = usePage();
  const [, setRenders] = useState(0);
  const part = select(store.get());
  const shown = useRef({ select, part });
  shown.current = { select, part };
  useEffect(() => {
    const update = (): void => {
      const now = shown.current.select(store.get());
      if (!Object.is(now, shown.current.part)) setRenders((count) => count + 1);
    };
    update();
    return store.subscribe(update);
  }, [store]);
  return part;
}

export function useDatanodes(): StatusView['datanodes'] {
  return usePageState(({ status }) => status?.datanodes ?? NONE);
}

const NONE: StatusView['datanodes'] = [];

export function useWhen(): When {
  return usePageState(({ when }) => when);
}

/** For parts that are drawn only where the cluster has been read. */
export function useMatrix(): MatrixView {
  const matrix = usePageState((state) => state.matrix);
  if (!matrix) throw new Error('The cluster has not been read yet.');
  return matrix;
}

import { useState } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import { usePage } from '../page/page.ts';

type Work = () => Promise<unknown>;

/** Work that a button or a form begins. */
export interface Attempt {
  readonly isBusy: boolean;
  readonly problem: string | null;
  readonly run: (work: Work) => Promise<void>;
}

/** @param failed Turns what went wrong into what the form says of it; null: nothing. */
export function useWork(failed: (error: unknown, work: Work) => string | null): Attempt & {
  readonly setProblem: (problem: string | null) => void;
} {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (work: Work): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(failed(error, work));
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, run, setProblem };
}

/** Asks for the token where the work needs it, and shows any other failure. */
export function useAttempt(): Attempt {
  const page = usePage();
  const tell = (error: unknown): string => {
    page.say(messageOf(error), 'bad');
    return messageOf(error);
  };
  const { setProblem, ...attempt } = useWork((error, work) => {
    if (!needsToken(error)) return tell(error);
    page.askForToken(async () => {
      try {
        await work();
      } catch (again) {
        // Rejects only while the token is still not the right one: any other failure is the work's own.
        if (needsToken(again)) throw again;
        setProblem(tell(again));
      }
    });
    return null;
  });
  return attempt;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong.';
}

export function needsToken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

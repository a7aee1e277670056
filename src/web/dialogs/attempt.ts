import { useState } from 'preact/hooks';
import { messageOf, needsToken } from '../actions.ts';
import type { Page } from '../app.tsx';

export interface Attempt {
  readonly isBusy: boolean;
  readonly problem: string | null;
  /** Runs the work; asks for the token where it is needed, and shows any other failure. Resolves with whether it worked. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
}

export function useAttempt(page: Page): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const failed = (error: unknown): void => {
    setProblem(messageOf(error));
    page.say(messageOf(error), 'bad');
  };
  const run = async (work: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      if (needsToken(error)) page.askForToken(() => againWithToken(work, failed));
      else failed(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, run };
}

/** Rejects only while the token is still not the right one: any other failure is the work's own. */
async function againWithToken(work: () => Promise<unknown>, failed: (error: unknown) => void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (needsToken(error)) throw error;
    failed(error);
  }
}

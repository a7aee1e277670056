import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';
export const THEME_CHOICES = [
  ['auto', 'System theme'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number][0];

const KEY = 'greptime-rebalancer.theme';

/** The theme of the page: what was chosen, or what the system prefers. */
export function useTheme(): {
  readonly theme: Theme;
  readonly choice: ThemeChoice;
  readonly choose: (choice: ThemeChoice) => void;
} {
  const [choice, setChoice] = useState<ThemeChoice>(readChoice);
  const [prefersDark, setPrefersDark] = useState(() => darkQuery().matches);
  useEffect(() => {
    const query = darkQuery();
    const update = (): void => setPrefersDark(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  useEffect(() => {
    document.documentElement.style.colorScheme = choice === 'auto' ? 'light dark' : choice;
  }, [choice]);
  const preferred: Theme = prefersDark ? 'dark' : 'light';
  return {
    theme: choice === 'auto' ? preferred : choice,
    choice,
    choose(next) {
      localStorage.setItem(KEY, next);
      setChoice(next);
    },
  };
}

function darkQuery(): MediaQueryList {
  return matchMedia('(prefers-color-scheme: dark)');
}

function readChoice(): ThemeChoice {
  const kept = localStorage.getItem(KEY);
  return THEME_CHOICES.find(([choice]) => choice === kept)?.[0] ?? 'auto';
}

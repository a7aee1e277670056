import { useEffect, useState } from 'preact/hooks';

export const THEME_CHOICES = [
  ['auto', 'System theme'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;
type ThemeChoice = (typeof THEME_CHOICES)[number][0];

const KEY = 'greptime-rebalancer.theme';

/** The theme that was chosen; `auto` is the one that the system prefers. */
export function useTheme(): readonly [choice: ThemeChoice, choose: (choice: ThemeChoice) => void] {
  const [choice, setChoice] = useState<ThemeChoice>(readChoice);
  useEffect(() => {
    document.documentElement.style.colorScheme = choice === 'auto' ? 'light dark' : choice;
  }, [choice]);
  const choose = (next: ThemeChoice): void => {
    localStorage.setItem(KEY, next);
    setChoice(next);
  };
  return [choice, choose];
}

function readChoice(): ThemeChoice {
  const kept = localStorage.getItem(KEY);
  return THEME_CHOICES.find(([choice]) => choice === kept)?.[0] ?? 'auto';
}

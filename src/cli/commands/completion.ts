import { Argument } from 'commander';
import type { Command, Option } from 'commander';
import type { Cli } from '../cli.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints a completion script for a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(greptime-rebalancer completion bash)
  $ greptime-rebalancer completion zsh > "\${fpath[1]}/_greptime-rebalancer"
  $ greptime-rebalancer completion fish > ~/.config/fish/completions/greptime-rebalancer.fish`,
    )
    .action((shell: Shell) => cli.io.out.write(completionScript(program, shell)));
}

/** What may follow one chain of commands. */
interface Level {
  /** `config check`; empty at the top. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly help: string;
  /** What may follow an option that takes a value; empty when that is a file, or not known here. */
  readonly values?: readonly string[];
}

/** The script, made from the commands as they are. */
function completionScript(program: Command, shell: Shell): string {
  const levels = levelsOf(program, '');
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), levels);
    case 'zsh':
      return `#compdef ${program.name()}\nautoload -U bashcompinit && bashcompinit\n${bashScript(program.name(), levels)}`;
    case 'fish':
      return fishScript(program.name(), levels);
  }
}

function levelsOf(command: Command, path: string): Level[] {
  const subcommands = command.commands.filter((child) => child.name() !== 'help');
  const words: Word[] = [
    ...subcommands.map((child) => ({ text: child.name(), help: child.summary() || child.description() })),
    ...command.registeredArguments.flatMap((argument) =>
      (argument.argChoices ?? []).map((text) => ({ text, help: argument.description })),
    ),
    ...command.options
      .filter((option) => !option.hidden)
      .flatMap((option) =>
        [option.short, option.long].flatMap((text) => (text ? [optionWord(text, option)] : [])),
      ),
  ];
  const below = subcommands.flatMap((child) => levelsOf(child, `${path} ${child.name()}`.trim()));
  return [{ path, words }, ...below];
}

function optionWord(text: string, { description: help, required, argChoices = [] }: Option): Word {
  return required ? { text, help, values: argChoices } : { text, help };
}

function bashScript(name: string, levels: readonly Level[]): string {
  const id = `_${name.replace(/-/g, '_')}`;
  const cases = levels
    .filter(({ path }) => path !== '')
    .map(({ path, words }) => `    "${path}") words="${words.map(({ text }) => text).join(' ')}" ;;`);
  const values = levels.flatMap(({ path, words }) =>
    words.flatMap((word) =>
      word.values ? [`  "${path} ${word.text}") words="${word.values.join(' ')}" ;;`] : [],
    ),
  );
  return `# Completion of ${name}.
${id}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" chain="" words="" word index=1
  # bash takes "--output=json" for three words.
  case "$current" in "=") current="" ;; *) [ "$before" = "=" ] && before="\${COMP_WORDS[COMP_CWORD-2]}" ;; esac
  # zsh knows no slices of arrays by arithmetic.
  while [ $index -lt $COMP_CWORD ]; do
    word="\${COMP_WORDS[index]}" index=$((index + 1))
    case "$word" in -*) ;; *) chain="\${chain:+$chain }$word" ;; esac
  done
  while :; do
    case "$chain" in
    "") words="${levels[0]!.words.map(({ text }) => text).join(' ')}" ;;
${cases.join('\n')}
    esac
    [ -n "$words" ] && break
    case "$chain" in *" "*) chain="\${chain% *}" ;; *) chain="" ;; esac
  done
  case "$chain $before" in
${values.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=( $(compgen -f -- "$current") )
}
complete -F ${id} ${name}
`;
}

function fishScript(name: string, levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, words }) => words.map((word) => fishLine(name, path, word)));
  return `# Completion of ${name}.\n${lines.join('\n')}\n`;
}

function fishLine(name: string, path: string, { text, help, values }: Word): string {
  const seen = path.split(' ').filter((word) => word !== '');
  const condition =
    seen.length === 0
      ? '__fish_use_subcommand'
      : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const flag = text.startsWith('--')
    ? `-l ${text.slice(2)}`
    : text.startsWith('-')
      ? `-s ${text.slice(1)}`
      : `-f -a ${text}`;
  const value = values === undefined ? '' : values.length === 0 ? ' -r' : ` -x -a '${values.join(' ')}'`;
  return `complete -c ${name} -n '${condition}' ${flag}${value} -d '${help.replace(/['\\]/g, '\\$&')}'`;
}

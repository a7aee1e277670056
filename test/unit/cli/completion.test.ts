import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/cli.ts';
import { describeWith } from '../../support/tools.ts';

/** What bash offers for a line that ends where the cursor is. */
async function offered(...words: string[]): Promise<string[]> {
  const { out } = await runCommand(['completion', 'bash']);
  const script = `${out}
COMP_WORDS=(greptime-rebalancer ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_greptime_rebalancer
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: '/' }).split('\n').slice(0, -1);
}

const hasBash = spawnSync('bash', ['--version']).status === 0;

describe.runIf(hasBash)('completion in bash', () => {
  it.each<[string[], string[]]>([
    [['pl'], ['plan']],
    [['p'], ['plan', 'preflight', 'pause']],
    [
      ['config', ''],
      ['check', 'print', '--debug'],
    ],
    [['config', 'ch'], ['check']],
    [['quarantine', 'release', '--u'], ['--url']],
    [['plan', '--ad'], ['--add-datanode']],
    [['plan', '-c', 'x.yaml', '--detail'], ['--detailed-exitcode']],
    [['explain', 're'], ['region']],
    [['completion', 'z'], ['zsh']],
    [
      ['plan', '-o', ''],
      ['table', 'json', 'sql', 'curl'],
    ],
    [['explain', 'region', '7', '--output', 'j'], ['json']],
    [
      ['plan', '--output', '='],
      ['table', 'json', 'sql', 'curl'],
    ],
    [['plan', '--output', '=', 'j'], ['json']],
    [['history', '--outcome', 'ro'], ['rolled_back']],
  ])('offers for %j: %j', async (words, wanted) => {
    expect(await offered(...words)).toEqual(wanted);
  });

  it('offers files where it knows nothing better', async () => {
    expect(await offered('plan', '-c', 'et')).toContain('etc');
    expect(await offered('plan', '-c', '')).toContain('etc');
  });
});

describeWith('zsh', 'completion in zsh', () => {
  it('offers the values of an option', async () => {
    const { out } = await runCommand(['completion', 'bash']);
    const script = `autoload -U compinit bashcompinit && compinit -u -D && bashcompinit
${out}
setopt ksharrays
COMP_WORDS=(greptime-rebalancer plan -o '') COMP_CWORD=3
_greptime_rebalancer
print -l "\${COMPREPLY[@]}"`;
    expect(execFileSync('zsh', ['-fc', script], { encoding: 'utf8' })).toBe('table\njson\nsql\ncurl\n');
  });
});

describe('completion', () => {
  it('is a bash script in zsh', async () => {
    const { out } = await runCommand(['completion', 'zsh']);
    expect(out).toMatch(/^#compdef greptime-rebalancer\nautoload -U bashcompinit && bashcompinit\n/);
  });

  it('describes commands and options in fish', async () => {
    const { out } = await runCommand(['completion', 'fish']);
    expect(out).toContain("-n '__fish_use_subcommand' -f -a plan -d 'print the plan; moves nothing'\n");
    expect(out).toContain(
      "-n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check' -s c -r -d",
    );
    expect(out).toContain("__fish_seen_subcommand_from status' -s o -x -a 'table json' -d");
    for (const line of out.split('\n').slice(1, -1))
      expect(line).toMatch(
        /^complete -c greptime-rebalancer -n '[^']+' (-f -a|-[ls]) \S+( -r| -x -a '[^']+')? -d '.*'$/,
      );
  });
});

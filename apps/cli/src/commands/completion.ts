import type { Command } from 'commander';
import type { CliNeeds } from '../needs.ts';
import { oneOf } from './option-values.ts';

/** A command with its words below it: names of subcommands, and options. */
type Words = { readonly path: readonly string[]; readonly words: readonly string[] };

/** Last, so that it knows the others. */
export function addCompletionCommand(program: Command, needs: CliNeeds): void {
  program
    .command('completion')
    .description('print a script that completes commands and options: bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish', oneOf('bash', 'zsh', 'fish'))
    .action((shell: string) => {
      const all = wordsBelow(program, []);
      needs.stdout.write(shell === 'fish' ? fishScript(all) : shellScript(all, shell === 'zsh'));
    });
}

/** Names are ours: letters and hyphens, nothing a shell would act on. */
function wordsBelow(command: Command, path: readonly string[]): Words[] {
  const options = command.options.flatMap(({ long }) => (long === null || long === undefined ? [] : [long]));
  const names = command.commands.map((below) => below.name());
  return [
    { path, words: [...names, ...(path.length === 0 ? ['help'] : []), ...options, '--help'] },
    ...command.commands.flatMap((below) => wordsBelow(below, [...path, below.name()])),
  ];
}

/** zsh runs the completion of bash. Where no word fits, files are offered. */
function shellScript(all: readonly Words[], zsh: boolean): string {
  const cases = all.map(({ path, words }) => `    '${path.join(' ')}') words='${words.join(' ')}' ;;`);
  const known = all.map(({ path }) => `'${path.join(' ')}'`).filter((name) => name !== "''");
  return `${zsh ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_sallyport() {
  local path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${known.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sallyport sallyport ./sallyport
`;
}

function fishScript(all: readonly Words[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const below = all.filter(
      (other) => other.path.length === path.length + 1 && other.path[path.length - 1] === path.at(-1),
    );
    const inside = path.map((name) => `__fish_seen_subcommand_from ${name}`);
    const notBelow =
      path.length === 0
        ? ['__fish_use_subcommand']
        : below.length === 0
          ? []
          : [`not __fish_seen_subcommand_from ${below.map((other) => other.path.at(-1) ?? '').join(' ')}`];
    const condition = [...inside, ...notBelow].join('; and ');
    return words.map((word) =>
      word.startsWith('--')
        ? `complete -c sallyport -n '${condition}' -l ${word.slice(2)}`
        : `complete -c sallyport -n '${condition}' -a ${word}`,
    );
  });
  return `${lines.join('\n')}\n`;
}

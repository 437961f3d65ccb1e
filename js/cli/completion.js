// `forepost completion`: what a shell needs to complete commands, options and their values. Made of the same table as the help.

import { UsageError } from './args.js';
import { COMMANDS, OPTIONS } from './help.js';
import { tableNames } from './lists.js';
import { out } from './terminal.js';

const SHELLS = { bash, zsh, fish };

export async function completion(_, [shell, ...more]) {
  if (!Object.hasOwn(SHELLS, shell ?? '') || more.length > 0) throw new UsageError('completion needs a shell: bash, zsh or fish', 'completion');
  await out(SHELLS[shell]());
  return 0;
}

const optionsOf = (command) => Object.keys(OPTIONS[command]).map((name) => `--${name}`).join(' ');
const choices = () => COMMANDS.flatMap((command) => Object.entries(OPTIONS[command]).filter(([, { choices: given }]) => given)
  .map(([name, { choices: given }]) => ({ command, name, given: given.join(' ') })));

function bash() {
  return `_forepost() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W '${COMMANDS.join(' ')} --help --version' -- "$word")); return; fi
  case "$command $before" in
${choices().map(({ command, name, given }) => `    '${command} --${name}') COMPREPLY=($(compgen -W '${given}' -- "$word")); return ;;`).join('\n')}
  esac
  if [[ "$word" == -* ]]; then
    case "$command" in
${COMMANDS.map((command) => `      ${command}) COMPREPLY=($(compgen -W '${optionsOf(command)}' -- "$word")); return ;;`).join('\n')}
    esac
  fi
  if [ "$command" = schema ]; then COMPREPLY=($(compgen -W '${tableNames().join(' ')}' -- "$word")); return; fi
  COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _forepost forepost
`;
}

function zsh() {
  return `#compdef forepost
autoload -U +X bashcompinit && bashcompinit
${bash()}`;
}

function fish() {
  const quote = (text) => `'${text.replace(/\s+/g, ' ').replace(/[\\']/g, '\\$&')}'`;
  const first = `complete -c forepost -n __fish_use_subcommand -f -a '${COMMANDS.join(' ')}'\n`;
  const tables = `complete -c forepost -n '__fish_seen_subcommand_from schema' -f -a '${tableNames().join(' ')}'\n`;
  return first + tables + COMMANDS.map((command) => Object.entries(OPTIONS[command]).map(([name, { value, short, about, choices: given }]) =>
    `complete -c forepost -n '__fish_seen_subcommand_from ${command}' -l ${name}${short ? ` -s ${short}` : ''}${value ? ' -r' : ''}${given ? ` -f -a '${given.join(' ')}'` : ''} -d ${quote(about)}\n`).join('')).join('');
}

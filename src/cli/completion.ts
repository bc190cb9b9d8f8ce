import { type Command, UsageError } from './command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completionCommand: Command = {
  usage: 'bash|zsh|fish',
  summary: 'a script for the shell that completes commands, options and files',
  options: {},
  run({ files, commands }) {
    const options = Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [
        name,
        [...Object.keys(command.options), 'help'].map((option) => `--${option}`),
      ]),
    );
    const script = files.length === 1 ? completionScript(files[0], options) : undefined;
    if (script === undefined) {
      throw new UsageError(
        `completion takes the name of a shell, and got "${files.join(' ')}"; allowed: ${SHELLS.join(', ')}`,
      );
    }
    process.stdout.write(script);
  },
};

/** A script that completes commands, their options and files; undefined for a shell that is not known. */
function completionScript(shell: string, commands: Record<string, string[]>): string | undefined {
  const names = Object.keys(commands).join(' ');
  const cases = Object.entries(commands);
  switch (shell) {
    case 'bash':
      return `_handit() {
  local word="\${COMP_WORDS[COMP_CWORD]}" options=""
  case "\${COMP_WORDS[1]}" in
${cases.map(([name, options]) => `    ${name}) options="${options.join(' ')}" ;;`).join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then options="${names} -- --help --version"; fi
  COMPREPLY=($(compgen -W "$options" -- "$word") $(compgen -f -- "$word"))
}
complete -o filenames -F _handit handit
`;
    case 'zsh':
      return `#compdef handit
_handit() {
  if (( CURRENT == 2 )); then
    compadd -- ${names} --help --version
    _files
    return
  fi
  case "\${words[2]}" in
${cases.map(([name, options]) => `    ${name}) compadd -- ${options.join(' ')} ;;`).join('\n')}
  esac
  _files
}
compdef _handit handit
`;
    case 'fish':
      return [
        `complete -c handit -n __fish_use_subcommand -a "${names}"`,
        ...cases.flatMap(([name, options]) =>
          options.map((option) => `complete -c handit -n "__fish_seen_subcommand_from ${name}" -l ${option.slice(2)}`),
        ),
        '',
      ].join('\n');
  }
  return undefined;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that completes commands, their options and files; undefined for a shell that is not known. */
export function completionScript(shell: string, commands: Record<string, string[]>): string | undefined {
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

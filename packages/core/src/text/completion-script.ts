/** An option as a shell completes it. */
export interface CompletedOption {
  readonly short?: string | undefined;
  readonly long: string;
  readonly meaning: string;
  /** What its value is; none if it takes none. */
  readonly value?: 'file' | 'word' | readonly string[] | undefined;
}

/** A program as a shell completes it: its options, or commands each with options of its own. */
export interface CompletedProgram {
  readonly name: string;
  readonly options: readonly CompletedOption[];
  readonly commands?: readonly {
    readonly name: string;
    readonly meaning: string;
    readonly options: readonly CompletedOption[];
  }[];
}

export const completedShells = ['bash', 'zsh', 'fish'] as const;
export type CompletedShell = (typeof completedShells)[number];

/** A script that completes a program in a shell; it asks nobody, so that it works without the program too. */
export function completionScript(shell: CompletedShell, program: CompletedProgram): string {
  return { bash, zsh, fish }[shell](program);
}

function flagsOf({ short, long }: CompletedOption): readonly string[] {
  return [...(short === undefined ? [] : [short]), long];
}

function bash({ name, options, commands = [] }: CompletedProgram): string {
  const words = (own: readonly CompletedOption[]) => own.map(({ long }) => long).join(' ');
  const all = [...options, ...commands.flatMap((command) => command.options)];
  const flags = (kind: (option: CompletedOption) => boolean) => [
    ...new Set(all.filter(kind).flatMap(flagsOf)),
  ];
  const files = flags(({ value }) => value === 'file');
  const free = flags(({ value }) => value === 'word');
  const lists = all.filter(({ value }) => Array.isArray(value));
  const shell = `_${name.replaceAll('-', '_')}`;
  return [
    `# Completion of ${name} for bash`,
    `${shell}() {`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash reads it
    '    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="" word',
    '    COMPREPLY=()',
    '    case $previous in',
    ...(files.length > 0
      ? [`        ${files.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;`]
      : []),
    ...(free.length > 0 ? [`        ${free.join('|')}) return ;;`] : []),
    ...lists.map(
      (option) =>
        `        ${flagsOf(option).join('|')}) COMPREPLY=($(compgen -W "${(option.value as readonly string[]).join(' ')}" -- "$current")); return ;;`,
    ),
    '    esac',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash reads it
    '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '        [[ $word == -* ]] || { command=$word; break; }',
    '    done',
    '    case $command in',
    ...commands.map(
      (command) =>
        `        ${command.name}) COMPREPLY=($(compgen -W "${words(command.options)}" -- "$current")) ;;`,
    ),
    `        *) COMPREPLY=($(compgen -W "${[...commands.map((command) => command.name), words(options)].join(' ')}" -- "$current")) ;;`,
    '    esac',
    '}',
    `complete -F ${shell} ${name}`,
  ].join('\n');
}

function zsh({ name, options, commands = [] }: CompletedProgram): string {
  const text = (words: string) => words.replaceAll(/['[\]:\\]/g, ' ');
  const actionOf = ({ value }: CompletedOption) =>
    value === undefined
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'word'
          ? ':value: '
          : `:value:(${value.join(' ')})`;
  const spec = (option: CompletedOption) =>
    option.short === undefined
      ? `'${option.long}[${text(option.meaning)}]${actionOf(option)}'`
      : `'(${option.short} ${option.long})'{${option.short},${option.long}}'[${text(option.meaning)}]${actionOf(option)}'`;
  const specs = (own: readonly CompletedOption[]) => own.map(spec).join(' ');
  const shell = `_${name.replaceAll('-', '_')}`;
  const described = commands.map((command) => `'${command.name}:${text(command.meaning)}'`).join(' ');
  const inner = commands.map((command) => `        ${command.name}) _arguments ${specs(command.options)} ;;`);
  const body =
    commands.length === 0
      ? [`    _arguments ${specs(options)}`]
      : [
          '    local state line',
          `    _arguments -C ${specs(options)} '1: :->command' '*:: :->rest'`,
          '    case $state in',
          `    command) local -a commands=(${described}); _describe command commands ;;`,
          '    rest) case $words[1] in',
          ...inner,
          '        esac ;;',
          '    esac',
        ];
  return [
    `#compdef ${name}`,
    `# Completion of ${name} for zsh`,
    `${shell}() {`,
    ...body,
    '}',
    `compdef ${shell} ${name}`,
  ].join('\n');
}

function fish({ name, options, commands = [] }: CompletedProgram): string {
  const quoted = (words: string) => `'${words.replaceAll(/['\\]/g, (sign) => `\\${sign}`)}'`;
  const line = (option: CompletedOption, condition: string) => {
    const { value } = option;
    const takes =
      value === undefined
        ? ''
        : value === 'file'
          ? ' -r -F'
          : value === 'word'
            ? ' -x'
            : ` -x -a ${quoted(value.join(' '))}`;
    const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
    return `complete -c ${name}${condition}${short} -l ${option.long.slice(2)}${takes} -d ${quoted(option.meaning)}`;
  };
  const first = commands.length === 0 ? '' : ' -n __fish_use_subcommand';
  return [
    `# Completion of ${name} for fish`,
    `complete -c ${name} -f`,
    ...commands.map(
      (command) => `complete -c ${name}${first} -a ${command.name} -d ${quoted(command.meaning)}`,
    ),
    ...options.map((option) => line(option, first)),
    ...commands.flatMap((command) =>
      command.options.map((option) => line(option, ` -n '__fish_seen_subcommand_from ${command.name}'`)),
    ),
  ].join('\n');
}

/** What a program completes that says in its help, `  -c, --config FILE  meaning`, which options it has. */
export function completedOptions(help: string): readonly CompletedOption[] {
  const lines = help.matchAll(/^ {2,6}(?:(-\w), )?(--[a-z-]+)(?: ([A-Z]+))?(?: +(.*))?$/gm);
  return [...lines].map(([, short, long = '', kind, meaning = '']) => ({
    short,
    long,
    meaning,
    value: valueOfKind(kind),
  }));
}

function valueOfKind(kind: string | undefined): CompletedOption['value'] {
  if (kind === undefined) return undefined;
  if (kind === 'SHELL') return completedShells;
  return /^(FILE|FOLDER|MODULE)$/.test(kind) ? 'file' : 'word';
}

/** The script for the shell that an option names. Throws if there is none for it. */
export function completionOf(name: string, help: string, shell: string): string {
  const known = completedShells.find((one) => one === shell);
  if (!known) throw new Error(`--completion is "${shell}": use ${completedShells.join(', ')}`);
  return `${completionScript(known, { name, options: completedOptions(help) })}\n`;
}

/** What a generated agent is made of. */
export interface TemplateOptions {
  readonly name: string;
  readonly description: string;
  readonly author: string;
  readonly license: string;
  /** What the package depends on as @troupe/core: a version, or `file:` and a path. */
  readonly core: string;
}

export interface TemplateFile {
  readonly text: string;
  readonly isExecutable?: boolean;
}

/** Files by their path in the new folder. */
export type Template = (options: TemplateOptions) => Readonly<Record<string, TemplateFile>>;

/** A package.json as text. */
export function packageText(
  { name, description, license, core }: TemplateOptions,
  more: Readonly<Record<string, unknown>>,
): string {
  const manifest = {
    name: `troupe-agent-${name.replaceAll('_', '-')}`,
    version: '0.1.0',
    description,
    license,
    type: 'module',
    ...more,
    engines: { node: '>=24' },
    dependencies: { '@troupe/core': core },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What npm has to know of a package that depends on a folder. */
export function npmrc({ core }: TemplateOptions): Readonly<Record<string, TemplateFile>> {
  if (!core.startsWith('file:')) return {};
  const text = `; Npm 9.0 to 9.3, which Debian has, copy the folder otherwise, and then look for what it depends on in the registry.
install-links=false
`;
  return { '.npmrc': { text } };
}

/** The part of a README that is the same in all languages. */
export function readmeText(
  { name, description }: TemplateOptions,
  parts: { readonly files: string; readonly test: string; readonly config: string },
): string {
  return `# Agent ${name}

${description}. ${parts.files}.

Try it: \`${parts.test}\`.

Have a daemon load it, by a line in its configuration (a path is absolute, or relative to that file):

\`\`\`yaml
${parts.config}
\`\`\`

Then call it:

\`\`\`
mco rpc ${name} say text=hello
\`\`\`
`;
}

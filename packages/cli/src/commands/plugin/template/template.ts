import { join } from 'node:path';

/** What a generated agent is made of. */
export interface TemplateOptions {
  readonly name: string;
  readonly description: string;
  readonly author: string;
  readonly license: string;
  /** The clone of Troupe that made it, where that is not installed from the registry. */
  readonly clone?: string;
  /** The version of Troupe. */
  readonly version: string;
}

export interface TemplateFile {
  readonly text: string;
  readonly isExecutable?: boolean;
}

/** Files by their path in the new folder. */
export type Template = (options: TemplateOptions) => Readonly<Record<string, TemplateFile>>;

/** A package.json as text. */
export function packageText(
  options: TemplateOptions,
  { devDependencies, ...more }: Readonly<Record<string, unknown>> & { devDependencies?: object },
): string {
  const { name, description, license } = options;
  const manifest = {
    name: `troupe-agent-${name.replaceAll('_', '-')}`,
    version: '0.1.0',
    description,
    license,
    type: 'module',
    ...more,
    engines: { node: '>=24' },
    dependencies: { '@troupe/core': troupe('core', options) },
    // Its tests run it as the daemon does.
    devDependencies: { '@troupe/daemon': troupe('daemon', options), ...devDependencies },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

// A clone is not published, so a package that it generates depends on the clone.
function troupe(name: string, { clone, version }: TemplateOptions): string {
  return clone === undefined ? `^${version}` : `file:${join(clone, 'packages', name)}`;
}

/** What npm has to know of a package that depends on a folder. */
export function npmrc({ clone }: TemplateOptions): Readonly<Record<string, TemplateFile>> {
  if (clone === undefined) return {};
  const text = `; Npm 9.0 to 9.3, the versions in Debian, would copy the folder and look for its dependencies in the registry.
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

To test it: \`${parts.test}\`.

To load it into a daemon, add this line to \`mcod.yaml\` (paths are absolute, or relative to that file):

\`\`\`yaml
${parts.config}
\`\`\`

Then call it:

\`\`\`
mco rpc ${name} say text=hello
\`\`\`
`;
}

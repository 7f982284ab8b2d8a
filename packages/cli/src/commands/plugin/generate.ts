import { realpathSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TroupeError, version } from '@troupe/core';
import { javascript } from './template/javascript.js';
import { python } from './template/python.js';
import type { Template } from './template/template.js';
import { typescript } from './template/typescript.js';

const templates = { javascript, typescript, python } satisfies Record<string, Template>;

export type AgentLanguage = keyof typeof templates;

/** The languages that an agent can be generated in. */
export const agentLanguages = Object.keys(templates) as readonly AgentLanguage[];

export interface GenerateOptions {
  readonly language?: AgentLanguage;
  readonly description?: string;
  readonly author?: string;
  readonly license?: string;
}

const taken = ['rpcutil', 'discovery', 'provision', 'puppetca', 'puppetd', 'notify'];

/**
 * Writes a new agent into a folder that is empty or does not exist: DDL, agent, test, README. Returns the paths of the
 * files, in the folder. Throws AGENT_INVALID.
 */
export async function generateAgent(
  folder: string,
  name: string,
  options: GenerateOptions = {},
): Promise<readonly string[]> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
    throw new TroupeError(
      'AGENT_INVALID',
      `"${name}" is not a valid agent name: use lowercase letters, digits and "_", beginning with a letter`,
    );
  }
  if (taken.includes(name)) throw new TroupeError('AGENT_INVALID', `Troupe already has an agent "${name}"`);
  const { language = 'javascript', author = 'unknown', license = 'Apache-2.0' } = options;
  const template = templates[language];
  if (!template) {
    throw new TroupeError(
      'AGENT_INVALID',
      `unknown language "${language}"; known languages: ${agentLanguages.join(', ')}`,
    );
  }
  const description = templateText(options.description ?? 'Returns the text that it gets');
  const files = template({
    name,
    description,
    author: templateText(author),
    license: templateText(license),
    version,
    ...ownClone(),
  });
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new TroupeError('AGENT_INVALID', `${folder} is not empty`);
  for (const [path, { text, isExecutable = false }] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
    if (isExecutable) await chmod(file, 0o755);
  }
  return Object.keys(files);
}

// It is put into comments and texts of three languages.
function templateText(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029"\\*`$]+/gu, ' ').trim();
  return line.replace(/\.$/, '') || 'unknown';
}

// A package of Troupe is in packages/ of the clone, or in node_modules of another package; a release has neither.
function ownClone(): { readonly clone?: string } {
  const core = realpathSync(fileURLToPath(new URL('.', import.meta.resolve('@troupe/core/package.json'))));
  const packages = dirname(core);
  return basename(packages) === 'packages' ? { clone: dirname(packages) } : {};
}

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Puppet code: a folder with one subfolder per environment, or the files by their path below it, such as
 * `production/manifests/site.pp`.
 */
export type PuppetCode = string | Readonly<Record<string, string>>;

/** Puts code where a server finds its environments; files that are there already are replaced. */
export async function installCode(environments: string, code: PuppetCode): Promise<void> {
  if (typeof code === 'string') {
    await cp(code, environments, { recursive: true });
    return;
  }
  for (const [path, content] of Object.entries(code)) {
    const target = join(environments, path);
    if (relative(environments, target).startsWith('..')) {
      throw new Error(`the Puppet code ${path} is outside the folder of environments`);
    }
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

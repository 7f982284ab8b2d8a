import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findClientConfig, loadClientConfig } from '@troupe/client';
import type { Application } from '@troupe/client/application';
import { TroupeError } from '@troupe/core';
import { locateModule, moduleFaultOf, shareOwnCopies } from '@troupe/core/modules';
import { checkTrustedAsRoot } from '@troupe/core/trusted-path';
import type { CommandEntry } from '../command-line/shell.js';
import { applicationEntry } from './command-line.js';

/** The commands of the packages in a configuration, and why the others cannot be loaded. */
export interface Configured {
  readonly entries: readonly CommandEntry[];
  readonly faults: readonly TroupeError[];
}

/** Loads the packages that `applications` of a client's configuration names. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export async function configuredApplications(
  named: string | undefined,
  known: readonly CommandEntry[],
): Promise<Configured> {
  const file = findClientConfig(named);
  const { applications } = loadClientConfig(file);
  const taken = new Set(known.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const entries: CommandEntry[] = [];
  const faults: TroupeError[] = [];
  for (const specifier of applications) {
    try {
      const application = await applicationOf(specifier, resolve(file));
      if (taken.has(application.name)) throw new Error(`mco already has a command "${application.name}"`);
      taken.add(application.name);
      entries.push(applicationEntry(application, async () => application));
    } catch (cause) {
      const why = moduleFaultOf(cause, import.meta.url);
      faults.push(
        new TroupeError('CONFIG_INVALID', `${file}: applications: cannot load "${specifier}": ${why}`, {
          cause,
        }),
      );
    }
  }
  return { entries, faults };
}

async function applicationOf(specifier: string, file: string): Promise<Application> {
  shareOwnCopies(['@troupe/core', '@troupe/client', '@troupe/ddl'], import.meta.url);
  const url = locate(specifier, file);
  checkTrustedAsRoot(fileURLToPath(url), 'it is not loaded');
  const module = (await import(url)) as Partial<Application> & { default?: unknown };
  // Of a CommonJS module Node may see the default only.
  const given = typeof module.define === 'function' ? module : (module.default as typeof module | undefined);
  const { name, summary, define } = given ?? module;
  if (typeof define !== 'function' || typeof name !== 'string' || typeof summary !== 'string')
    throw new Error('the module does not export name, summary and define');
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) throw new Error(`"${name.slice(0, 40)}" is not a valid command name`);
  return { name, summary, define };
}

function locate(specifier: string, file: string): string {
  const found = locateModule(specifier, { file, own: import.meta.url, entry: 'application' });
  if (found !== undefined) return found;
  throw new Error(`npm package not found from ${dirname(file)} or from mco itself`);
}

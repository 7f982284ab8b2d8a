import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Puppet } from '../../src/puppet/index.js';

/** The stand-in for Puppet; what it does is said by variables of its environment. */
export const fakeCommand = fileURLToPath(new URL('../../../test/fixtures/puppet', import.meta.url));

/** A host with a fake Puppet: a folder that holds its files and the runs. */
export interface FakeHost extends AsyncDisposable {
  readonly folder: string;
  readonly stateDir: string;
  path(name: string): string;
  /** Puppet on this host, behaving as `behaviour` says. */
  puppet(behaviour?: Readonly<Record<string, string>>): Puppet;
}

/** Makes a host with a fake Puppet in a temporary folder. */
export async function fakeHost(): Promise<FakeHost> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-puppetd-'));
  const stateDir = join(folder, 'state');
  return {
    folder,
    stateDir,
    path: (name) => join(folder, name),
    puppet: (behaviour = {}) =>
      new Puppet({ command: [fakeCommand], env: { FAKE_DIR: folder, ...behaviour } }, stateDir),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The two sides of a mixed fleet: an earlier commit, and this clone. */
export type Version = 'old' | 'new';

/** The programs of one version. */
export interface Build {
  readonly version: Version;
  /** Scripts to be run with node. */
  readonly mco: string;
  readonly mcod: string;
  readonly mcprovision: string;
  /** The folder of a package of it. */
  readonly package: (name: string) => string;
  /** Imports a package of it into this process; the caller says of what type it is. */
  readonly load: <T>(name: string) => Promise<T>;
}

/** This clone. */
export const newBuild = buildIn('new', fileURLToPath(new URL('../../../../../', import.meta.url)));

/** The earlier commit that scripts/mixed.mjs has built. */
export const oldBuild = buildIn('old', oldFolder());

function oldFolder(): string {
  const folder = process.env.TROUPE_OLD_BUILD;
  if (folder === undefined) throw new Error('there is no build of an earlier commit: use npm run test:mixed');
  return `${folder}/`;
}

function buildIn(version: Version, folder: string): Build {
  const inPackage = (name: string) => `${folder}packages/${name}`;
  // Before the daemon had its own package it was part of core.
  const daemon = existsSync(inPackage('daemon')) ? 'daemon' : 'core';
  return {
    version,
    mco: `${inPackage('cli')}/bin/mco.js`,
    mcod: `${inPackage(daemon)}/bin/mcod.js`,
    mcprovision: `${inPackage('provisioner')}/bin/mcprovision.js`,
    package: inPackage,
    load: (name) => import(`${inPackage(name)}/dist/src/index.js`),
  };
}

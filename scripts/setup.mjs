// The set-up of a clone: npm packages, Debian packages and the build. Runs before tests and demo.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailed, Interrupted, run } from './command.mjs';
import { installPackages, mayInstall, missingPackages } from './debian.mjs';
import { FLOOR, runtimeOf } from './runtime.mjs';

/** The folder of the clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

// For the set-up itself, until it has installed the Node that everything else runs on.
const MINIMUM = 18;
const STAMP = 'node_modules/.troupe-setup';

const report = (text) => console.error(`set-up: ${text}`);

/** This machine cannot be set up; the message says what to do. */
export class SetupFailed extends Error {
  name = 'SetupFailed';
}

/** Throws SetupFailed if a version of Node, such as `18.20.4`, is too old to run the set-up. */
export function checkNode(version = process.versions.node) {
  if (Number(version.split('.', 1)[0]) >= MINIMUM) return;
  throw new SetupFailed(`Node ${version} is too old for the setup: install Node ${MINIMUM} or newer`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds what package-lock.json asks for, whoever installed it. */
export function isInstalled(folder = root) {
  const wanted = readJson(join(folder, 'package-lock.json'))?.packages;
  const present = readJson(join(folder, 'node_modules/.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return (
    Object.entries(wanted).every(([path, { version, integrity, link, optional }]) => {
      if (!path.includes('node_modules/')) return true;
      const found = present[path];
      // An optional package of another platform is absent, and rightly so.
      if (!found) return optional === true;
      return (
        found.version === version &&
        found.integrity === integrity &&
        found.link === link &&
        existsSync(join(folder, path))
      );
    }) && Object.keys(present).every((path) => wanted[path])
  );
}

/**
 * Installs the npm packages of the clone and returns the Node to run everything else with: the pinned one among them.
 * Throws SetupFailed or CommandFailed.
 */
export async function installModules() {
  checkNode();
  const stamp = join(root, STAMP);
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  // Npm goes on without an optional package that it could not load, as the pinned Node is one.
  const isMissing = !runtimeOf(root);
  if (isMissing || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
    if (isMissing || !isInstalled()) {
      report('installing npm packages …');
      await run(
        'npm',
        ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
        { cwd: root },
      );
    }
    writeFileSync(stamp, hash);
  }
  const node = runtimeOf(root);
  if (node) return node;
  const { platform, arch, version } = process;
  throw new SetupFailed(
    `npm did not install Node for ${platform}-${arch}, and this machine's Node ${version} is too old: try again, or install Node ${FLOOR} or newer`,
  );
}

async function installDebian(puppet) {
  const missing = missingPackages({ puppet });
  if (missing.length === 0) return missing;
  const names = missing.map(({ name }) => name).join(' ');
  if (!mayInstall()) {
    report(`missing packages; run as root on Debian: apt-get install --no-install-recommends ${names}`);
    return missing;
  }
  report(`installing Debian packages, this can take minutes: ${names} …`);
  await installPackages(missing, report);
  const left = missingPackages({ puppet });
  for (const { name, use } of left) report(`still missing: ${name} (${use})`);
  return left;
}

/**
 * Brings the clone to where tests and demo can run and returns the Debian packages that are missing still, as
 * `{ name, use }`. With `build` it compiles, without `puppet` it leaves Puppet's packages aside. Throws
 * SetupFailed, CommandFailed or Interrupted.
 */
export async function setup({ build = false, puppet = true } = {}) {
  await installModules();
  const missing = await installDebian(puppet);
  if (build) await run('node_modules/.bin/tsc', ['--build'], { cwd: root });
  return missing.map(({ name, use }) => ({ name, use }));
}

/** Prints why a set-up ended early and returns the exit code; only what is a defect of ours shows its stack. */
export function explain(error, stage = 'set-up') {
  const isOwn = [SetupFailed, CommandFailed, Interrupted].some((kind) => error instanceof kind);
  console.error(isOwn ? `${stage}: ${error.message}` : error);
  return error.exitCode ?? 1;
}

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TroupeError } from '@troupe/core';
import { allowsUnsafeFiles, ownTrust, pathFault } from '@troupe/core/trusted-path';
import { listPlaces, placeFault, soundEntries } from './agents/external/places.js';
import { agentFault } from './agents/import.js';
import type { DaemonConfig } from './config.js';

/** The files of a daemon that others can write, in words: what can be written, by whom, and the command that changes it. */
export interface UnsafeFiles {
  /** With these the daemon does not start. */
  readonly fatal: readonly string[];
  /** Agents, facts and programs that are left out. */
  readonly leftOut: readonly string[];
  /** What the daemon writes where others can interfere; it does so nevertheless. */
  readonly doubtful: readonly string[];
}

/** Finds what others can write of the files that a daemon loads, executes or keeps. */
export async function findUnsafeFiles(config: DaemonConfig, configFile: string): Promise<UnsafeFiles> {
  const { agents, external_agents: external, facts } = config;
  const places = await placesOf(external, configFile);
  return {
    fatal: fatalFaults(config, configFile),
    leftOut: unique([
      ...agents.map((specifier) => named('agents', agentFault(specifier, configFile))),
      ...places.map((place) => named('external_agents', placeFault(place))),
      ...facts.paths.map((path) => named('facts.paths', pathFault(path))),
    ]),
    doubtful: doubtfulFaults(config),
  };
}

/** The part of {@link findUnsafeFiles} about what the daemon writes. */
export function doubtfulFaults(config: DaemonConfig): readonly string[] {
  return unique(
    [
      ['audit.file', config.audit.file],
      ['log.file', config.log.file],
      ['pid_file', config.pid_file],
      ['status_file', config.status_file],
    ].map(([key, file]) =>
      file === undefined ? undefined : named(`${key}`, pathFault(dirname(resolve(file)))),
    ),
  );
}

/** The part of {@link findUnsafeFiles} with which the daemon does not start, as FILE_UNSAFE each. */
export function unsafeFaults(config: DaemonConfig, configFile: string): readonly TroupeError[] {
  if (allowsUnsafeFiles()) return [];
  return fatalFaults(config, configFile).map((fault) => new TroupeError('FILE_UNSAFE', fault));
}

function fatalFaults(config: DaemonConfig, configFile: string): readonly string[] {
  const { state_dir: state, authorization } = config;
  const { policies } = authorization;
  const trust = ownTrust();
  return unique([
    named('the configuration', pathFault(configFile, trust)),
    ...[state, ...childrenOf(state), ...childrenOf(join(state, 'agents'))].map((file) =>
      named('state_dir', pathFault(file, trust)),
    ),
    ...(policies === undefined ? [] : [policies, ...childrenOf(policies)]).map((file) =>
      named('authorization.policies', pathFault(file, trust)),
    ),
  ]);
}

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    // What is wrong with it is said where it is used.
    return [];
  }
}

async function placesOf(entries: DaemonConfig['external_agents'], configFile: string) {
  // What contradicts itself is said where agents are loaded.
  const places = await listPlaces(soundEntries(entries).sound, configFile);
  return places.filter(({ ddlFile }) => existsSync(ddlFile));
}

function named(what: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${what}: ${fault}`;
}

function unique(faults: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(faults.filter((fault) => fault !== undefined))];
}

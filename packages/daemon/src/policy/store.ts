import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Facts, type FilterNode, messageOf, suggestion } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { checkTrusted } from '@troupe/core/trusted-path';
import { decideWithoutPolicy, type PolicySource, warningsWithout, withoutDefault } from './access.js';
import { decide } from './decide.js';
import {
  defaultPolicy,
  type FolderFiles,
  FolderList,
  groupsFile,
  listFolder,
  meantName,
  misnamedIn,
  refuseMisnamed,
  unreadable,
} from './folder.js';
import { groupWarnings, parseGroups } from './groups.js';
import { Misnamed } from './misnamed.js';
import { parsePolicy } from './parse.js';
import type { Decision, Groups, Policy, Question } from './policy.js';

/** What policies are checked against. */
export interface PolicyNames {
  /** The names of callers. */
  readonly callers?: RegExp;
  /** The actions of an agent whose DDL is known; of all agents for `default`. */
  readonly actions?: (agent: string) => readonly string[] | undefined;
  /** The agents that are known. */
  readonly agents?: () => readonly string[];
  /** The facts of this host. */
  readonly facts?: () => Facts;
}

export interface PolicyOptions extends PolicyNames, PolicySource {
  /** Whether files that others can write, or a folder above them, are refused. */
  readonly refusesUnsafe?: boolean;
}

const mostBytes = 1024 * 1024;

/** What is wrong with policies. */
export interface PolicyProblems {
  /** The policy files that are read. */
  readonly files: readonly string[];
  /** Each of them makes a node refuse the calls that it covers. */
  readonly errors: readonly string[];
  /** Files that look like policies and are not read. */
  readonly unread: readonly string[];
  readonly warnings: readonly string[];
}

interface Read<T> {
  readonly stamp: string;
  readonly value: T | Error;
}

/** The policies of a node, read again when their files change. */
export class PolicyStore {
  readonly #options: PolicyOptions;
  // no peer fills this: it holds the policies of this host, for agents that exist
  readonly #policies = new Map<string, Read<Policy>>();
  #groups: Read<Groups> | undefined;
  readonly #folder: FolderList | undefined;

  constructor(options: PolicyOptions) {
    this.#options = options;
    this.#folder = options.folder === undefined ? undefined : new FolderList(options.folder);
  }

  /** Whether the question is answered with yes, and which line says so. Never rejects: what is not usable denies. */
  async decide(question: Question, node: FilterNode): Promise<Decision> {
    try {
      const policy = this.#policyFor(question.agent);
      if (policy) return await decide(policy, question, node);
    } catch (error) {
      return {
        allowed: false,
        by: 'fault',
        reason: messageOf(error),
        ...(error instanceof Misnamed && { remedy: error.remedy }),
        steps: [],
      };
    }
    return decideWithoutPolicy(question.agent, this.#options);
  }

  /** Reads every file of the folder. */
  check(): PolicyProblems {
    const { folder, withoutPolicy } = this.#options;
    if (folder === undefined)
      return { files: [], errors: [], unread: [], warnings: warningsWithout(withoutPolicy) };
    const files: string[] = [];
    const errors: string[] = [];
    const unread: string[] = [];
    const warnings: string[] = [];
    try {
      const listed = listFolder(folder);
      const misnamed = misnamedIn(folder, listed, { takesDefault: withoutPolicy !== 'token' });
      errors.push(...misnamed.errors);
      unread.push(...misnamed.unread);
      warnings.push(...misnamed.ignored);
      this.#readGroups(folder, listed);
      if (listed.hasGroups) warnings.push(...this.#groupWarnings(join(folder, groupsFile)));
      for (const name of listed.policies) {
        const file = join(folder, name);
        files.push(file);
        try {
          warnings.push(...unknownAgent(file, this.#options), ...this.#read(file, listed).warnings);
        } catch (error) {
          errors.push(messageOf(error));
        }
      }
      const isLost = [...listed.lookalikes.values()].includes(defaultPolicy);
      if (withoutPolicy !== 'token' && !listed.policies.has(defaultPolicy) && !isLost) {
        const lacking = withoutDefault(folder, { isEmpty: files.length === 0 });
        errors.push(...lacking.errors);
        warnings.push(...lacking.warnings);
      }
    } catch (error) {
      errors.push(messageOf(error));
    }
    return { files, errors, unread, warnings };
  }

  #policyFor(agent: string): Policy | undefined {
    const { folder, withoutPolicy } = this.#options;
    if (folder === undefined || !this.#folder) return undefined;
    // A folder that does not exist is probably misspelt: it must not mean that there are no policies.
    const listed = this.#folder.read();
    const own = `${agent}.policy`;
    const hasOwn = listed.policies.has(own);
    // The default policy does not hide nodes from discovery, and a token takes its place.
    const takesDefault = agent !== 'discovery' && withoutPolicy !== 'token';
    refuseMisnamed(folder, listed, [
      own,
      ...(takesDefault ? [defaultPolicy] : []),
      ...(hasOwn || takesDefault ? [groupsFile] : []),
    ]);
    if (hasOwn) return this.#read(join(folder, own), listed);
    if (!takesDefault || !listed.policies.has(defaultPolicy)) return undefined;
    return this.#read(join(folder, defaultPolicy), listed);
  }

  #read(file: string, listed: FolderFiles): Policy {
    const groups = this.#readGroups(dirname(file), listed);
    const stamp = stampOf(file);
    const full = `${stamp} ${this.#groups?.stamp}`;
    let known = this.#policies.get(file);
    if (known?.stamp !== full) {
      const value = attempt(() => {
        this.#refuseUnsafe(file);
        return parseFile(file, groups, this.#options);
      });
      known = { stamp: full, value };
      this.#policies.set(file, known);
    }
    if (known.value instanceof Error) throw known.value;
    return known.value;
  }

  #refuseUnsafe(file: string): void {
    if (this.#options.refusesUnsafe) checkTrusted(file, 'authorization.policies');
  }

  #groupWarnings(file: string): readonly string[] {
    return groupWarnings(textOf(file), file, this.#options.callers);
  }

  #parseGroups(file: string): Groups {
    this.#refuseUnsafe(file);
    return parseGroups(textOf(file), file);
  }

  #readGroups(folder: string, { hasGroups }: FolderFiles): Groups {
    const file = join(folder, groupsFile);
    const stamp = hasGroups ? stampOf(file) : '';
    if (this.#groups?.stamp !== stamp) {
      const value = stamp === '' ? new Map() : attempt(() => this.#parseGroups(file));
      this.#groups = { stamp, value };
    }
    if (this.#groups.value instanceof Error) throw this.#groups.value;
    return this.#groups.value;
  }
}

/** Checks one policy file with the groups beside it. */
export function checkPolicyFile(file: string, names: PolicyNames): PolicyProblems {
  const meant = meantName(basename(file));
  const unread =
    meant === undefined || meant === basename(file)
      ? []
      : [`${file} looks like a policy, but is not read: rename it to ${meant}`];
  try {
    const { warnings } = readPolicy(file, names);
    return { files: [file], errors: [], unread, warnings: [...unknownAgent(file, names), ...warnings] };
  } catch (error) {
    return { files: [file], errors: [messageOf(error)], unread, warnings: [] };
  }
}

function unknownAgent(file: string, names: PolicyNames): readonly string[] {
  const agent = basename(file, '.policy');
  const known = names.agents?.();
  if (!known || basename(file) === defaultPolicy || known.includes(agent)) return [];
  return [`${file}: no agent "${agent}" is known here${suggestion(agent, known)}`];
}

/** Reads one policy file with the groups beside it. Throws POLICY_INVALID with file and line. */
export function readPolicy(file: string, names: PolicyNames = {}): Policy {
  const beside = join(file, '..', groupsFile);
  const groups =
    basename(file) !== groupsFile && lstatSync(beside, { throwIfNoEntry: false })
      ? parseGroups(textOf(beside), beside)
      : new Map();
  return parseFile(file, groups, names);
}

function parseFile(file: string, groups: Groups, names: PolicyNames): Policy {
  const actions = names.actions?.(basename(file, '.policy'));
  return parsePolicy(textOf(file), file, {
    groups,
    ...(names.callers && { callers: names.callers }),
    ...(actions && { actions }),
    ...(names.facts && { facts: names.facts() }),
  });
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}

function stampOf(file: string): string {
  try {
    const { ctimeNs, mtimeNs, size, ino } = statSync(file, { bigint: true });
    return `${ctimeNs} ${mtimeNs} ${size} ${ino}`;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function textOf(file: string): string {
  try {
    const { size, mode } = statSync(file);
    if (size > mostBytes) throw new Error(`its ${size} bytes exceed the limit of ${mostBytes}`);
    if ((mode & 0o002) !== 0) throw new Error(`it is world-writable: chmod o-w ${file}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readRegularFileSync(file, { most: mostBytes }));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

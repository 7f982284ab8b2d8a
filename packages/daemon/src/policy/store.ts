import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type FilterNode, messageOf, TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { checkTrusted } from '@troupe/core/trusted-path';
import { decide } from './decide.js';
import { parseGroups } from './groups.js';
import { parsePolicy } from './parse.js';
import type { Decision, Groups, Policy, Question } from './policy.js';

/** What policies are checked against. */
export interface PolicyNames {
  /** The names of callers. */
  readonly callers?: RegExp;
  /** The actions of an agent whose DDL is known. */
  readonly actions?: (agent: string) => readonly string[] | undefined;
}

export interface PolicyOptions extends PolicyNames {
  /** The folder with `AGENT.policy`, `default.policy` and `groups`; without it there is no policy. */
  readonly folder?: string;
  /** What holds for an agent that neither a policy of its own nor the default policy is for. */
  readonly withoutPolicy: 'allow' | 'refuse';
  /** Whether files that others can write, or a folder above them, are refused. */
  readonly refusesUnsafe?: boolean;
}

const mostBytes = 1024 * 1024;

interface Read<T> {
  readonly stamp: string;
  readonly value: T | Error;
}

/** The policies of a node, read again when their files change. */
export class PolicyStore {
  readonly #options: PolicyOptions;
  readonly #policies = new Map<string, Read<Policy>>();
  #groups: Read<Groups> | undefined;

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  /** Whether the question is answered with yes, and which line says so. Never rejects: what is not usable denies. */
  async decide(question: Question, node: FilterNode): Promise<Decision> {
    try {
      const policy = this.#policyFor(question.agent);
      if (policy) return await decide(policy, question, node);
    } catch (error) {
      return { allowed: false, by: 'fault', reason: messageOf(error), steps: [] };
    }
    const allowed = this.#options.withoutPolicy === 'allow' || question.agent === 'discovery';
    const reason = `no policy for the agent "${question.agent}": ${allowed ? 'allowed' : 'denied'} by default`;
    return { allowed, by: 'none', reason, steps: [] };
  }

  /** Every file of the folder, for what is wrong with it: errors close the door, warnings do not. */
  check(): {
    readonly files: readonly string[];
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
  } {
    const { folder } = this.#options;
    if (folder === undefined) return { files: [], errors: [], warnings: [] };
    const errors: string[] = [];
    const warnings: string[] = [];
    const files: string[] = [];
    try {
      checkFolder(folder);
      this.#readGroups(folder);
      for (const name of readdirSync(folder).sort()) {
        const file = join(folder, name);
        if (!name.endsWith('.policy')) {
          if (name !== 'groups' && !name.startsWith('.'))
            warnings.push(`${file}: ignored: the name of a policy file must end in .policy`);
          continue;
        }
        files.push(file);
        try {
          warnings.push(...(this.#read(file)?.warnings ?? []));
        } catch (error) {
          errors.push(messageOf(error));
        }
      }
    } catch (error) {
      errors.push(messageOf(error));
    }
    return { files, errors, warnings };
  }

  #policyFor(agent: string): Policy | undefined {
    const { folder } = this.#options;
    if (folder === undefined) return undefined;
    // A folder that is not there is a mistyped one: it must not mean that there are no policies.
    checkFolder(folder);
    const own = this.#read(join(folder, `${agent}.policy`));
    // Whoever may not find nodes sees none: only a policy of its own takes that away.
    return own ?? (agent === 'discovery' ? undefined : this.#read(join(folder, 'default.policy')));
  }

  #read(file: string): Policy | undefined {
    const { folder = '' } = this.#options;
    const groups = this.#readGroups(folder);
    const stamp = stampOf(file);
    if (stamp === undefined) {
      this.#policies.delete(file);
      return undefined;
    }
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

  #parseGroups(file: string): Groups {
    this.#refuseUnsafe(file);
    return parseGroups(textOf(file), file);
  }

  #readGroups(folder: string): Groups {
    const file = join(folder, 'groups');
    const stamp = stampOf(file) ?? '';
    if (this.#groups?.stamp !== stamp) {
      const value = stamp === '' ? new Map() : attempt(() => this.#parseGroups(file));
      this.#groups = { stamp, value };
    }
    if (this.#groups.value instanceof Error) throw this.#groups.value;
    return this.#groups.value;
  }
}

/** Reads one policy file with the groups beside it, for `mco policy check FILE`. Throws POLICY_INVALID with file and line. */
export function readPolicy(file: string, names: PolicyNames = {}): Policy {
  const groupsFile = join(file, '..', 'groups');
  const groups =
    basename(file) !== 'groups' && stampOf(groupsFile) !== undefined
      ? parseGroups(textOf(groupsFile), groupsFile)
      : new Map();
  return parseFile(file, groups, names);
}

function parseFile(file: string, groups: Groups, names: PolicyNames): Policy {
  const actions = names.actions?.(basename(file, '.policy'));
  return parsePolicy(textOf(file), file, {
    groups,
    ...(names.callers && { callers: names.callers }),
    ...(actions && { actions }),
  });
}

function checkFolder(folder: string): void {
  try {
    const stat = statSync(folder);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if ((stat.mode & 0o1002) === 0o002) throw new Error(`it is world-writable: chmod o-w ${folder}`);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}

function stampOf(file: string): string | undefined {
  try {
    const { ctimeNs, mtimeNs, size, ino } = statSync(file, { bigint: true });
    return `${ctimeNs} ${mtimeNs} ${size} ${ino}`;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
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

function unreadable(file: string, cause: unknown): TroupeError {
  return new TroupeError('POLICY_INVALID', `cannot use ${file}: ${systemReasonOf(cause)}`, { cause });
}

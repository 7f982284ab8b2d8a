import { join } from 'node:path';
import { TroupeError } from '@troupe/core';

/** A policy, default policy or groups file that is not read because of its name. */
export class Misnamed extends TroupeError {
  /** What mends it. */
  readonly remedy: string;

  constructor(folder: string, name: string, meant: string) {
    const file = join(folder, name);
    const remedy = `rename ${file} to ${meant}, or delete it`;
    const isOfAll = meant === 'default.policy' || meant === 'groups';
    const effect = isOfAll
      ? 'every call except discovery is refused'
      : `every call to the agent "${meant.slice(0, -'.policy'.length)}" is refused`;
    super('POLICY_INVALID', `${file} is not read, and ${folder} has no ${meant}: ${effect}: ${remedy}`);
    this.remedy = remedy;
  }
}

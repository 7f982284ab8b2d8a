import { section, TroupeError } from '@troupe/core';
import { type StepName, stepNames } from './step-names.js';

/** A step of the site's own: an action of an agent that the site has written. */
export interface Hook {
  readonly name: string;
  /** The step before or after which it is done. */
  readonly place: 'before' | 'after';
  readonly step: StepName;
  readonly agent: string;
  readonly action: string;
  /** Who is asked: the node, its master, or one node of the main collective that has the agent. */
  readonly on: 'node' | 'master' | 'any';
  /** Texts may hold {identity}, {certname} and {master}. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether the provisioning goes on where it fails. */
  readonly optional: boolean;
}

export interface RawHook extends Omit<Hook, 'place' | 'step'> {
  readonly before?: StepName;
  readonly after?: StepName;
}

const name = { type: 'string', pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 };
// Outside of these nobody holds the lease.
const places = { enum: stepNames.filter((step) => step !== 'lock' && step !== 'notify') };

const { default: _, ...hookSchema } = section(
  {
    name: { ...name, not: { enum: stepNames } },
    before: places,
    after: { enum: [...places.enum, 'lock'].filter((step) => step !== 'done') },
    agent: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    action: name,
    on: { enum: ['node', 'master', 'any'], default: 'any' },
    input: { type: 'object', default: {} },
    optional: { type: 'boolean', default: false },
  },
  ['name', 'agent', 'action'],
);

/** The JSON Schema of the `hooks` section. */
export const hooksSchema = { type: ['array', 'null'], items: hookSchema, default: [] };

/** Reads the `hooks` section. Throws CONFIG_INVALID. */
export function readHooks(raw: readonly RawHook[], where: string): readonly Hook[] {
  const names = raw.map((hook) => hook.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined)
    throw new TroupeError('CONFIG_INVALID', `${where}: two hooks are called "${twice}"`);
  return raw.map(({ before, after, ...hook }) => {
    if ((before === undefined) === (after === undefined)) {
      throw new TroupeError('CONFIG_INVALID', `${where}: hooks: "${hook.name}" needs either before or after`);
    }
    if (before !== undefined) return { ...hook, place: 'before', step: before };
    return { ...hook, place: 'after', step: after as StepName };
  });
}

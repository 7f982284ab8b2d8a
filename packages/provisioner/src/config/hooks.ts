import { type ConfigOf, optionalSection, TroupeError } from '@troupe/core';
import { type StepName, stepNames } from './step-names.js';

const name = { type: 'string', pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 } as const;
// Outside of these nobody holds the lease.
const leased = stepNames.filter((step) => step !== 'lock' && step !== 'notify');

/** The JSON Schema of the `hooks` section. */
export const hooksSchema = {
  type: ['array', 'null'],
  items: optionalSection(
    {
      name: { ...name, not: { enum: stepNames }, description: 'The name of the step.' },
      before: { enum: leased, description: 'The step before which it is done; this or `after`.' },
      after: {
        enum: [...leased, 'lock' as const].filter((step) => step !== 'done'),
        description: 'The step after which it is done.',
      },
      agent: {
        type: 'string',
        pattern: '^[a-z0-9][a-z0-9_-]*$',
        description: 'The agent that the site has written.',
      },
      action: { ...name, description: 'Its action.' },
      on: {
        enum: ['node', 'master', 'any'],
        default: 'any',
        description:
          'Who is asked: the node, its master, or one node of the main collective that has the agent.',
      },
      input: {
        type: 'object',
        default: {},
        description: 'The inputs; texts may hold `{identity}`, `{certname}` and `{master}`.',
      },
      optional: {
        type: 'boolean',
        default: false,
        description: 'Whether the provisioning continues if it fails.',
      },
    },
    'name',
    'agent',
    'action',
  ),
  default: [],
  description: "Steps of the site's own, see [below](#steps-of-the-sites-own).",
} as const;

type RawHook = ConfigOf<typeof hooksSchema.items>;

/** A step of the site's own: an action of an agent that the site has written. */
export interface Hook extends Omit<RawHook, 'before' | 'after'> {
  /** Whether it is done before or after `step`. */
  readonly place: 'before' | 'after';
  readonly step: StepName;
}

/** Reads the `hooks` section. Throws CONFIG_INVALID. */
export function readHooks(raw: readonly RawHook[], where: string): readonly Hook[] {
  const names = raw.map((hook) => hook.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined)
    throw new TroupeError('CONFIG_INVALID', `${where}: two hooks are called "${twice}"`);
  return raw.map(({ before, after, ...hook }) => {
    if (before !== undefined && after === undefined) return { ...hook, place: 'before', step: before };
    if (after !== undefined && before === undefined) return { ...hook, place: 'after', step: after };
    throw new TroupeError('CONFIG_INVALID', `${where}: hooks: "${hook.name}" needs either before or after`);
  });
}

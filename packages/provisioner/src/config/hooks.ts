import { type ConfigOf, optionalSection, TroupeError } from '@troupe/core';
import { checkSiteAction, isBefore, siteActionKeys } from './site-action.js';
import { type StepName, stepNames } from './step-names.js';

const name = { type: 'string', pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 } as const;
// Outside of these steps no lease is held.
const leased = stepNames.filter((step) => step !== 'lock' && step !== 'notify');

/** The JSON Schema of the `hooks` section. */
export const hooksSchema = {
  type: ['array', 'null'],
  items: optionalSection(
    {
      name: {
        ...name,
        not: { enum: stepNames },
        description: 'Name of the hook, used as the name of the step.',
      },
      before: { enum: leased, description: 'Run the hook before this step; set either `before` or `after`.' },
      after: {
        enum: [...leased, 'lock' as const].filter((step) => step !== 'done'),
        description: 'Run the hook after this step.',
      },
      ...siteActionKeys,
      on: { ...siteActionKeys.on, default: 'any' },
      optional: {
        type: 'boolean',
        default: false,
        description: 'Whether provisioning continues if the hook fails.',
      },
    },
    'name',
    'agent',
    'action',
  ),
  default: [],
  description: 'Custom steps, see [below](#custom-steps).',
} as const;

type RawHook = ConfigOf<typeof hooksSchema.items>;

/** A custom step: an action of an agent that the site has written. */
export interface Hook extends Omit<RawHook, 'before' | 'after'> {
  /** Whether it runs before or after `step`. */
  readonly place: 'before' | 'after';
  readonly step: StepName;
}

/** Reads the `hooks` section. Throws CONFIG_INVALID. */
export function readHooks(raw: readonly RawHook[], where: string): readonly Hook[] {
  const names = raw.map((hook) => hook.name);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined)
    throw new TroupeError('CONFIG_INVALID', `${where}: hooks: the name "${twice}" is used twice`);
  return raw.map((each) => {
    const hook = withPlace(each, where);
    checkSiteAction(hook, `${where}: hooks: "${hook.name}"`, (step) =>
      hook.place === 'after' ? !isBefore(hook.step, step) : isBefore(step, hook.step),
    );
    return hook;
  });
}

function withPlace({ before, after, ...hook }: RawHook, where: string): Hook {
  if (before !== undefined && after === undefined) return { ...hook, place: 'before', step: before };
  if (after !== undefined && before === undefined) return { ...hook, place: 'after', step: after };
  throw new TroupeError('CONFIG_INVALID', `${where}: hooks: "${hook.name}" must have either before or after`);
}

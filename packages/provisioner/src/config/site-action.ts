import { TroupeError } from '@troupe/core';
import { checkPlaceholders, knownAfter, type PlaceholderName, placeholdersIn } from './placeholders.js';
import { type StepName, stepNames } from './step-names.js';

/** An action of an agent that the site has written, called in a step. */
export interface SiteAction {
  readonly agent: string;
  readonly action: string;
  readonly on: 'node' | 'master' | 'any';
  readonly input: Readonly<Record<string, unknown>>;
}

/** The keys of a section that names an action; `on` has its own default in each place. */
export const siteActionKeys = {
  agent: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9_-]*$',
    description: 'Name of the custom agent.',
  },
  action: {
    type: 'string',
    pattern: '^[a-z][a-z0-9_]*$',
    maxLength: 64,
    description: 'Name of the action.',
  },
  on: {
    enum: ['node', 'master', 'any'],
    description:
      'Where to run the action: on the node, on its master, or on any one node of the main collective that has the agent.',
  },
  input: {
    type: 'object',
    default: {},
    description: 'Inputs of the action; texts can contain [placeholders](#placeholders).',
  },
} as const;

/**
 * Throws CONFIG_INVALID if the input has a placeholder that does not exist, or one without a value at this place.
 * `isOver` is whether a step has ended before the action is called.
 */
export function checkSiteAction(
  { input }: SiteAction,
  where: string,
  isOver: (step: StepName) => boolean,
): void {
  checkPlaceholders(input, where);
  for (const name of placeholdersIn(input)) {
    const step = knownAfter[name as PlaceholderName];
    if (step === undefined || isOver(step)) continue;
    throw new TroupeError('CONFIG_INVALID', `${where}: {${name}} has a value only after the step ${step}`);
  }
}

/** Whether `step` comes before `other`. */
export function isBefore(step: StepName, other: StepName): boolean {
  return stepNames.indexOf(step) < stepNames.indexOf(other);
}

import { checkSiteAction, isBefore, type SiteAction } from './site-action.js';
import type { StepName } from './step-names.js';

/** The actions of the site that do the work of built-in steps, by step. */
export type StepActions = Readonly<Partial<Record<StepName, SiteAction>>>;

type Given = Readonly<Record<string, boolean | string | SiteAction>>;

/** Reads the actions in the `steps` section. Throws CONFIG_INVALID. */
export function readStepActions(given: Given | undefined, where: string): StepActions {
  const actions = Object.entries(given ?? {}).flatMap(([name, value]) => {
    if (typeof value !== 'object') return [];
    const step = name as StepName;
    checkSiteAction(value, `${where}: steps.${name}`, (other) => isBefore(other, step));
    return [[step, value] as const];
  });
  return Object.fromEntries(actions);
}

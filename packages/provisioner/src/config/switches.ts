import { TroupeError } from '@troupe/core';
import { type StepName, stepNames, stepsOf2010, workingSteps } from './step-names.js';

/** Which steps are on. */
export type Switches = Readonly<Record<StepName, boolean>>;

/** A step is switched on or off, or is switched on with an action of the site that does its work. */
type Given = Readonly<Record<string, boolean | string | object>>;

/**
 * Reads the `steps` section: what it meant in 2010 it means now. Adds to `notes` what a reader of the file should
 * know. Throws CONFIG_INVALID.
 */
export function readSwitches(given: Given | undefined, where: string, notes: string[]): Switches {
  const all = Object.fromEntries(stepNames.map((name) => [name, true])) as Record<StepName, boolean>;
  if (given === undefined) return { ...all, puppet_daemonize: false };
  const named = withDaemonize(readBooleans(given), where, notes);
  const switches = { ...all };
  for (const name of stepsOf2010) switches[name] = named[name] ?? false;
  // New since then, and part of what a final run is for.
  switches.restart = named.restart ?? switches.puppet_final_run;
  switches.verify = named.verify ?? switches.puppet_final_run;
  noteSwitches(named, switches, notes);
  return switches;
}

/** Whether any step changes a node. */
export function doesAnything(switches: Switches): boolean {
  return workingSteps.some((name) => switches[name]);
}

/** Whether a switch is on: YAML 1.1, which Ruby read in 2010, has more words for a boolean than YAML 1.2. */
export function isOn(value: boolean | string): boolean {
  return value === true || value === 'yes' || value === 'on';
}

function isStepOn(value: boolean | string | object): boolean {
  return typeof value === 'object' || isOn(value);
}

function readBooleans(given: Given): Record<string, boolean> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, isStepOn(value)]));
}

function withDaemonize(named: Record<string, boolean>, where: string, notes: string[]) {
  const { puppet_daemon: asRead, puppet_daemonize: asWritten, ...others } = named;
  if (asRead !== undefined && asWritten !== undefined && asRead !== asWritten) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}: steps.puppet_daemonize and steps.puppet_daemon are the same step but have different values: remove steps.puppet_daemon`,
    );
  }
  const value = asWritten ?? asRead;
  if (asRead !== undefined) notes.push('steps.puppet_daemon is read as steps.puppet_daemonize');
  if (asWritten) {
    notes.push(
      'steps.puppet_daemonize had no effect in 2010, because the program read puppet_daemon; it takes effect now',
    );
  }
  return value === undefined ? others : { ...others, puppet_daemonize: value };
}

function noteSwitches(named: Record<string, boolean>, switches: Switches, notes: string[]): void {
  const unnamed = stepsOf2010.filter((name) => named[name] === undefined);
  if (unnamed.length > 0) {
    notes.push(
      `steps does not list ${unnamed.join(', ')}: off, as in 2010; without a steps section, all steps except puppet_daemonize are on`,
    );
  }
  const added = (['restart', 'verify'] as const).filter(
    (name) => named[name] === undefined && switches[name],
  );
  if (added.length > 0) {
    notes.push(
      `${added.join(' and ')}: not in 2010, and on because puppet_final_run is on; to change that, list them in steps`,
    );
  }
  if (!doesAnything(switches)) {
    notes.push('all steps that change a node are off: nodes are neither provisioned nor disabled');
  } else if (!switches.lock) {
    notes.push('steps.lock is off: run only one provisioner; a provisioner that hangs cannot be fenced off');
  }
}

import type { ProvisionerConfig } from '../config/config.js';
import type { Hook } from '../config/hooks.js';
import type { StepName } from '../config/step-names.js';
import { cleanNodeCertname } from './clean-node-certname.js';
import { done } from './done.js';
import { hookStep } from './hook.js';
import { lock } from './lock.js';
import { puppetDaemonize } from './puppet-daemonize.js';
import { puppetBootstrapStage, puppetFinalRun } from './puppet-run.js';
import { restart } from './restart.js';
import { sendNodeCsr } from './send-node-csr.js';
import { setPuppetHostname } from './set-puppet-hostname.js';
import { signNodeCsr } from './sign-node-csr.js';
import type { Step } from './step.js';
import { verify } from './verify.js';

/** The steps in their order; `notify` comes when a node has ended, well or not. */
const order: readonly Step[] = [
  lock,
  setPuppetHostname,
  cleanNodeCertname,
  sendNodeCsr,
  signNodeCsr,
  puppetBootstrapStage,
  puppetFinalRun,
  puppetDaemonize,
  restart,
  verify,
  done,
];

/** The steps that a configuration asks for, its hooks in their places. */
export function stepsOf(config: Pick<ProvisionerConfig, 'steps' | 'hooks'>): readonly Step[] {
  const isAway = (hook: Hook) =>
    order.findIndex(({ name }) => name === hook.step) + (hook.place === 'after' ? 1 : 0) >
    order.indexOf(restart);
  const hooks = (step: string, place: Hook['place']) =>
    config.hooks
      .filter((hook) => hook.step === step && hook.place === place)
      .map((hook) => hookStep(hook, config.steps.restart && isAway(hook)));
  return order.flatMap((step) => [
    ...hooks(step.name, 'before'),
    ...(config.steps[step.name as StepName] ? [step] : []),
    ...hooks(step.name, 'after'),
  ]);
}

/** Whether a step is a run of Puppet. */
export function isPuppetRun(step: string): boolean {
  return step === puppetBootstrapStage.name || step === puppetFinalRun.name;
}

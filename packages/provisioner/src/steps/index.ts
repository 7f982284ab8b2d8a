import type { ProvisionerConfig } from '../config/config.js';
import type { Hook } from '../config/hooks.js';
import { type StepName, stepNames } from '../config/step-names.js';
import { cleanNodeCertname } from './clean-node-certname.js';
import { done } from './done.js';
import { hookStep } from './hook.js';
import { lock } from './lock.js';
import { puppetDaemonize } from './puppet-daemonize.js';
import { puppetBootstrapStage, puppetFinalRun } from './puppet-run.js';
import { replacedStep } from './replaced.js';
import { restart } from './restart.js';
import { sendNodeCsr } from './send-node-csr.js';
import { setPuppetHostname } from './set-puppet-hostname.js';
import { signNodeCsr } from './sign-node-csr.js';
import type { Step } from './step.js';
import { verify } from './verify.js';

/** The steps by name; `notify` follows when a node is done or quarantined. */
const steps: Readonly<Record<Exclude<StepName, 'notify'>, Step>> = {
  lock,
  set_puppet_hostname: setPuppetHostname,
  clean_node_certname: cleanNodeCertname,
  send_node_csr: sendNodeCsr,
  sign_node_csr: signNodeCsr,
  puppet_bootstrap_stage: puppetBootstrapStage,
  puppet_final_run: puppetFinalRun,
  puppet_daemonize: puppetDaemonize,
  restart,
  verify,
  done,
};

const order = stepNames.filter((name) => name !== 'notify');

/** The steps that a configuration asks for, those of the site in their places. */
export function stepsOf(config: Pick<ProvisionerConfig, 'steps' | 'stepActions' | 'hooks'>): readonly Step[] {
  const isAway = (hook: Hook) =>
    stepNames.indexOf(hook.step) + (hook.place === 'after' ? 1 : 0) > stepNames.indexOf('restart');
  const hooks = (step: string, place: Hook['place']) =>
    config.hooks
      .filter((hook) => hook.step === step && hook.place === place)
      .map((hook) => hookStep(hook, config.steps.restart && isAway(hook)));
  const builtIn = (name: (typeof order)[number]) => {
    const action = config.stepActions[name];
    return action === undefined ? steps[name] : replacedStep(steps[name], action);
  };
  return order.flatMap((name) => [
    ...hooks(name, 'before'),
    ...(config.steps[name] ? [builtIn(name)] : []),
    ...hooks(name, 'after'),
  ]);
}

/** Whether a step is a run of Puppet. */
export function isPuppetRun(step: string): boolean {
  return step === puppetBootstrapStage.name || step === puppetFinalRun.name;
}

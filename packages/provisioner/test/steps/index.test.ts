import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { isPuppetRun, stepsOf } from '../../src/steps/index.js';

/** Each step: its seconds, whether its failures may be those of the master, how it is recorded, and its attempts. */
const table = [
  ['lock', 30, undefined, 'after', undefined],
  ['set_puppet_hostname', 60, undefined, undefined, undefined],
  ['clean_node_certname', 60, true, undefined, undefined],
  ['send_node_csr', 120, true, undefined, undefined],
  ['sign_node_csr', 60, true, undefined, undefined],
  ['puppet_bootstrap_stage', 3600, true, undefined, undefined],
  ['puppet_final_run', 3600, true, undefined, undefined],
  ['puppet_daemonize', 60, undefined, undefined, undefined],
  ['restart', 60, undefined, 'first', undefined],
  ['verify', 120, undefined, 'after', 1],
  ['done', 30, undefined, 'after', undefined],
] as const;

describe('the steps of a provisioning', () => {
  const steps = stepsOf({ ...parseProvisionerConfig(''), steps: allOn() });

  it('have an order, times and attempts of their own, and ways to be recorded', () => {
    expect(
      steps.map((step) => [step.name, step.timeoutSeconds, step.needsMaster, step.recording, step.attempts]),
    ).to.deep.equal(table);
  });

  it('are done once, but the lock, which whoever works on the node needs', () => {
    expect(steps.filter(({ isRepeated }) => isRepeated).map(({ name }) => name)).to.deep.equal(['lock']);
  });

  it('run Puppet twice', () => {
    expect(steps.filter(({ name }) => isPuppetRun(name)).map(({ name }) => name)).to.deep.equal([
      'puppet_bootstrap_stage',
      'puppet_final_run',
    ]);
  });
});

function allOn() {
  const { steps } = parseProvisionerConfig('');
  return Object.fromEntries(Object.keys(steps).map((name) => [name, true])) as typeof steps;
}

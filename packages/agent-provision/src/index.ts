import type { PuppetSystem } from '@troupe/agent-puppetd/puppet';
import { type Agent, type AgentConfig, defineAgent, type Host, messageOf } from '@troupe/core';
import ddl from '@troupe/ddl/provision.json' with { type: 'json' };
import { readProvisionConfig } from './config.js';
import { leaseHandlers } from './handlers/lease-handlers.js';
import { isDisabled, isEndInterrupted, type Node, openNode, reportFailures } from './handlers/node.js';
import { puppetHandlers } from './handlers/puppet-handlers.js';
import { recordHandlers } from './handlers/record-handlers.js';
import { isFinished, isNotificationPending } from './record/steps.js';

/** The node's half of provisioning; not loaded if the disable file exists. */
export default defineAgent(ddl, (section, host) => setUp(section, host));

/** The same agent over an emulated Puppet. */
export function emulatedProvision(systemOf: (host: Host) => PuppetSystem): Agent {
  return defineAgent(ddl, (section, host) => setUp(section, host, systemOf(host)));
}

async function setUp(section: AgentConfig, host: Host, system?: PuppetSystem) {
  const config = readProvisionConfig(section, host);
  const node = await openNode(config, host, { system });
  if (isDisabled(node) && !isNotificationPending(node.record.state) && !isEndInterrupted(node)) {
    host.stay?.(false);
    return;
  }
  host.provideData('provision', () => ({
    locked: node.lease.holder !== undefined,
    disabled: isDisabled(node),
    quarantined: node.record.state.quarantine !== null,
    done: node.record.state.done !== null,
    finished: isFinished(node.record.state),
    step: node.record.state.step,
    owner: node.lease.holder?.owner ?? null,
  }));
  if (!host.isCheck) await begin(node);
  return reportFailures({ ...leaseHandlers(node), ...recordHandlers(node), ...puppetHandlers(node) });
}

async function begin(node: Node): Promise<void> {
  const { puppet, host } = node;
  await puppet.resume(host.log);
  // Puppet takes seconds to print its settings: they are read before a request waits for them.
  const reading = puppet.assumedSettings().then(async ({ settings, confirmed }) => {
    node.certname = settings.certname;
    node.certname = (await confirmed).certname;
  });
  reading.catch((error: unknown) => {
    host.log.debug({ reason: messageOf(error) }, 'cannot read the settings of Puppet yet');
  });
}

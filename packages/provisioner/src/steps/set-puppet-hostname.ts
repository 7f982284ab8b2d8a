import { oneLine } from '@troupe/core/internal';
import type { Step } from './step.js';

/** Makes the name of the Puppet server mean the chosen master on the node. */
export const setPuppetHostname: Step = {
  name: 'set_puppet_hostname',
  timeoutSeconds: 60,
  run: async ({ session, master, reason, signal }) => {
    const input = { ipaddress: master.address, master: master.identity, reason: oneLine(reason) };
    const { file, how } = await session.node.change(
      'set_puppet_host',
      (agent, claim, options) => agent.set_puppet_host({ ...input, ...claim }, options),
      { signal },
    );
    return { outcome: 'ok', reason: `${master.address} in ${file ?? 'the node'} (${how ?? 'done'})` };
  },
};

import type { Client } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseProvisionerConfig, peersOf } from '../../src/index.js';

describe('the agents that a provisioner calls', () => {
  const agent = (ddl: Ddl) => ({ name: ddl.metadata.name, actions: ddl.actions.map(({ action }) => action) });
  const peersWith = (yaml: string) => {
    const peers = peersOf({ agent } as unknown as Client, parseProvisionerConfig(yaml));
    const { provision, puppetca, notify, rpcutil } = peers as unknown as Record<
      string,
      ReturnType<typeof agent>
    >;
    return { ...peers, agents: [provision, puppetca, notify, rpcutil] };
  };

  it('have their usual names, in the collectives of the configuration', () => {
    const { agents, enrolment, main } = peersWith('collectives: { enrolment: new, main: old }');
    expect(agents.map((each) => each?.name)).to.deep.equal(['provision', 'puppetca', 'notify', 'rpcutil']);
    expect([enrolment, main]).to.deep.equal(['new', 'old']);
  });

  it('have the names of the configuration, and the same actions', () => {
    const usual = peersWith('').agents;
    const { agents } = peersWith('target: { agent: a }\nmaster: { agent: b }\nnotify: { agent: c }');
    expect(agents.map((each) => each?.name)).to.deep.equal(['a', 'b', 'c', 'rpcutil']);
    expect(agents.map((each) => each?.actions)).to.deep.equal(usual.map((each) => each?.actions));
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { findingsAbout, type NodePolicies } from '../../../src/commands/doctor/policies.js';

describe('mco doctor about policies', () => {
  const node = (sender: string, more: Partial<NodePolicies> = {}): NodePolicies => ({
    sender,
    mode: 'x509',
    authorization: {},
    hasAgents: true,
    ...more,
  });
  const messages = (...nodes: NodePolicies[]) => findingsAbout(nodes).map(({ message }) => message);

  it('lists the nodes of earlier versions that are open, and would refuse calls after an upgrade', () => {
    const authorization = { without_policy: 'allow' };
    expect(messages(node('web1', { authorization }), node('web2', { authorization }))).to.deep.equal([
      'web1, web2: no policy, so every caller may call every agent. Before an upgrade, write one with "mco policy init": current versions of mcod refuse all agents except rpcutil and discovery, unless mcod.yaml sets authorization.without_policy: allow',
    ]);
  });

  it('lists the nodes that refuse calls because they have no policy', () => {
    for (const authorization of [{}, { without_policy: 'refuse' }])
      expect(messages(node('web1', { authorization }))).to.deep.equal([
        'web1: no policy, so all agents except rpcutil and discovery refuse all calls: write one with "mco policy init", and set authorization.policies in mcod.yaml',
      ]);
  });

  it('lists the nodes whose folder has no default policy, also if an earlier version is open', () => {
    for (const without of [undefined, 'allow', 'refuse']) {
      const authorization = { policies: '/etc/p', ...(without && { without_policy: without }) };
      expect(messages(node('web1', { authorization, hasDefault: false }))).to.deep.equal([
        'web1: /etc/p has no default.policy: current versions of mcod refuse all calls to agents that have no policy there, rpcutil included; run "mco policy init" on the node',
      ]);
    }
  });

  it('is silent about nodes with a default policy, without agents, with a token and without security', () => {
    const authorization = { policies: '/etc/p', without_policy: 'allow' };
    expect(
      messages(
        node('web1', { authorization, hasDefault: true }),
        node('web2', { authorization }),
        node('web3', { hasAgents: false }),
        node('web4', { mode: 'token' }),
        node('web5', { mode: 'none', authorization: { without_policy: 'allow' } }),
      ),
    ).to.deep.equal([]);
  });
});

import { defineAgent, parseFilter } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Client, flatfile, inventoryFile, type NodeSource, onlineNodes } from '../../src/index.js';
import { Network } from '../network.js';

const extra = {
  metadata: { ...rpcutil.metadata, name: 'extra' },
  actions: [{ action: 'go', description: 'd', input: {}, output: {} }],
} as const;

describe('nodes from a source', () => {
  let network: Network;
  let client: Client;
  const agent = defineAgent(extra, () => ({ go: () => ({}) }));

  beforeEach(async () => {
    network = new Network();
    client = await network.client();
    await network.node('a', [agent]);
    await network.node('b', [agent]);
    await network.node('c');
  });
  afterEach(() => network.close());

  const listed = (...names: string[]) => flatfile({ text: names.join('\n'), where: 'the test' });

  it('are not asked where the source judges all', async () => {
    const { seconds: _, ...found } = await client.discover({ source: listed('b', 'nobody', 'a') });
    expect(found).to.deep.equal({
      method: 'named',
      source: 'flatfile',
      nodes: ['a', 'b', 'nobody'],
      silent: [],
      refused: [],
      offline: [],
      rest: parseFilter({}),
    });
  });

  it('evaluate the rest of the filter, and no other nodes do', async () => {
    const filter = parseFilter({ select: [`agent('extra').version = ${rpcutil.metadata.version}`] });
    const { nodes, method, source } = await client.discover({ filter, source: listed('a', 'c') });
    expect({ nodes, method, source }).to.deep.equal({ nodes: ['a'], method: 'named', source: 'flatfile' });
  });

  it('are called, and a node without the agent replies with an error', async () => {
    const call = client.call(extra, 'go', {}, { source: listed('a', 'c') });
    const states = Object.fromEntries((await call.all()).map((result) => [result.sender, result.statusmsg]));
    expect(states).to.deep.equal({
      a: 'OK',
      c: 'agent "extra" not found on this node; it has discovery, node, rpcutil',
    });
  });

  it('are called by the facts in the source, even if the nodes have others', async () => {
    const text = JSON.stringify({
      groups: [{ name: 'mine', filter: { classes: ['known-here-only'] } }],
      nodes: [{ name: 'a', classes: ['known-here-only'], agents: ['extra'] }, { name: 'b' }, { name: 'c' }],
    });
    const filter = client.filter({ identities: ['group:mine'] });
    const options = { filter, source: inventoryFile({ text, where: 'the test' }) };
    const call = client.call(extra, 'go', {}, options);
    expect((await call.stats()).byState).to.deep.equal({ ok: ['a'] });
  });

  it('are the online nodes if there is presence', async () => {
    const source = onlineNodes((collective) => client.presence(collective));
    expect((await client.discover({ source })).nodes).to.deep.equal(['a', 'b', 'c']);
    const reason = await client.discover({ source, collective: 'other' }).catch(String);
    expect(reason).to.include('no node is known in the collective "other"');
  });

  it("come from a program's own code as well", async () => {
    const own: NodeSource = {
      name: 'own',
      find: async ({ filter }) => ({ nodes: [{ identity: 'b' }], rest: filter }),
    };
    const { nodes, source } = await client.discover({ source: own });
    expect({ nodes, source }).to.deep.equal({ nodes: ['b'], source: 'own' });
  });

  it('are needed for groups', async () => {
    const filter = client.filter({ identities: ['group:mine'] });
    const reason = await client.discover({ filter }).catch(String);
    expect(reason).to.include('"group:mine" is a group of an inventory file');
  });
});

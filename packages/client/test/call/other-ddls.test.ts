import { type ActionDdl, type Agent, type Ddl, ddlHash, defineAgent } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type CallOptions, type Client, type OtherDdl, resolveDdl } from '../../src/index.js';
import { Network } from '../network.js';
import { Wire } from '../wire.js';

const input = {
  prompt: 'Version',
  description: 'A version',
  type: 'string',
  optional: false,
  validation: '.*',
  maxlength: 100,
} as const;

/** The DDL of an agent "deploy". */
function ddlOf(version: string, action: Partial<ActionDdl> = {}): Ddl {
  const { metadata } = {
    metadata: { name: 'deploy', description: 'd', author: 'a', license: 'l', version, url: 'u', timeout: 5 },
  };
  return {
    metadata,
    actions: [{ action: 'run', description: 'd', mutating: true, input: {}, output: {}, ...action }],
  };
}

const honest = ddlOf('1.0.0', { input: { version: { ...input, default: 'stable' } } });

describe('a call to nodes with different DDLs', () => {
  let network: Network;
  let client: Client;
  let wire: Wire;
  let folder: TempFolder;
  let ran: string[];
  const cacheBefore = process.env.XDG_CACHE_HOME;

  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CACHE_HOME = folder.path;
    network = new Network();
    client = await network.client();
    wire = await Wire.tap(network.broker);
    ran = [];
  });
  afterEach(async () => {
    if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cacheBefore;
    await network.close();
    await folder.close();
  });

  const agentOf = (identity: string, ddl: Ddl): Agent =>
    ({
      ...defineAgent(ddl, () => ({
        run: (given: object) => {
          ran.push(`${identity} ${JSON.stringify(given)}`);
          return {};
        },
      })),
    }) as Agent;
  const node = (identity: string, ddl: Ddl) => network.node(identity, [agentOf(identity, ddl)]);
  const stateOf = async (ddl: Ddl, given: Record<string, unknown> = {}, options: CallOptions = {}) => {
    const call = client.call(ddl, 'run', given, options);
    const results = [...(await call.all())].sort((a, b) => (a.sender < b.sender ? -1 : 1));
    const states = results.map(({ sender, state }) => `${sender} ${state}`);
    return {
      states,
      results,
      call,
      words: Object.fromEntries(results.map((one) => [one.sender, one.statusmsg])),
    };
  };

  it('sends one message where all have the DDL of the caller', async () => {
    for (const name of ['a', 'b', 'c']) await node(name, honest);
    const { states, call } = await stateOf(honest);
    expect(states).to.deep.equal(['a ok', 'b ok', 'c ok']);
    expect(wire.requests().map(({ to }) => to)).to.deep.equal(['agent/v2-discovery']);
    expect(call.otherDdls).to.deep.equal([]);
  });

  it('asks those that have another one under that, with its defaults, and names them', async () => {
    const other = ddlOf('2.0.0', { input: { version: { ...input, default: 'next' } } });
    await node('a', honest);
    for (const name of ['b', 'c']) await node(name, other);
    const { states, call, results } = await stateOf(honest);
    expect(states).to.deep.equal(['a ok', 'b ok', 'c ok']);
    expect(ran.sort()).to.deep.equal([
      'a {"version":"stable"}',
      'b {"version":"next"}',
      'c {"version":"next"}',
    ]);
    expect(results.map(({ ddlHash: hash }) => hash)).to.deep.equal([honest, other, other].map(ddlHash));
    const [{ nodes, differences, there } = {} as OtherDdl, ...more] = call.otherDdls;
    expect(more).to.deep.equal([]);
    expect({ nodes: [...(nodes ?? [])].sort(), differences, version: there.metadata.version }).to.deep.equal({
      nodes: ['b', 'c'],
      differences: ['another default of input "version"'],
      version: '2.0.0',
    });
  });

  describe('of which one is stolen, and the caller has none of its own', () => {
    const stolen = ddlOf('1.0.0', { input: { version: { ...input, default: 'evil' } }, mutating: false });

    it('lets nothing that it says decide what the others run', async () => {
      await node('a', stolen);
      for (const name of ['b', 'c']) await node(name, honest);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      expect(ddlHash(ddl)).to.equal(ddlHash(stolen));
      const { states, words } = await stateOf(ddl);
      // The caller was asked for no confirmation: the stolen DDL says that the action only reads.
      expect(states).to.deep.equal(['a ok', 'b ddl-mismatch', 'c ddl-mismatch']);
      expect(words.b).to.include('can change the host');
      expect(ran).to.deep.equal(['a {"version":"evil"}']);
    });

    it('shows the difference to a caller that decides, before any input is sent', async () => {
      await node('a', stolen);
      await node('b', honest);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      const seen: OtherDdl[] = [];
      const acceptDdl = (other: OtherDdl) => {
        seen.push(other);
        expect(wire.inputsTo('b')).to.deep.equal([]);
        return true;
      };
      const { states } = await stateOf(ddl, {}, { acceptDdl });
      expect(states).to.deep.equal(['a ok', 'b ok']);
      expect(seen.map(({ isNewlyMutating }) => isNewlyMutating)).to.deep.equal([true]);
      expect(ran.sort()).to.deep.equal(['a {"version":"evil"}', 'b {"version":"stable"}']);
    });

    it('is sent without waiting for replies only to those that say that they have the same', async () => {
      await node('a', stolen);
      await node('b', honest);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      const { targets } = await client.send(ddl, 'run', {}, { targets: ['a', 'b'] });
      expect(targets).to.deep.equal(['a']);
      await waitFor('the action', () => ran.length > 0);
      expect(ran).to.deep.equal(['a {"version":"evil"}']);
    });

    it('sends no input to a node before that node has said that it has the same', async () => {
      const trap = ddlOf('1.0.0', { input: { password: { ...input } } });
      await node('a', trap);
      await node('b', honest);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      const { states, words } = await stateOf(ddl, { password: 'typed' });
      expect(states).to.deep.equal(['a ok', 'b ddl-mismatch']);
      expect(words.b).to.include('does not allow the input');
      expect(wire.inputsTo('b')).to.deep.equal([]);
      expect(wire.inputsToAll()).to.deep.equal([]);
    });
  });

  it('needs no more rounds when the nodes have said what they have', async () => {
    for (const name of ['a', 'b']) await node(name, honest);
    const ddl = await resolveDdl(client, 'deploy', 'mcollective');
    await stateOf(ddl, {}, { targets: ['a', 'b'] });
    wire.forget();
    expect((await stateOf(ddl, {}, { targets: ['a', 'b'] })).states).to.deep.equal(['a ok', 'b ok']);
    expect(
      wire
        .requests()
        .map(({ to }) => to)
        .sort(),
    ).to.deep.equal(['node/a', 'node/b']);
  });

  for (const [what, action, words] of [
    ['does not allow the input', { input: { other: { ...input } } }, 'does not allow the input'],
    ['has no such action', { action: 'go' }, 'has no action "run"'],
  ] as const)
    it(`ends with ddl-mismatch at a node whose DDL ${what}`, async () => {
      const there = ddlOf('2.0.0', action as Partial<ActionDdl>);
      const name = there.actions[0]?.action ?? '';
      const agent = defineAgent(there, () => ({ [name]: () => ({}) }) as never) as unknown as Agent;
      await network.node('b', [agent]);
      const result = await stateOf(honest, { version: '7' }, { targets: ['b'] });
      expect(result.states).to.deep.equal(['b ddl-mismatch']);
      expect(result.words.b).to.include('version 2.0.0').and.to.include(words);
    });

  it('uses three DDLs besides its own, and names the nodes that have a fifth', async () => {
    await node('a', honest);
    for (const [index, name] of ['b', 'c', 'd', 'e'].entries())
      await node(name, ddlOf(`2.0.${index}`, honest.actions[0]));
    const { states, words, call } = await stateOf(honest);
    expect(states.filter((one) => one.endsWith(' ok'))).to.have.length(4);
    const [left = ''] = states.filter((one) => one.endsWith(' ddl-mismatch'));
    expect(words[left.split(' ')[0] ?? '']).to.include('nor one of 3 others');
    expect(call.otherDdls).to.have.length(3);
  });

  it('is not called by a caller who does not accept the other DDL', async () => {
    await node('b', ddlOf('2.0.0', honest.actions[0]));
    const { states, words } = await stateOf(honest, {}, { acceptDdl: () => false });
    expect(states).to.deep.equal(['b ddl-mismatch']);
    expect(words.b).to.include('version 2.0.0');
    expect(ran).to.deep.equal([]);
  });

  describe('that speak version 1', () => {
    beforeEach(async () => {
      await client.close();
      // Its session does not say that it speaks version 2, as the nodes of this test only pretend not to.
      client = await network.client('plain');
    });

    it('sends one message in each version, and calls everybody once', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await node('b', honest);
      expect((await stateOf(honest)).states).to.deep.equal(['a ok', 'b ok']);
      expect(
        wire
          .requests()
          .map(({ to, v }) => `${to} ${v}`)
          .sort(),
      ).to.deep.equal(['agent/discovery 1', 'agent/v2-discovery 2']);
      expect(ran).to.have.length(2);
    });

    it('calls them by name in their version, and the others in theirs', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await node('b', honest);
      await client.presence();
      expect((await stateOf(honest, {}, { targets: ['a', 'b'] })).states).to.deep.equal(['a ok', 'b ok']);
      expect(wire.requests().map(({ to, v }) => `${to} ${v}`)).to.deep.equal(['node/a 1', 'node/b 2']);
    });

    it('begins with the version that a named node claims, also before it knows who is online', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await node('b', honest);
      const { states } = await stateOf(honest, {}, { targets: ['a', 'b'] });
      expect(states).to.deep.equal(['a ok', 'b ok']);
      expect(wire.requests().map(({ to, v }) => `${to} ${v}`)).to.deep.equal(['node/a 1', 'node/b 2']);
    });

    it('are sent a request that nobody waits for, under the DDL of a node', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await node('b', honest);
      await network.oldNode('c', [agentOf('c', ddlOf('1.0.0', { input: { other: { ...input } } }))]);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      const options = { targets: ['a', 'b', 'c'] };
      const { id, targets } = await client.send(ddl, 'run', { version: 'typed' }, options);
      expect([...targets].sort()).to.deep.equal(['a', 'b']);
      await client.attach(id, { targets }).all();
      expect(ran.sort()).to.deep.equal(['a {"version":"typed"}', 'b {"version":"typed"}']);
      expect(wire.inputsTo('c')).to.deep.equal([]);
    });

    it('sends no input to one before it has said in a signed answer that it has the DDL of another node', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await network.oldNode('b', [agentOf('b', ddlOf('1.0.0', { input: { other: { ...input } } }))]);
      const ddl = await resolveDdl(client, 'deploy', 'mcollective');
      const { states } = await stateOf(ddl, { version: 'typed' });
      expect(states).to.deep.equal(['a ok', 'b ddl-mismatch']);
      expect(wire.inputsTo('b')).to.deep.equal([]);
      expect(ran).to.deep.equal(['a {"version":"typed"}']);
    });

    it('finds out where no presence tells, and calls them', async () => {
      network.broker.retained = () => [];
      await network.oldNode('a', [agentOf('a', honest)]);
      expect((await stateOf(honest, {}, { targets: ['a'], answerWithin: 5 })).states).to.deep.equal(['a ok']);
      expect(ran).to.have.length(1);
    });

    it('speaks nothing lower than its configuration allows', async () => {
      await network.oldNode('a', [agentOf('a', honest)]);
      await node('b', honest);
      const strict = await network.client('strict', ', minimum_protocol: 2');
      const call = strict.call(honest, 'run', {}, { answerWithin: 1 });
      expect((await call.all()).map(({ sender, state }) => `${sender} ${state}`)).to.deep.equal(['b ok']);
      expect(call.discovery?.silent).to.deep.equal(['a']);
      expect(wire.requests().filter(({ v }) => v === 1)).to.deep.equal([]);
    });
  });

  describe('that takes a secret', () => {
    const secretive = ddlOf('1.0.0', {
      input: { version: { ...input }, password: { ...input, secret: true } },
      output: { token: { description: 'd', display_as: 'Token', type: 'string', secret: true } },
    });
    const keeper = (identity: string): Agent =>
      defineAgent(secretive, () => ({
        run: (given: object) => {
          ran.push(`${identity} ${JSON.stringify(given)}`);
          return { token: `t0ken of ${identity}` };
        },
      })) as unknown as Agent;

    it('encrypts it for each node, and so does each node what it returns', async () => {
      for (const name of ['a', 'b']) await network.node(name, [keeper(name)]);
      const { states, results } = await stateOf(secretive, { version: '1', password: 'hunter2' });
      expect(states).to.deep.equal(['a ok', 'b ok']);
      expect(ran.sort()).to.deep.equal(
        ['a', 'b'].map((name) => `${name} {"version":"1","password":"hunter2"}`),
      );
      expect(results.map(({ data }) => data)).to.deep.equal(
        ['a', 'b'].map((name) => ({ token: `t0ken of ${name}` })),
      );
      expect(wire.text())
        .to.include('"version":"1"')
        .and.to.not.include('hunter2')
        .and.to.not.include('t0ken');
    });

    it('agrees on a key again with a node that was restarted, and runs once', async () => {
      const daemon = await network.node('a', [keeper('a')]);
      await stateOf(secretive, { version: '1', password: 'hunter2' });
      await daemon.close();
      await network.node('a', [keeper('a')]);
      ran.splice(0);
      const { states } = await stateOf(secretive, { version: '2', password: 'hunter2' }, { targets: ['a'] });
      expect(states).to.deep.equal(['a ok']);
      expect(ran).to.deep.equal(['a {"version":"2","password":"hunter2"}']);
    });

    it('gives none to a node of version 1, and says so', async () => {
      await client.close();
      client = await network.client('plain');
      await network.oldNode('a', [keeper('a')]);
      await network.node('b', [keeper('b')]);
      const { states, words } = await stateOf(secretive, { version: '1', password: 'hunter2' });
      expect(states).to.deep.equal(['a failed', 'b ok']);
      expect(words.a).to.include('protocol version 1').and.to.include('upgrade its daemon');
      expect(wire.text()).to.not.include('hunter2');
    });
  });
});

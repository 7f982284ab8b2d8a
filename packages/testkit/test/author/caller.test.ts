import { type Agent, clientSecurity, defineAgent, MemoryBroker } from '@troupe/core';
import { expect, use } from 'chai';
import { describe, it } from 'mocha';
import {
  actionAssertions,
  Caller,
  createTempFolder,
  emulateFleet,
  type FleetSecurity,
  hostAgent,
  useTestPki,
} from '../../src/index.js';

use(actionAssertions);

const ddlOf = (version: string) =>
  ({
    metadata: {
      name: 'vault',
      description: 'Keeps secrets',
      author: 'Test',
      license: 'Apache-2.0',
      version,
      url: 'https://example.net',
      timeout: 5,
    },
    actions: [
      {
        action: 'unlock',
        description: 'Exchanges a password for a token',
        input: {
          name: {
            prompt: 'Name',
            description: 'Which vault',
            type: 'string',
            validation: '.',
            maxlength: 20,
          },
          password: {
            prompt: 'Password',
            description: 'Its password',
            type: 'string',
            validation: '.',
            maxlength: 20,
            secret: true,
          },
        },
        output: {
          name: { description: 'Which vault', display_as: 'Name', type: 'string' },
          token: { description: 'The token', display_as: 'Token', type: 'string', secret: true },
        },
      },
    ],
  }) as const;
const ddl = ddlOf('1.0.0');

const vault = (own = ddl): Agent =>
  defineAgent(own, () => ({
    unlock: ({ name, password }) => ({ name: String(name), token: `token for ${password}` }),
  }));

const identity = 'node-1.fleet';
const unlock = {
  identity,
  agent: 'vault',
  action: 'unlock',
  input: { name: 'blue', password: 'hunter2' },
};
const unlocked = { name: 'blue', token: 'token for hunter2' };

/** What anyone at the broker can read: of each message the text in it, signed or not. */
async function tapOf(broker: MemoryBroker): Promise<string[]> {
  const read: string[] = [];
  await broker.connect().subscribe('#', (payload) => {
    const parts = Buffer.from(payload).toString('latin1').split('.');
    read.push(...parts.map((part) => Buffer.from(part, 'base64url').toString('latin1')));
  });
  return read;
}

const fleetOf = (broker: MemoryBroker, agent = vault(), security?: FleetSecurity) =>
  emulateFleet({ instances: 1, broker, agents: [agent], ...(security && { security }) });

describe('Caller', () => {
  it('calls an agent with secret inputs and outputs in hostAgent', async () => {
    await using hosted = await hostAgent(ddl, vault());
    expect(await hosted.call('unlock', unlock.input)).to.succeed(unlocked);
  });

  it('keeps secrets from the broker, and asks a node only once for a DDL', async () => {
    const broker = new MemoryBroker();
    await using _fleet = await fleetOf(broker);
    const read = await tapOf(broker);
    const caller = new Caller({ transport: broker.connect() });
    expect(await caller.call(unlock)).to.succeed(unlocked);
    expect(await caller.call(unlock)).to.succeed(unlocked);
    const all = read.join('\n');
    expect(all).to.contain('"input":{"name":"blue"}').and.to.contain('"data":{"name":"blue"}');
    expect(all).to.not.contain('hunter2');
    expect(all.match(/"type":"request"/g)).to.have.length(3);
    expect(all.match(/"action":"ddl","filter"/g)).to.have.length(1);
  });

  it('does so with certificates', async () => {
    await using folder = await createTempFolder();
    const pki = await useTestPki(folder.join('pki'));
    const broker = new MemoryBroker();
    await using _fleet = await fleetOf(broker, vault(), { mode: 'x509', pki, keyType: 'p256' });
    const read = await tapOf(broker);
    const name = 'test.mcollective';
    const security = clientSecurity({
      config: {
        mode: 'x509',
        ca: pki.caCertificate,
        ...(await pki.issue(name)),
        callers: { match: '/\\.mcollective$/' },
        tokens: {},
        minimum_protocol: 2,
      },
      broker: { urls: [], keepalive: 30 },
      name,
    });
    const caller = new Caller({ transport: broker.connect(), security });
    expect(await caller.call(unlock)).to.succeed(unlocked);
    expect(read.join('\n')).to.contain('"input":{"name":"blue"}').and.to.not.contain('hunter2');
  });

  it('agrees on another key with a daemon that was restarted', async () => {
    const broker = new MemoryBroker();
    const caller = new Caller({ transport: broker.connect() });
    const first = await fleetOf(broker);
    expect(await caller.call(unlock)).to.succeed(unlocked);
    await first.close();
    await using _second = await fleetOf(broker);
    expect(await caller.call(unlock)).to.succeed(unlocked);
  });

  it('takes the new DDL of an agent that was replaced', async () => {
    const broker = new MemoryBroker();
    const caller = new Caller({ transport: broker.connect() });
    const first = await fleetOf(broker);
    expect(await caller.call(unlock)).to.succeed(unlocked);
    await first.close();
    await using _second = await fleetOf(broker, vault(ddlOf('2.0.0')));
    expect(await caller.call(unlock)).to.succeed(unlocked);
  });

  it('reports the refusal of a node that does not have the agent', async () => {
    const broker = new MemoryBroker();
    await using _fleet = await fleetOf(broker);
    const caller = new Caller({ transport: broker.connect() });
    const result = await caller.call({ ...unlock, agent: 'valt' });
    expect(result).to.failWith('unknownAction', 'agent "valt" not found on this node');
  });
});

import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readProvisionConfig } from '../../src/config.js';
import { type Node, openNode } from '../../src/handlers/node.js';
import { puppetHandlers } from '../../src/handlers/puppet-handlers.js';
import { FakeNode, fakeContext } from '../fixtures/fake-node.js';
import { rejection } from '../fixtures/rejection.js';

describe('a Puppet run of the provisioning', () => {
  let fake: FakeNode;
  let node: Node;
  beforeEach(async () => {
    fake = await FakeNode.create();
    node = await openNode(readProvisionConfig(fake.section(), fake.host), fake.host);
  });
  afterEach(() => fake[Symbol.asyncDispose]());

  const run = async () => puppetHandlers(node).bootstrap_puppet({}, fakeContext());
  const requestedWith = async (more: object) => {
    const settings = await node.puppet.settings();
    node.requestedWith = { settings, confirmed: Promise.resolve({ ...settings, ...more }) };
  };

  it('fails with the reason if the certificate was requested with other settings than those of Puppet', async () => {
    await requestedWith({ certname: 'web2' });
    expect((await rejection(run())).message).to.equal(
      'the certificate was requested with the settings in puppet.conf, but Puppet uses others ' +
        '(certname: web2 instead of node1.example.net): start again with "mcprovision retry"',
    );
  });

  it('succeeds if what differs has nothing to do with certificates', async () => {
    await requestedWith({ environment: 'test' });
    expect(await run()).to.include({ ok: true });
  });
});

import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { findAny, findNode } from '../../src/commands/find-node.js';
import { statusWith } from '../fixtures/node-record.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubNetwork } from '../fixtures/stub-network.js';

/** Where a node is, the name in its certificate, or that its provision agent is gone. */
type Place = readonly [collective: 'provisioning' | 'mcollective', certname: string | null | 'gone'];

describe('a node that a command names', () => {
  let network: StubNetwork;
  beforeEach(() => {
    network = new StubNetwork();
  });

  const are = (places: Readonly<Record<string, Place>>) => {
    Object.assign(network.client, {
      discover: async ({ collective }: { collective: string }) => ({
        nodes: Object.keys(places).filter((name) => places[name]?.[0] === collective),
        silent: [],
      }),
    });
    network.answers['provision status'] = ({ target, options }) => {
      const [collective, certname] = places[target] ?? [];
      if (collective !== options.collective) return { state: 'offline', statusmsg: 'it is offline' };
      if (certname === 'gone') return { state: 'failed', statuscode: 2, statusmsg: 'no agent' };
      return { data: statusWith({ certname }) };
    };
  };
  const found = async (given: string) => {
    const { node, name } = await findNode(given, network.peers);
    return [name, node.identity, node.collective];
  };
  const refusal = async (given: string) => (await failureOf(findNode(given, network.peers))).message;

  for (const given of ['web1', 'web1.example.net']) {
    it(`is found as ${given} before it has a certificate`, async () => {
      are({ web1: ['provisioning', 'web1.example.net'], web10: ['provisioning', 'web10.example.net'] });
      expect(await found(given)).to.deep.equal(['web1.example.net', 'web1', 'provisioning']);
    });

    it(`is found as ${given} after it was handed over`, async () => {
      are({
        'web1.example.net': ['mcollective', 'web1.example.net'],
        'web1x.example.net': ['mcollective', null],
      });
      expect(await found(given)).to.deep.equal(['web1.example.net', 'web1.example.net', 'mcollective']);
    });

    it(`is found as ${given} after its provision agent is gone`, async () => {
      are({ 'web1.example.net': ['mcollective', 'gone'] });
      expect(await findAny(given, network.peers)).to.deep.equal({
        name: 'web1.example.net',
        collective: 'mcollective',
      });
      expect(await refusal(given)).to.equal(
        'web1.example.net in mcollective has no provision agent: its provisioning has ended',
      );
    });
  }

  it('is not another one with the same short name', async () => {
    are({
      web1: ['provisioning', 'web1.example.org'],
      'web1.example.net': ['mcollective', 'web1.example.net'],
    });
    expect(await found('web1.example.net')).to.deep.equal([
      'web1.example.net',
      'web1.example.net',
      'mcollective',
    ]);
    expect(await found('web1.example.org')).to.deep.equal(['web1.example.org', 'web1', 'provisioning']);
    expect(await refusal('web1')).to.equal(
      'the name web1 is ambiguous: web1.example.net (mcollective), web1.example.org (provisioning): give the full name',
    );
  });

  it('is not named by a part of its domain', async () => {
    are({ 'web1.example.net': ['mcollective', 'web1.example.net'] });
    expect(await refusal('web1.example')).to.match(/^cannot read the provisioning state of web1.example \(/);
    expect(await refusal('example')).to.match(/^cannot read the provisioning state of example \(/);
  });

  it('is found by its short name if it has no other', async () => {
    are({ web1: ['provisioning', null], 'web1.example.net': ['mcollective', 'web1.example.net'] });
    expect(await found('web1')).to.deep.equal(['web1', 'web1', 'provisioning']);
  });

  it('is one, although it is in both collectives at the hand-over', async () => {
    are({ web1: ['provisioning', 'web1.example.net'], 'web1.example.net': ['mcollective', 'gone'] });
    expect(await found('web1')).to.deep.equal(['web1.example.net', 'web1', 'provisioning']);
  });

  it('is reported with all reasons if it replies nowhere', async () => {
    are({});
    expect(await refusal('web1')).to.equal(
      'cannot read the provisioning state of web1 (provisioning: status on web1: it is offline; mcollective: status on web1: it is offline)',
    );
  });
});

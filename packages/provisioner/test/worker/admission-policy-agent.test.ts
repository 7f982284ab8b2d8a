import { writeFileSync } from 'node:fs';
import type { CallOptions } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { AdmissionPolicy } from '../../src/worker/admission-policy.js';
import { cmdbDdl } from '../fixtures/cmdb-ddl.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';

const target = { identity: 'web1', collective: 'provisioning' };

describe('the policy of an agent', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let called: { ddl: string; action: string; input: unknown; options: CallOptions }[];
  let data: unknown;
  beforeEach(async () => {
    folder = await createTempFolder();
    writeFileSync(folder.join('cmdb.json'), JSON.stringify(cmdbDdl));
    network = new StubNetwork();
    network.nodes = ['cmdb1'];
    network.answers['rpcutil inventory'] = says({ facts: { tier: 'web' }, agents: [], classes: [] });
    called = [];
    data = { allowed: true };
    Object.assign(network.client, {
      config: { broker: { urls: [] }, ddl_dirs: [folder.path] },
      call: ({ metadata }: Ddl, action: string, input: unknown, options: CallOptions) => {
        called.push({ ddl: metadata.name, action, input, options });
        return { one: async () => ({ sender: 'cmdb1', state: 'ok', ok: true, statusmsg: 'OK', data }) };
      },
    });
  });
  afterEach(() => folder.close());

  const { signal } = new AbortController();
  const objection = () => {
    const { policy } = parseProvisionerConfig(
      'policy: { agent: { agent: cmdb, action: register, timeout: 7 } }',
    );
    return new AdmissionPolicy(network.peers, policy).objection(target, signal);
  };

  it('asks one node of the main collective, with what is known of the machine', async () => {
    expect(await objection()).to.equal(undefined);
    const options = { targets: ['cmdb1'], collective: 'mcollective', timeout: 7, answerWithin: 7, signal };
    const input = { ...target, facts: { tier: 'web' } };
    expect(called).to.deep.equal([{ ddl: 'cmdb', action: 'register', input, options }]);
  });

  it('objects if that says no', async () => {
    data = { allowed: false, reason: 'not paid' };
    expect(await objection()).to.equal('not allowed: denied by cmdb on cmdb1: not paid');
  });

  it('means not now if no node has the agent', async () => {
    network.nodes = [];
    expect(await failureOf(objection())).to.include({
      kind: 'unreachable',
      message: 'cannot decide now: policy.agent: cmdb register failed: no node with the agent cmdb found',
    });
    expect(called).to.deep.equal([]);
  });

  it('means not now if that says neither yes nor no', async () => {
    data = {};
    expect((await failureOf(objection())).message).to.match(
      /the reply of cmdb on cmdb1 has no boolean "allowed"$/,
    );
  });
});

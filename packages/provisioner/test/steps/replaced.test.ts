import { writeFileSync } from 'node:fs';
import type { CallOptions, Result } from '@troupe/client';
import type { Ddl } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { stepsOf } from '../../src/steps/index.js';
import { cmdbDdl } from '../fixtures/cmdb-ddl.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubContext } from '../fixtures/step-context.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';

const site = 'agent: cmdb, action: register';

describe('a built-in step whose work an agent of the site does', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let context: StubContext;
  let called: { action: string; input: unknown; options: CallOptions }[];
  let answer: Partial<Result>;
  before(async () => {
    folder = await createTempFolder();
    writeFileSync(folder.join('cmdb.json'), JSON.stringify(cmdbDdl));
  });
  after(() => folder.close());
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['cmdb1'];
    network.answers['rpcutil ping'] = () => ({ state: 'offline', ok: false });
    called = [];
    answer = {};
    Object.assign(network.client, {
      config: { broker: { urls: [] }, ddl_dirs: [folder.path], security: { mode: 'none' } },
      call: (_: Ddl, action: string, input: unknown, options: CallOptions) => {
        called.push({ action, input, options });
        const about = {
          sender: options.targets?.[0],
          state: 'ok',
          ok: true,
          statusmsg: 'registered',
          data: {},
        };
        return { id: 'r1', one: async () => ({ ...about, ...answer }) };
      },
    });
  });

  const stepOf = (name: string, more = '') => {
    const yaml = `steps: { ${name}: { ${site}${more} } }`;
    context = new StubContext(network, yaml);
    context.session.details.certname = 'web1.example.net';
    context.holdLease();
    const step = stepsOf(parseProvisionerConfig(yaml)).find((each) => each.name === name);
    if (!step) throw new Error('the step does not exist');
    return step;
  };

  it('keeps its name, its place and its time', () => {
    const config = parseProvisionerConfig(
      `steps: { lock: true, puppet_bootstrap_stage: { ${site} }, puppet_final_run: true }`,
    );
    expect(stepsOf(config).map(({ name, timeoutSeconds }) => [name, timeoutSeconds])).to.deep.equal([
      ['lock', 30],
      ['puppet_bootstrap_stage', 3600],
      ['puppet_final_run', 3600],
      ['restart', 60],
      ['verify', 120],
      ['done', 30],
    ]);
    expect(config.stepActions).to.deep.equal({
      puppet_bootstrap_stage: { agent: 'cmdb', action: 'register', on: 'node', input: {} },
    });
  });

  it('calls the action on the node by default, after the lease is confirmed', async () => {
    const end = await stepOf('puppet_final_run', ', input: { host: "{certname}" }').run(context);
    expect(end).to.deep.equal({ outcome: 'ok', reason: 'cmdb register on web1: registered' });
    expect(context.leaseLog).to.deep.equal(['confirm']);
    expect(called).to.deep.equal([
      {
        action: 'register',
        input: { host: 'web1.example.net' },
        options: { targets: ['web1'], collective: 'provisioning', signal: context.signal, timeout: 30 },
      },
    ]);
  });

  it('fails if the action fails, and if the agent is missing', async () => {
    answer = { state: 'failed', ok: false, statusmsg: 'no' };
    const step = stepOf('puppet_final_run');
    expect(await failureOf(step.run(context))).to.include({
      kind: 'failed',
      message: 'cmdb register on web1: no',
    });
    answer = { state: 'failed', ok: false, statuscode: 2, statusmsg: 'no agent' };
    expect((await failureOf(step.run(context))).kind).to.equal('failed');
  });

  for (const name of ['clean_node_certname', 'sign_node_csr'] as const) {
    it(`does not ask for ${name} if the name belongs to another host`, async () => {
      const step = stepOf(name);
      network.answers['rpcutil ping'] = says({});
      const failure = await failureOf(step.run(context));
      expect(failure.message).to.match(
        /^the name web1.example.net is refused: a host with this name is online/,
      );
      expect(called).to.deep.equal([]);
    });

    it(`does not ask for ${name} if the name was seen`, async () => {
      const step = stepOf(name);
      context.journal.see(['web1.example.net'], Date.now());
      expect((await failureOf(step.run(context))).kind).to.equal('name-taken');
      expect(called).to.deep.equal([]);
    });
  }

  it('takes over the CSR that the action reports', async () => {
    answer = { data: { certname: 'web9.example.net', csr_fingerprint: 'AB:CD' } };
    expect(await stepOf('send_node_csr').run(context)).to.deep.include({
      data: { certname: 'web9.example.net', csr_fingerprint: 'AB:CD' },
    });
    expect(context.session.details).to.include({ certname: 'web9.example.net', csrReported: 'AB:CD' });
  });

  it('takes over the certificate that the action reports, which the node must have at the end', async () => {
    answer = { data: { fingerprint: 'CE:01' } };
    const step = stepOf('sign_node_csr');
    context.session.details.csrReported = 'AB:CD';
    expect(await step.run(context)).to.deep.include({
      data: { certificate: 'CE:01', csr_fingerprint: 'AB:CD' },
    });
    expect(context.session.details).to.include({ certificate: 'CE:01', csrSigned: 'AB:CD' });
  });

  it('fails if a signing action does not say which certificate it made', async () => {
    const failure = await failureOf(stepOf('sign_node_csr').run(context));
    expect(failure.message).to.match(/did not return the output fingerprint/);
  });

  it('is given up if a signing action signed another CSR', async () => {
    answer = { data: { fingerprint: 'CE:01', csr_fingerprint: 'FF:FF' } };
    const step = stepOf('sign_node_csr');
    context.session.details.csrReported = 'AB:CD';
    expect(await failureOf(step.run(context))).to.include({
      kind: 'permanent',
      message: 'the action signed the CSR FF:FF instead of AB:CD: revoke the certificate',
    });
  });

  for (const [steps, fault] of [
    [`lock: { ${site} }`, 'steps.lock: must be one of true, false, yes, no, on, off'],
    [`verify: { ${site} }`, 'steps.verify: must be one of true, false, yes, no, on, off'],
    ['puppet_final_run: { agent: cmdb }', 'steps.puppet_final_run: "action" is missing'],
    [
      'puppet_final_run: maybe',
      'steps.puppet_final_run: "maybe" is not valid: use true, false, yes, no, on or off',
    ],
    [
      `puppet_final_run: { ${site}, input: { a: "{who}" } }`,
      'steps.puppet_final_run: unknown placeholder {who}',
    ],
    [
      `sign_node_csr: { ${site}, input: { a: "{fingerprint}" } }`,
      'steps.sign_node_csr: {fingerprint} has a value only after the step sign_node_csr',
    ],
  ] as const) {
    it(`is refused: ${steps}`, () => {
      expect(() => parseProvisionerConfig(`steps: { ${steps} }`)).to.throw(fault);
    });
  }
});

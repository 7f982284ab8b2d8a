import { writeFileSync } from 'node:fs';
import type { CallOptions, Result } from '@troupe/client';
import { type Ddl, TroupeError } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig, StepFailure } from '../../src/index.js';
import { unmetCondition } from '../../src/steps/condition.js';
import { stepsOf } from '../../src/steps/index.js';
import { cmdbDdl } from '../fixtures/cmdb-ddl.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubContext } from '../fixtures/step-context.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const rest = 'agent: cmdb, action: register';

describe('a step of the site', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let context: StubContext;
  /** What was called: the action, its input and the options. */
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
    context = new StubContext(network);
    context.session.details.certname = 'web1.example.net';
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

  const stepOf = (more: string) => {
    const config = parseProvisionerConfig(`hooks: [{ name: cmdb_step, ${rest}, ${more} }]`);
    const step = stepsOf(config).find(({ name }) => name === 'cmdb_step');
    if (!step) throw new Error('there is no such step');
    return step;
  };

  it('ends the provisioning if another machine with the name of the node replies', async () => {
    context.session.node = nodeOf(network, { isPinned: true });
    context.session.node.pin.check({ sender: 'web1', key: 'the key of web1' });
    answer = { key: 'another key' };
    const failure = await failureOf(stepOf('after: lock, on: node').run(context));
    expect(failure).to.include({ kind: 'permanent' });
    expect(failure.message).to.match(/^another machine replies under the name web1: /);
  });

  it('takes a reply of another host for what it is', async () => {
    context.session.node = nodeOf(network, { isPinned: true });
    context.session.node.pin.check({ sender: 'web1', key: 'the key of web1' });
    answer = { key: 'another key' };
    expect(await stepOf('after: lock').run(context)).to.include({ outcome: 'ok' });
  });

  for (const [more, recording] of [
    ['after: sign_node_csr', undefined],
    ['before: restart', undefined],
    ['after: restart', 'after'],
    ['before: verify', 'after'],
    ['before: done', 'after'],
  ] as const) {
    it(`${recording ? 'need not' : 'must'} be put on record by the node if it is done ${more}`, () => {
      expect(stepOf(more).recording).to.equal(recording);
    });
  }

  it('must be put on record after the place of a restart that is not done', () => {
    const config = parseProvisionerConfig(
      `steps: { restart: false, puppet_final_run: true }\nhooks: [{ name: a, ${rest}, after: verify }]`,
    );
    expect(stepsOf(config).find(({ name }) => name === 'a')?.recording).to.equal(undefined);
  });

  it('has five minutes, unless its settings say otherwise', () => {
    expect(stepOf('after: lock').timeoutSeconds).to.equal(300);
  });

  it('is done in its place, also where the step beside it is off', () => {
    const config = parseProvisionerConfig(
      `steps: { puppet_final_run: true, verify: false }\nhooks: [{ name: a, ${rest}, before: verify }, { name: b, ${rest}, after: verify }, { name: c, ${rest}, before: puppet_final_run }]`,
    );
    expect(stepsOf(config).map(({ name }) => name)).to.deep.equal([
      'c',
      'puppet_final_run',
      'restart',
      'a',
      'b',
      'done',
    ]);
  });

  for (const [on, target, collective] of [
    ['node', 'web1', 'provisioning'],
    ['master', 'puppet1', 'mcollective'],
    ['any', 'cmdb1', 'mcollective'],
  ] as const) {
    it(`is asked of ${target} if it is on: ${on}`, async () => {
      const { signal } = context;
      expect(await stepOf(`after: lock, on: ${on}`).run(context)).to.deep.equal({
        outcome: 'ok',
        reason: `cmdb register on ${target}: registered`,
      });
      expect(called).to.deep.equal([
        { action: 'register', input: {}, options: { targets: [target], collective, signal, timeout: 30 } },
      ]);
      expect(network.discoveries).to.have.length(on === 'any' ? 1 : 0);
    });
  }

  describe('with placeholders in its input', () => {
    const facts = {
      networking: { ip: '192.0.2.7' },
      processors: { count: 4 },
      mountpoints: { '/var': { size: '1 GiB' } },
      tags: ['a', 'b'],
    };
    const fillOf = async (input: string, place = 'after: sign_node_csr') => {
      await stepOf(`${place}, input: ${input}`).run(context);
      return called[0]?.input;
    };
    beforeEach(() => {
      network.answers['rpcutil inventory'] = says({ facts, agents: [], classes: [] });
      context.holdLease();
      Object.assign(context.session.details, { csrReported: 'C5:R', certificate: 'CE:RT' });
    });

    for (const [input, expected] of [
      [
        '{ a: "{certname} {identity}", b: "by {master}", count: 7 }',
        ['web1.example.net web1', 'by puppet1', 7],
      ],
      [
        '{ a: "{facts.networking.ip}", b: "{address}/{master_address}" }',
        ['192.0.2.7', '192.0.2.7/192.0.2.1'],
      ],
      ['{ a: "{csr_fingerprint}", b: "{fingerprint}", c: "{ca_fingerprint}" }', ['C5:R', 'CE:RT', 'ab']],
      ['{ a: "{facts.mountpoints./var.size}" }', ['1 GiB']],
      ['{ a: "{facts.processors.count}", b: "n={facts.processors.count}" }', [4, 'n=4']],
      ['{ a: "{facts.tags}", b: "tags {facts.tags}" }', [['a', 'b'], 'tags ["a","b"]']],
      ['{ a: "{lease_token}" }', [7]],
      ['{ a: { deep: ["{identity}", true] } }', [{ deep: ['web1', true] }]],
      [`{ a: '{{identity}} {"b": 1} { c }' }`, ['{identity} {"b": 1} { c }']],
    ] as const) {
      it(`sends the values of ${input}`, async () => {
        expect(Object.values((await fillOf(input)) as object)).to.deep.equal(expected);
      });
    }

    it('asks the node for its facts only if the input needs them', async () => {
      await fillOf('{ a: "{identity}" }');
      expect(network.whats()).to.deep.equal([]);
    });

    it('uses the first fact that holds an address of the node', async () => {
      network.answers['rpcutil inventory'] = says({
        facts: { ipaddress: '192.0.2.8' },
        agents: [],
        classes: [],
      });
      expect(await fillOf('{ a: "{address}" }')).to.deep.equal({ a: '192.0.2.8' });
    });

    for (const [input, reason] of [
      [
        '{ a: "x {facts.rack}" }',
        'cmdb register: the node has no fact rack, which the input {facts.rack} needs',
      ],
      ['{ a: "{fingerprint}" }', 'cmdb register: the input {fingerprint} has no value at this step'],
    ] as const) {
      it(`sends nothing if a value is missing: ${input}`, async () => {
        delete context.session.details.certificate;
        const failure = await failureOf(stepOf(`after: sign_node_csr, input: ${input}`).run(context));
        expect(failure).to.include({ kind: 'failed', message: reason });
        expect(called).to.deep.equal([]);
      });
    }

    it('is left out if a value is missing and it is optional', async () => {
      const step = stepOf('after: sign_node_csr, optional: true, input: { a: "{facts.rack}" }');
      expect(await step.run(context)).to.include({ outcome: 'skipped' });
    });

    const all =
      '{identity}, {certname}, {address}, {master}, {master_address}, {ca_fingerprint}, {csr_fingerprint}, {fingerprint}, {lease_token}, {facts.PATH}';
    for (const [place, input, fault] of [
      [
        'after: lock',
        '{ a: "{who}" }',
        `unknown placeholder {who}: use ${all}; write {{who}} for the text itself`,
      ],
      [
        'after: lock',
        '{ a: [{ b: "x{fact.networking.ip}" }] }',
        `unknown placeholder {fact.networking.ip}: use ${all}; write {{fact.networking.ip}} for the text itself`,
      ],
      [
        'after: lock',
        '{ a: "{certnam}" }',
        `unknown placeholder {certnam} (did you mean "certname"?): use ${all}; write {{certnam}} for the text itself`,
      ],
      [
        'after: clean_node_certname',
        '{ a: "{csr_fingerprint}" }',
        '{csr_fingerprint} has a value only after the step send_node_csr',
      ],
      [
        'before: sign_node_csr',
        '{ a: "{fingerprint}" }',
        '{fingerprint} has a value only after the step sign_node_csr',
      ],
    ] as const) {
      it(`is refused with ${input} ${place}`, () => {
        expect(() => stepOf(`${place}, input: ${input}`)).to.throw(
          `the configuration: hooks: "cmdb_step": ${fault}`,
        );
      });
    }
  });

  for (const [state, statuscode, kind, isOptional] of [
    ['failed', undefined, 'failed', true],
    ['failed', 2, 'failed', true],
    ['no-reply', undefined, 'unreachable', true],
    ['cancelled', undefined, 'interrupted', false],
  ] as const) {
    const what = `the answer is ${state}${statuscode === undefined ? '' : ` (${statuscode})`}`;
    const set = () => {
      answer = { state, ok: false, statusmsg: 'no', ...(statuscode === undefined ? {} : { statuscode }) };
    };

    it(`fails as ${kind} if ${what}`, async () => {
      set();
      const failure = await failureOf(stepOf('after: lock').run(context));
      expect(failure).to.include({ kind, message: 'cmdb register on cmdb1: no' });
    });

    it(`${isOptional ? 'is left out' : 'fails all the same'} if it is optional and ${what}`, async () => {
      set();
      const end = stepOf('after: lock, optional: true').run(context);
      if (!isOptional) expect((await failureOf(end)).kind).to.equal(kind);
      else
        expect(await end).to.deep.equal({
          outcome: 'skipped',
          reason: 'failed, but is optional: cmdb register on cmdb1: no',
        });
    });
  }

  it('says what was to be done if nobody can tell how to ask for it', async () => {
    network.client.discover = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
    const config = parseProvisionerConfig(
      'hooks: [{ name: a, agent: unheard, action: of, on: master, after: lock }]',
    );
    const step = stepsOf(config).find(({ name }) => name === 'a');
    expect(await failureOf(Promise.resolve(step?.run(context)))).to.include({
      kind: 'unreachable',
      message: 'unheard of: no broker',
    });
    expect(called).to.deep.equal([]);
  });

  it('is asked of nobody if no node has the agent', async () => {
    network.nodes = [];
    const failure = await failureOf(stepOf('after: lock').run(context));
    expect(failure).to.include({
      kind: 'unreachable',
      message: 'no node with the agent cmdb found in the collective mcollective',
    });
  });

  it('is left out if it is optional and no node has the agent', async () => {
    network.nodes = [];
    expect(await stepOf('after: lock, optional: true').run(context)).to.deep.equal({
      outcome: 'skipped',
      reason: 'failed, but is optional: no node with the agent cmdb found in the collective mcollective',
    });
  });

  it('is not left out if the step is called off, even if it is optional', async () => {
    network.nodes = [];
    context.stop.abort(new StepFailure('stopped', 'the end'));
    expect((await failureOf(stepOf('after: lock, optional: true').run(context))).kind).to.equal(
      'unreachable',
    );
  });
});

describe('the condition of a step', () => {
  let network: StubNetwork;
  beforeEach(() => {
    network = new StubNetwork();
    network.answers['rpcutil inventory'] = says({
      facts: { tier: 'web' },
      agents: [],
      classes: ['role::web'],
    });
  });
  const contextFor = (condition: string) =>
    new StubContext(network, `step_settings: { verify: { condition: "${condition}" } }`);

  it('asks nobody if there is none', async () => {
    expect(await unmetCondition(contextFor('tier=web'), 'lock')).to.equal(undefined);
    expect(network.asked).to.deep.equal([]);
  });

  for (const [condition, unmet] of [
    ['tier=web and role::web', undefined],
    ['tier=db', 'the node does not match the condition: tier=db'],
    ["provision('x').locked=true", undefined],
  ] as const) {
    it(`is judged by what the node says: ${condition}`, async () => {
      network.answers['rpcutil get_data'] = ({ input }) => {
        expect(input).to.deep.equal({ source: 'provision', query: 'x' });
        return { data: { locked: true } };
      };
      expect(await unmetCondition(contextFor(condition), 'verify')).to.equal(unmet);
    });
  }

  it('is not judged by what another machine with the name of the node says', async () => {
    const context = contextFor('tier=web');
    context.session.node = nodeOf(network, { isPinned: true });
    context.session.node.pin.check({ sender: 'web1', key: 'the key of web1' });
    network.answers['rpcutil inventory'] = () => ({ data: { facts: { tier: 'web' } }, key: 'another key' });
    const failure = await failureOf(unmetCondition(context, 'verify'));
    expect(failure).to.include({ kind: 'permanent' });
    expect(failure.message).to.match(/^another machine replies under the name web1: /);
  });

  it('asks the node once for all conditions', async () => {
    const context = contextFor('tier=web');
    await unmetCondition(context, 'verify');
    await unmetCondition(context, 'verify');
    expect(network.whats()).to.deep.equal(['rpcutil inventory']);
    expect(network.asked[0]?.options).to.include({ collective: 'provisioning', signal: context.signal });
  });

  it('fails as the node does if it is not to be reached', async () => {
    network.answers['rpcutil inventory'] = () => ({ state: 'no-reply' });
    expect((await failureOf(unmetCondition(contextFor('tier=web'), 'verify'))).kind).to.equal('unreachable');
    network.answers['rpcutil inventory'] = says({});
    network.answers['rpcutil get_data'] = () => ({ state: 'no-reply' });
    const context = contextFor("provision('x').locked=true");
    expect((await failureOf(unmetCondition(context, 'verify'))).kind).to.equal('unreachable');
  });
});

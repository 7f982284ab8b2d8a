import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig, StepFailure } from '../../src/index.js';
import { AdmissionPolicy } from '../../src/worker/admission-policy.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';

const url = 'https://cmdb.example.net/may?it=1';
const target = { identity: 'web1', collective: 'provisioning' };

describe('the policy of a web service', () => {
  let network: StubNetwork;
  let asked: (readonly [url: string, options: RequestInit])[];
  let answers: (unknown | Error)[];
  let stop: AbortController;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    network = new StubNetwork();
    network.answers['rpcutil inventory'] = says({ facts: { tier: 'web' }, agents: [], classes: [] });
    asked = [];
    answers = [];
    stop = new AbortController();
    mock.method(globalThis, 'fetch', async (to: string, options: RequestInit) => {
      asked.push([to, options]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      if (typeof answer === 'function') return answer(options);
      return answer instanceof Response ? answer : Response.json(answer);
    });
  });
  afterEach(() => {
    mock.restoreAll();
    mock.timers.reset();
  });

  const policyOf = (more = '') => {
    const config = parseProvisionerConfig(`policy: { webhook: { url: "${url}"${more} } }`);
    return new AdmissionPolicy(network.peers, config.policy);
  };
  const objection = (policy = policyOf()) => policy.objection(target, stop.signal);
  const failing = async (answer: unknown) => {
    answers = [answer];
    const failure = await failureOf(objection());
    expect(failure.kind).to.equal('unreachable');
    return failure.message;
  };

  it('asks with what is known of the node, and does not follow whom it is sent to', async () => {
    answers = [{ allowed: true }];
    expect(await objection()).to.equal(undefined);
    const [to, { method, body, headers, redirect }] = asked[0] ?? (['', {}] as const);
    expect([to, method, redirect]).to.deep.equal([url, 'POST', 'error']);
    expect(JSON.parse(String(body))).to.deep.equal({ ...target, facts: { tier: 'web' } });
    expect(headers).to.deep.equal({ 'Content-Type': 'application/json' });
  });

  it('waits for the answer as long as the configuration says', async () => {
    const limits: number[] = [];
    mock.method(AbortSignal, 'timeout', (milliseconds: number) => {
      limits.push(milliseconds);
      return new AbortController().signal;
    });
    answers = [{ allowed: true }];
    await objection(policyOf(', timeout: 7.5'));
    expect(limits).to.deep.equal([7_500]);
  });

  it('signs its question with the secret of the file', async () => {
    await using folder = await createTempFolder();
    writeFileSync(folder.join('secret'), 'the secret\n');
    answers = [{ allowed: true }];
    await objection(policyOf(`, secret_file: ${folder.join('secret')}`));
    const { body, headers } = asked[0]?.[1] ?? {};
    const signature = createHmac('sha256', 'the secret').update(String(body)).digest('hex');
    expect(headers).to.include({ 'X-Troupe-Signature': `sha256=${signature}` });
  });

  it('asks nobody without its secret: not now', async () => {
    const failure = await failureOf(objection(policyOf(', secret_file: /nowhere/at/all')));
    expect(failure.message).to.match(/^cannot decide now: policy\.webhook failed: ENOENT/);
    expect(asked).to.deep.equal([]);
  });

  for (const [answer, words] of [
    [{ allowed: false, reason: 'not\npaid' }, ': not paid'],
    [{ allowed: false, reason: '' }, ''],
    [{ allowed: false, reason: 7 }, ''],
  ] as const) {
    it(`objects if it says no with the reason ${JSON.stringify(answer.reason)}`, async () => {
      answers = [answer];
      expect(await objection()).to.equal(`not allowed: denied by cmdb.example.net${words}`);
    });
  }

  it('asks again a minute after a no, and not before', async () => {
    answers = [{ allowed: false }, { allowed: true }, { allowed: true }];
    const policy = policyOf();
    const no = 'not allowed: denied by cmdb.example.net';
    expect(await objection(policy)).to.equal(no);
    mock.timers.tick(59_999);
    expect(await objection(policy)).to.equal(no);
    expect(asked).to.have.length(1);
    mock.timers.tick(1);
    expect(await objection(policy)).to.equal(undefined);
    expect(await objection(policy)).to.equal(undefined);
    expect(asked).to.have.length(3);
  });

  it('believes a no for the node of which it was said only', async () => {
    answers = [{ allowed: false }, { allowed: true }];
    const policy = policyOf();
    await objection(policy);
    expect(await policy.objection({ ...target, identity: 'web2' }, stop.signal)).to.equal(undefined);
  });

  for (const [what, answer, words] of [
    ['answers with an error', new Response('{"allowed":true}', { status: 503 }), 'HTTP status 503'],
    ['says null', null, 'the reply of cmdb.example.net has no boolean "allowed"'],
    ['says yes in other words', { allowed: 'yes' }, 'the reply of cmdb.example.net has no boolean "allowed"'],
    ['is not to be reached', new TypeError('fetch failed', { cause: new Error('refused') }), 'refused'],
    ['is not to be reached for unknown reasons', new TypeError('fetch failed'), 'fetch failed'],
    ['fails with a cause that is not the network', new Error('a', { cause: new Error('b') }), 'a'],
    ['is silent', new DOMException('x', 'TimeoutError'), 'timeout'],
    ['breaks off', new DOMException('it broke', 'AbortError'), 'it broke'],
  ] as const) {
    it(`means not now if it ${what}`, async () => {
      expect(await failing(answer)).to.equal(`cannot decide now: policy.webhook failed: ${words}`);
    });
  }

  it('ends with the provisioner', async () => {
    const stopping = ({ signal }: RequestInit) => {
      stop.abort(new StepFailure('stopped', 'the end'));
      expect(signal?.aborted).to.equal(true);
      throw signal?.reason;
    };
    answers = [stopping];
    expect(await failureOf(objection())).to.equal(stop.signal.reason);
  });

  it('is asked only of nodes of which the facts are true', async () => {
    const config = parseProvisionerConfig(`policy: { facts: "tier=db", webhook: { url: "${url}" } }`);
    const reason = await objection(new AdmissionPolicy(network.peers, config.policy));
    expect(reason).to.equal('not allowed: its facts do not match policy.facts: tier=db');
    expect(asked).to.deep.equal([]);
  });

  it('is asked of no node that the names forbid, and the node is not asked either', async () => {
    const config = parseProvisionerConfig(`policy: { deny: [web1], webhook: { url: "${url}" } }`);
    expect(await objection(new AdmissionPolicy(network.peers, config.policy))).to.match(
      /policy\.deny matches its name/,
    );
    expect([asked, network.asked]).to.deep.equal([[], []]);
  });

  it('does not ask the node if nothing but its name matters', async () => {
    const { policy } = parseProvisionerConfig('policy: { allow: [web1] }');
    expect(await objection(new AdmissionPolicy(network.peers, policy))).to.equal(undefined);
    expect(network.asked).to.deep.equal([]);
  });
});

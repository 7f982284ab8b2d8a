import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { verify } from '../../src/steps/verify.js';
import { failureOf } from '../fixtures/rejection.js';
import { StubContext } from '../fixtures/step-context.js';
import { ends, isPending, StubNetwork, says, settled } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const name = 'web1.example.net';

describe('the step verify', () => {
  let network: StubNetwork;
  let context: StubContext;
  const begin = ({ isSecure = true } = {}) => {
    network = new StubNetwork({ isSecure });
    context = new StubContext(network);
    context.session.details.certname = name;
    context.session.node = nodeOf(network, { token: 7 });
    network.answers['rpcutil ping'] = () => ({ key: 'aabb' });
    network.answers['puppetca status'] = says({ state: 'signed', fingerprint: 'AA:BB' });
  };
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    begin();
  });
  afterEach(() => mock.timers.reset());
  const pings = () => network.of('rpcutil ping');
  const pass = async (milliseconds: number) => {
    mock.timers.tick(milliseconds);
    await settled();
  };

  it('ends well when the node answers with the certificate of its CA, and goes on with the agent there', async () => {
    network.online.set(name, true);
    expect(await verify.run(context)).to.deep.equal({
      outcome: 'ok',
      reason: `it came back as ${name} in the collective mcollective, with its new certificate`,
    });
    expect(pings()[0]?.options).to.deep.include({
      targets: [name],
      collective: 'mcollective',
      answerWithin: 2,
    });
    expect(network.of('puppetca status')[0]?.input).to.deep.equal({ certname: name });
    const { node, details } = context.session;
    expect(node).to.include({ identity: name, collective: 'mcollective', token: 7 });
    expect(details.certificate).to.equal('AA:BB');
    node.pin.check({ sender: name, key: 'k1' });
    expect(() => node.pin.check({ sender: name, key: 'k2' })).to.throw(/another machine/);
  });

  it('asks the CA for the name that the node gives if it is not known', async () => {
    delete context.session.details.certname;
    network.online.set('web1', true);
    network.answers['provision has_cert'] = says({ certname: 'from.the.node' });
    await verify.run(context);
    expect(pings()[0]?.target).to.equal('web1');
    expect(network.of('puppetca status')[0]?.input).to.deep.equal({ certname: 'from.the.node' });
  });

  it('asks no CA, and holds the node to no key, if nobody proves anything', async () => {
    begin({ isSecure: false });
    network.online.set(name, true);
    const { reason } = await verify.run(context);
    expect(reason).to.match(/, unauthenticated: the security mode is none$/);
    expect(network.of('puppetca status')).to.deep.equal([]);
    const { pin } = context.session.node;
    pin.check({ sender: name, key: 'k1' });
    pin.check({ sender: name, key: 'k2' });
  });

  it('asks as soon as the node is online', async () => {
    const end = verify.run(context);
    await settled();
    network.tell('web2', true);
    network.tell(name, false);
    expect(await isPending(end)).to.equal(true);
    expect(pings()).to.deep.equal([]);
    network.tell(name, true);
    expect((await end).outcome).to.equal('ok');
    expect(network.listeners).to.have.property('size', 0);
  });

  it('asks each second if presence does not tell', async () => {
    network.answers['rpcutil ping'] = ends('no-reply');
    const end = verify.run(context);
    await settled();
    await pass(999);
    expect(pings()).to.have.length(0);
    await pass(1);
    expect(pings()).to.have.length(1);
    network.answers['rpcutil ping'] = () => ({ key: 'aabb' });
    await pass(1_000);
    expect((await end).outcome).to.equal('ok');
    expect(network.listeners).to.have.property('size', 0);
  });

  it('fails when its time is over, and the node has to be restarted', async () => {
    network.answers['rpcutil ping'] = ends('no-reply');
    const end = failureOf(verify.run(context));
    await settled();
    for (let second = 0; second < 29; second += 1) await pass(1_000);
    expect(await isPending(end)).to.equal(true);
    await pass(1_000);
    expect(await end).to.include({
      kind: 'failed',
      back: 'restart',
      message: `the node did not come back within 30 s: ${name} did not reply in the collective mcollective`,
    });
    expect(pings()).to.have.length(30);
  });

  for (const [what, status, key] of [
    ['another certificate', { state: 'signed', fingerprint: 'CC:DD' }, 'aabb'],
    ['one that was revoked', { state: 'revoked', fingerprint: 'AA:BB' }, 'aabb'],
    ['one that its CA does not tell', { state: 'signed', fingerprint: null }, 'aabb'],
    ['none', { state: 'signed', fingerprint: 'AA:BB' }, undefined],
  ] as const) {
    it(`does not believe a node that answers with ${what}, until that changes`, async () => {
      network.online.set(name, true);
      network.answers['rpcutil ping'] = () => (key === undefined ? {} : { key });
      network.answers['puppetca status'] = says(status);
      const end = failureOf(verify.run(context));
      await settled();
      expect(pings()).to.have.length(1);
      for (let second = 0; second < 30; second += 1) await pass(1_000);
      const { message } = await end;
      const known = `${status.fingerprint ?? 'no certificate'} (${status.state})`;
      expect(message).to.equal(
        `the node did not come back within 30 s: certificate mismatch: ${name} replies in the collective mcollective ` +
          `with ${key ?? 'no certificate'}, but the CA of puppet1 has ${known}`,
      );
      expect(context.session.node.identity).to.equal('web1');
      expect(context.session.details).to.not.have.property('certificate');
    });
  }

  it('asks again at once if a node that was online did not answer', async () => {
    network.online.set(name, true);
    let count = 0;
    network.answers['rpcutil ping'] = () => {
      count += 1;
      return count < 3 ? { state: 'no-reply' } : { key: 'aabb' };
    };
    expect((await verify.run(context)).outcome).to.equal('ok');
    expect(pings()).to.have.length(3);
  });

  it('ends at once when it is called off', async () => {
    const end = failureOf(verify.run(context));
    await settled();
    context.stop.abort(new StepFailure('stopped', 'the end'));
    expect(await end).to.include({ kind: 'stopped' });
    expect(pings()).to.deep.equal([]);
    expect(network.listeners).to.have.property('size', 0);
  });
});

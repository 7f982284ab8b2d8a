import { mock } from 'node:test';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { Realm } from '../realm.js';
import { Desk, identity, rip, stopClock } from './desk.js';

const eve = 'eve.mcollective';

describe('a daemon that checks certificates', () => {
  stopClock();
  let realm: Realm;
  let strangers: Realm;
  let desk: Desk;
  before(async () => {
    realm = await Realm.create(identity, 'web2.lab', rip, eve);
    strangers = await Realm.create(rip);
  });
  after(() => {
    realm.remove();
    strangers.remove();
  });
  beforeEach(async () => {
    desk = await Desk.open(realm);
  });
  afterEach(() => desk.close());

  const refused = async (reason: string | RegExp, what = 'authentication failed') => {
    await desk.ended();
    expect(desk.calls).to.deep.equal([]);
    expect(await desk.sent()).to.deep.equal([]);
    expect(desk.node.stats).to.include({ total: 1, validated: 0, unvalidated: 1, passed: 0 });
    expect(desk.node.clockSkew.last).to.equal(undefined);
    const [entry, ...more] = desk.audit;
    expect(more).to.deep.equal([]);
    expect(entry).to.have.all.keys('outcome', 'reason').and.include({ outcome: 'invalid' });
    expect(entry?.reason).to.match(typeof reason === 'string' ? new RegExp(`^${reason}$`) : reason);
    const lines = desk.log.lines.map(({ level, msg, reason: why }) => ({ level, msg, why }));
    expect(lines).to.deep.equal([{ level: 40, msg: `message rejected: ${what}`, why: entry?.reason }]);
  };

  it('runs a request that a caller signed in its own name', async () => {
    const request = desk.request({ input: { text: 'hello' } });
    const [reply] = await desk.ask(request);
    expect(reply).to.include({
      kind: 'result',
      outcome: 'ok',
      sender: identity,
      caller: rip,
      id: request.id,
    });
    expect(desk.calls.map(({ action, input }) => [action, input])).to.deep.equal([
      ['change', { text: 'hello' }],
    ]);
    expect(desk.calls[0]?.context.caller).to.equal(rip);
    expect(desk.node.stats).to.include({ total: 1, validated: 1, unvalidated: 0, passed: 1, replies: 1 });
    expect(desk.node.clockSkew.last).to.be.at.least(request.time);
  });

  for (const type of ['request', 'attach', 'cancel'] as const) {
    it(`rejects a message of type "${type}" signed in the name of another caller`, async () => {
      const { id, ...rest } = desk.request();
      const message = { request: { id, ...rest }, attach: desk.attach(id), cancel: desk.cancel(id) }[type];
      await desk.receive(message, eve);
      await refused(`"${eve}" signed a message in the name of "${rip}"`);
    });
  }

  it('rejects a message sealed in the name of another caller', async () => {
    await desk.ask(desk.request({ caller: eve }), sealing(eve));
    await desk.ask(desk.request({ caller: eve }), sealing(eve));
    desk.calls.splice(0);
    desk.audit.splice(0);
    const { validated } = desk.node.stats;
    await desk.ask(desk.request(), sealing(eve));
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit).to.deep.equal([
      { outcome: 'invalid', reason: `"${eve}" signed a message in the name of "${rip}"` },
    ]);
    expect(desk.node.stats).to.include({ validated, unvalidated: 1 });
  });

  it('seals replies only after a handshake', async () => {
    const isSealed = async () => {
      await desk.receive(desk.request(), sealing(rip));
      await desk.ended();
      return (await desk.sent()).map((each) => each.isSealed);
    };
    expect([await isSealed(), await isSealed()]).to.deep.equal([[false], [true]]);
  });

  it('rejects a request signed by a node', async () => {
    await desk.receive(desk.request({ caller: 'web2.lab' }), realm.signer('web2.lab'));
    await refused('the certificate name "web2.lab" does not match the callers pattern');
  });

  it('rejects a request signed by itself', async () => {
    await desk.receive(desk.request({ caller: identity }), desk.security.signer);
    await refused(`the certificate name "${identity}" does not match the callers pattern`);
  });

  it('rejects a request signed with an enrolment token, whatever caller and collective it claims', async () => {
    const machine = await realm.enrolling(rip, rip);
    await desk.receive(desk.request({ collective: 'provisioning' }), machine);
    await desk.ask(desk.request(), machine);
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit.map(({ reason }) => reason)).to.deep.equal(
      Array(2).fill('a key without a certificate or enrolment token is not accepted here'),
    );
    expect(desk.node.stats).to.include({ total: 2, validated: 0, unvalidated: 2 });
  });

  it('rejects a request signed with a certificate of another CA', async () => {
    await desk.receive(desk.request(), strangers.signer(rip));
    await refused(/Test CA|certificate/);
  });

  it('rejects bytes that are not a message', async () => {
    await desk.dispatcher.receive(Buffer.from('nonsense'));
    await refused(/./);
  });

  it('rejects signed JSON that is not a message', async () => {
    await desk.receive({ hello: 1 });
    await refused('malformed message: unknown type undefined', 'malformed');
  });

  // Signs or seals, as a client would that has met the node or not.
  function sealing(name: string) {
    const { signer, sessionKeys } = desk.client(name);
    return {
      name,
      sign: (payload: Uint8Array) =>
        signer.sign(payload, sessionKeys?.sealing(identity) ?? sessionKeys?.offering),
    };
  }
});

describe('a daemon with an enrolment token', () => {
  stopClock();
  let realm: Realm;
  let strangers: Realm;
  let desk: Desk;
  before(async () => {
    realm = await Realm.create('web2.lab', rip);
    strangers = await Realm.create(rip);
  });
  after(() => {
    realm.remove();
    strangers.remove();
  });
  beforeEach(async () => {
    desk = await Desk.open(realm, {
      config: ', collectives: [provisioning]',
      security: await realm.token(rip),
      agent: 'provision',
    });
  });
  afterEach(() => desk.close());

  const ask = (signer = realm.signer(rip), caller = rip) =>
    desk.ask(desk.request({ collective: 'provisioning', agent: 'provision', caller }), signer);

  it('runs a request signed with a certificate of the CA in its token', async () => {
    await ask();
    expect(desk.calls).to.have.length(1);
  });

  it('rejects a request signed with a certificate of another CA', async () => {
    await ask(strangers.signer(rip));
    expect(desk.calls).to.deep.equal([]);
    expect(desk.node.stats).to.include({ unvalidated: 1, validated: 0 });
  });

  it('rejects a request signed by a node', async () => {
    await ask(realm.signer('web2.lab'), 'web2.lab');
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit[0]?.reason).to.equal(
      'the certificate name "web2.lab" does not match the callers pattern',
    );
  });

  it('rejects a request signed in the name of another caller', async () => {
    await ask(realm.signer(rip), 'ann.mcollective');
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit[0]?.reason).to.equal(`"${rip}" signed a message in the name of "ann.mcollective"`);
  });

  it('rejects a request signed with another enrolment token', async () => {
    await ask(await realm.enrolling(rip, rip));
    expect(desk.calls).to.deep.equal([]);
    expect(desk.node.stats).to.include({ unvalidated: 1, validated: 0 });
  });

  it('records so many rejected messages only, and then how many more there were', async () => {
    for (let count = 0; count < 1_050; count += 1) await desk.dispatcher.receive(Buffer.from('junk'));
    expect(desk.audit).to.have.length(1_000);
    expect(desk.log.lines).to.have.length(1_000);
    expect(desk.node.stats.unvalidated).to.equal(1_050);
    mock.timers.tick(1_000);
    await desk.dispatcher.receive(Buffer.from('junk'));
    expect(desk.audit.slice(1_000).map(({ reason }) => reason)).to.deep.equal([
      '50 messages before this one: too many to record each',
      'the message is not a JWS in compact form',
    ]);
    expect(desk.log.lines.at(-2)).to.include({ messages: 50 });
  });
});

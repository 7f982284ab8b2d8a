import type { Cancel, Proof, Reply, Request } from '@troupe/core';
import { emptyFilter, TroupeError } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { accepted, progress, result } from '../replies.js';
import { RouterFixture, topics } from './router-fixture.js';

const id = '0'.repeat(32);
const about = { v: 2, time: 0, ttl: 60, id, caller: 'c', session: 's', collective: 'm' } as const;
const request: Request = {
  ...about,
  type: 'request',
  agent: 'a',
  action: 'b',
  filter: emptyFilter,
  input: {},
};

let fixture: RouterFixture;
beforeEach(() => {
  fixture = new RouterFixture();
});

describe('a reply', () => {
  let heard: string[];
  beforeEach(async () => {
    heard = [];
    await fixture.router.listen('m', id, (reply, key) => heard.push(`${reply.sender} ${reply.seq} ${key}`));
  });
  const settled = () =>
    waitFor('all replies to be checked', () => !fixture.router.isBehind, { intervalMs: 1 });
  /** Waits for a sound reply, before which all others have been judged. */
  async function afterThose(): Promise<void> {
    fixture.receive(result('fence', 1));
    await waitFor('the last reply', () => heard.includes('fence 1 the key'), { intervalMs: 1 });
  }

  it('is delivered to the listeners of its request, with the key that signed it', async () => {
    fixture.receive(accepted('a', 1, 5));
    fixture.receive(result('b', 2), { proof: { name: 'b', collective: 'm', key: 'k2' } });
    await afterThose();
    expect(heard.slice(0, 2)).to.deep.equal(['a 1 the key', 'b 2 k2']);
    expect(fixture.warnings).to.deep.equal([]);
  });

  for (const [what, reply, how, reason] of [
    ['is signed by another node', {}, { proof: { name: 'b' } }, 'a reply from "a" is signed by "b"'],
    [
      'is of an author who may speak in another collective only',
      {},
      { proof: { collective: 'x' } },
      '"a" is only allowed in the collective "x"',
    ],
    [
      'came on the topic of another node',
      {},
      { topic: topics.reply('m', 'c', 's', 'b') },
      'a reply from "a" arrived on the topic mco/m/reply/c/s/b, which is not its own',
    ],
    [
      'came on no topic of replies',
      {},
      { topic: 'mco/m/reply/c/s/a/x' },
      'a reply from "a" arrived on the topic mco/m/reply/c/s/a/x, which is not its own',
    ],
    [
      'says that it belongs to another collective',
      { collective: 'x' },
      {},
      'a reply from "a" arrived on the topic mco/m/reply/c/s/a, which is not its own',
    ],
    [
      'is addressed to another caller',
      { caller: 'x' },
      {},
      'a reply from "a" is addressed to another caller',
    ],
    [
      'is addressed to another session',
      { session: 'x' },
      {},
      'a reply from "a" is addressed to another session',
    ],
    ['has no kind', { kind: 'x' }, {}, 'malformed reply: unknown kind "x"'],
    ['has a signature that does not hold', {}, { proof: { isForged: true } }, 'forged'],
  ] as const)
    it(`is rejected and logged if it ${what}`, async () => {
      const { proof = {}, ...more }: { proof?: object; topic?: string } = how;
      fixture.receive({ ...result('a', 1), ...reply } as Reply, { ...more, proof: proof as Partial<Proof> });
      await afterThose();
      expect(heard).to.deep.equal(['fence 1 the key']);
      expect(fixture.warnings).to.deep.equal([reason]);
    });

  it('is logged once with the name of its node if it is rejected again and again for the same reason', async () => {
    const noted: unknown[] = [];
    fixture.router.rejected.on((rejected) => noted.push(rejected));
    for (let count = 0; count < 3; count += 1)
      fixture.receive(result('a', 1), { proof: { isForged: true } as Partial<Proof> });
    fixture.receive(result('b', 1), { proof: { isForged: true } as Partial<Proof> });
    fixture.receive(result('a', 1), { proof: { name: 'b' } });
    await afterThose();
    expect(fixture.warned.map(({ node, reason }) => [node, reason])).to.deep.equal([
      ['a', 'forged'],
      ['b', 'forged'],
      ['a', 'a reply from "a" is signed by "b"'],
    ]);
    expect(noted).to.have.length(5);
    expect(noted[4]).to.deep.equal({
      collective: 'm',
      node: 'a',
      reason: 'a reply from "a" is signed by "b"',
      code: 'SIGNATURE_INVALID',
    });
  });

  describe('that takes long to check', () => {
    let check: () => void;
    beforeEach(() => {
      fixture.verifying = (body) =>
        body.includes('"progress"')
          ? new Promise((resolve) => {
              check = resolve;
            })
          : Promise.resolve();
    });
    const turns = async () => {
      for (let count = 0; count < 5; count += 1) await new Promise(setImmediate);
    };

    it('is not overtaken by one that came after it', async () => {
      for (const seq of [1, 3]) {
        heard.splice(0);
        expect(fixture.router.isBehind).to.equal(false);
        fixture.receive(progress('a', seq));
        await turns();
        expect(fixture.router.isBehind).to.equal(true);
        fixture.receive(result('a', seq + 1));
        await turns();
        expect(heard).to.deep.equal([]);
        check();
        await settled();
        expect(heard).to.deep.equal([`a ${seq} the key`, `a ${seq + 1} the key`]);
      }
    });

    it('does not hide the rejection of a later reply', async () => {
      fixture.receive(progress('a', 1));
      fixture.receive(result('a', 2), { proof: { isForged: true } as Partial<Proof> });
      await turns();
      check();
      await settled();
      expect(heard).to.deep.equal(['a 1 the key']);
      expect(fixture.warnings).to.deep.equal(['forged']);
    });
  });
});

describe('what is proved of a node', () => {
  const enrolment = { token: 't1', names: '/^a/', replace: true, callers: 'c' };
  const replies = async (proofs: readonly Partial<Proof>[]) => {
    let left = proofs.length;
    await fixture.router.listen('m', id, () => {
      left -= 1;
    });
    for (const [index, proof] of proofs.entries()) fixture.receive(progress('a', index + 1), { proof });
    await waitFor('the replies', () => left === 0, { intervalMs: 1 });
  };

  it('is known by the key of its reply', async () => {
    await replies([
      { key: 'k1', vouchedBy: 'token', collective: 'm', enrolment },
      { key: 'k2', name: 'a' },
    ]);
    const proofs = ['k1', 'k2', 'k3'].map((key) => fixture.router.proofOf(key));
    expect(proofs).to.deep.equal([
      { vouchedBy: 'token', enrolment },
      { vouchedBy: 'ca', name: 'a' },
      undefined,
    ]);
  });

  it('is not known from a reply that is rejected', async () => {
    fixture.receive(progress('a', 1), { proof: { key: 'k1', name: 'b' } });
    await replies([{ key: 'k2' }]);
    expect(fixture.router.proofOf('k1')).to.equal(undefined);
  });

  it('is forgotten after the replies of 16384 other keys', async () => {
    const node = (number: number) => ({ key: `k${number}` });
    const others = Array.from({ length: 16_383 }, (_, index) => node(index + 3));
    await replies([node(1), node(2), node(1), ...others]);
    expect(fixture.router.proofOf('k1')).to.deep.equal({ vouchedBy: 'ca' });
    expect(fixture.router.proofOf('k2')).to.equal(undefined);
  });
});

describe('listeners', () => {
  const heard: string[] = [];
  beforeEach(() => heard.splice(0));
  const hear = (name: string) => (reply: Reply) => heard.push(`${name} ${reply.seq}`);
  async function receive(reply: Reply): Promise<void> {
    const stop = await fixture.router.listen('m', '1'.repeat(32), () => heard.push('fence'));
    fixture.receive(reply);
    fixture.receive({ ...result('a', 1), id: '1'.repeat(32) });
    await waitFor('the fence', () => heard.includes('fence'), { intervalMs: 1 });
    heard.splice(heard.indexOf('fence'), 1);
    stop();
  }

  it('share a request, each until it stops', async () => {
    const { router } = fixture;
    const stopOne = await router.listen('m', id, hear('one'));
    const stopTwo = await router.listen('m', id, hear('two'));
    expect(router.openRequests).to.equal(1);
    await receive(progress('a', 1));
    stopOne();
    expect(router.openRequests).to.equal(1);
    await receive(progress('a', 2));
    stopTwo();
    expect(router.openRequests).to.equal(0);
    await receive(progress('a', 3));
    expect(heard).to.deep.equal(['one 1', 'two 1', 'two 2']);
  });

  it('that stop twice leave those alone that began since', async () => {
    const { router } = fixture;
    const stop = await router.listen('m', id, hear('one'));
    stop();
    await router.listen('m', id, hear('two'));
    stop();
    expect(router.openRequests).to.equal(1);
    await receive(progress('a', 1));
    expect(heard).to.deep.equal(['two 1']);
  });

  it('to others get what no request waits for, in their collective, until they stop', async () => {
    const { router } = fixture;
    const stop = await router.listenToOthers('m', hear('m'));
    await router.listenToOthers('x', hear('x'));
    await receive(progress('a', 1));
    const stopRequest = await router.listen('m', id, hear('request'));
    await receive(progress('a', 2));
    stopRequest();
    stop();
    await receive(progress('a', 3));
    expect(heard).to.deep.equal(['m 1', 'request 2']);
  });

  it('of one collective share one subscription', async () => {
    let subscriptions = 0;
    const subscribe = fixture.transport.subscribe.bind(fixture.transport);
    fixture.transport.subscribe = (...words) => {
      subscriptions += 1;
      return subscribe(...words);
    };
    await Promise.all(['1', '2'].map((digit) => fixture.router.listen('m', digit.repeat(32), hear('m'))));
    await fixture.router.listenToOthers('m', hear('others'));
    expect(subscriptions).to.equal(1);
    await fixture.router.listen('x', '3'.repeat(32), hear('x'));
    expect(subscriptions).to.equal(2);
  });

  it('begin again where the subscription failed', async () => {
    const subscribe = fixture.transport.subscribe.bind(fixture.transport);
    fixture.transport.subscribe = () => Promise.reject(new Error('refused'));
    expect(await fixture.router.listen('m', id, hear('one')).catch(String)).to.equal('Error: refused');
    expect(await fixture.router.listenToOthers('m', hear('others')).catch(String)).to.equal('Error: refused');
    expect(fixture.router.openRequests).to.equal(0);
    fixture.transport.subscribe = subscribe;
    await fixture.router.listen('m', id, hear('two'));
    await receive(progress('a', 1));
    expect(heard).to.deep.equal(['two 1']);
  });
});

describe('a message to nodes', () => {
  const protections = () => fixture.sent.map(({ protection }) => protection?.as ?? 'bare');

  it('goes to each by name, signed once for all', async () => {
    await fixture.router.direct(request, ['a', 'b']);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['mco/m/node/a', 'mco/m/node/b']);
    expect(fixture.sent[0]?.message).to.deep.equal(request);
    expect(fixture.sent[0]?.bytes).to.deep.equal(fixture.sent[1]?.bytes);
    expect(fixture.signatures).to.equal(1);
    expect(protections()).to.deep.equal(['offering', 'offering']);
  });

  it('goes to all by the topic of an agent, offering a session key', async () => {
    await fixture.router.broadcast(request, 'discovery');
    expect(fixture.sent).to.have.length(1);
    expect(fixture.sent[0]).to.deep.include({
      topic: 'mco/m/agent/v2-discovery',
      message: request,
      protection: { as: 'offering', acknowledged: true },
    });
  });

  for (const way of ['direct', 'broadcast'] as const)
    it(`fails with the connection (${way})`, async () => {
      fixture.transport.publish = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'no broker'));
      const { router } = fixture;
      const sending = way === 'direct' ? router.direct(request, ['a']) : router.broadcast(request, 'a');
      expect(await sending.catch((error: unknown) => error)).to.have.property('code', 'NOT_CONNECTED');
    });

  for (const [what, message] of [
    ['another session is to get the replies', { ...request, session: 'x' }],
    ['nobody is to get a reply', { ...request, noReply: true }],
  ] as const)
    it(`offers no key and is not sealed if ${what}`, async () => {
      fixture.known.add('a');
      await fixture.router.listen('m', id, () => {});
      await fixture.router.direct(message, ['a']);
      await fixture.router.broadcast(message, 'a');
      expect(protections()).to.deep.equal(['bare', 'bare']);
    });

  it('is sealed for nodes whose key is known, and signed when they are asked again', async () => {
    fixture.known.add('a');
    await fixture.router.listen('m', id, () => {});
    for (let round = 0; round < 2; round += 1) await fixture.router.direct(request, ['a', 'b']);
    expect(protections()).to.deep.equal(['sealed', 'offering', 'offering', 'offering']);
    expect(fixture.sent[0]?.protection).to.deep.equal({ as: 'sealed', peer: { name: 'a' } });
  });

  it('is sealed again for the next request, and for another listener of the same only once', async () => {
    fixture.known.add('a');
    const stop = await fixture.router.listen('m', id, () => {});
    await fixture.router.direct(request, ['a']);
    const stopOther = await fixture.router.listen('m', id, () => {});
    await fixture.router.direct(request, ['a']);
    stop();
    await fixture.router.direct(request, ['a']);
    stopOther();
    await fixture.router.listen('m', id, () => {});
    await fixture.router.direct(request, ['a']);
    expect(protections()).to.deep.equal(['sealed', 'offering', 'offering', 'sealed']);
  });

  it('is signed without listeners, after a broadcast, and if it cancels', async () => {
    fixture.known.add('a');
    await fixture.router.direct(request, ['a']);
    await fixture.router.listen('m', id, () => {});
    const cancel: Cancel = { ...about, type: 'cancel' };
    await fixture.router.direct(cancel, ['a']);
    await fixture.router.broadcast(request, 'a');
    await fixture.router.direct(request, ['a']);
    expect(protections()).to.deep.equal(['offering', 'offering', 'offering', 'offering']);
  });
});

it('a router has the name of its signer, and passes on which keys to invalidate', () => {
  const { router, transport } = fixture;
  expect({ caller: router.caller, session: router.session, isConnected: router.isConnected }).to.deep.equal({
    caller: 'c',
    session: 's',
    isConnected: true,
  });
  void transport.close();
  expect(router.isConnected).to.equal(false);
  router.invalidateKey('a');
  expect(fixture.invalidated).to.deep.equal(['a']);
});

describe('a secret input', () => {
  const secretive = { ...request, input: { user: 'u', password: 'p' }, secretInputs: ['password'] };
  const messages = () => fixture.sent.map(({ message }) => message);

  it('is encrypted for each node, and is nowhere else', async () => {
    for (const name of ['a', 'b']) fixture.known.add(name);
    await fixture.router.direct(secretive, ['a', 'b']);
    expect(messages().map(({ input, secret }) => ({ input, secret }))).to.deep.equal(
      ['a', 'b'].map((name) => ({ input: { user: 'u' }, secret: `for ${name}: {"password":"p"}` })),
    );
  });

  it('is sent neither to a node without a key, nor to one that speaks version 1, nor to all', async () => {
    await fixture.router.direct(secretive, ['a']);
    fixture.known.add('b');
    fixture.claimed = 1;
    await fixture.router.direct(secretive, ['b']);
    expect(await fixture.router.broadcast(secretive, 'discovery').catch(String)).to.include('one node each');
    expect(fixture.sent).to.deep.equal([]);
  });

  for (const credential of [
    { jwk: {}, token: 't' },
    { jwk: {}, receipt: 'r' },
  ])
    it(`is not sent to a machine that says its name itself: ${JSON.stringify(credential)}`, async () => {
      fixture.known.add('a');
      fixture.credential = credential;
      expect(fixture.router.mayHaveSecrets('a')).to.equal(false);
      await fixture.router.direct(secretive, ['a']);
      expect(fixture.sent).to.deep.equal([]);
    });
});

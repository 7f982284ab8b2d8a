import type { Reply, Request, ResultReply } from '@troupe/core';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { Realm } from '../realm.js';
import { Desk, identity, rip, stopClock } from './desk.js';

const hash = 'b'.repeat(64);

describe('the versions of the protocol on a node', () => {
  let realm: Realm;
  let desk: Desk;
  before(async () => {
    realm = await Realm.create(identity, rip, 'mallory.mcollective', 'eve.mcollective');
  });
  after(() => realm.remove());
  stopClock();
  const open = async (config = '') => {
    desk?.close();
    desk = await Desk.open(realm, { config });
  };
  beforeEach(() => open());
  afterEach(() => desk.close());

  const only = async (message: object): Promise<ResultReply> => {
    const [reply, ...more] = await desk.ask(message, desk.offering());
    expect(more).to.deep.equal([]);
    expect(reply).to.have.property('kind', 'result');
    return reply as ResultReply;
  };
  const asVersion1 = (parts: Partial<Request> = {}) => {
    const { ddl: _, ...request } = desk.request({ v: 1, ...parts });
    return request;
  };
  const own = () => ({ version: '1.2.3', hash: desk.ddlHash });

  describe('a request of version 2', () => {
    it('runs under the DDL of the node, and its reply names DDL and version', async () => {
      const reply = await only(desk.request({ input: { text: 'x' } }));
      expect(reply).to.deep.include({ v: 2, protocol: 2, outcome: 'ok', ddl: own() });
      expect(desk.calls).to.have.length(1);
    });

    for (const [what, ddl] of [
      ['under another DDL', hash],
      ['that names no DDL', undefined],
    ] as const)
      it(`does not run ${what}, and is told the one of the node`, async () => {
        const { ddl: _, ...request } = desk.request();
        const reply = await only(ddl === undefined ? request : { ...request, ddl });
        expect(reply).to.deep.include({ outcome: 'ddl-mismatch', statuscode: 1, ddl: own(), data: {} });
        expect(reply.statusmsg).to.include('this node has version 1.2.3 of the DDL of "work"');
        expect(desk.calls).to.deep.equal([]);
        // Nothing of it is kept, so that it can come again under the right one.
        expect(await only(desk.request({ id: request.id }))).to.include({ outcome: 'ok' });
      });

    it('tells nobody of its DDL whom the policy or the filter keeps out', async () => {
      const filter = { ...desk.request().filter, identities: ['web2.lab'] };
      expect(await only(desk.request({ ddl: hash, filter, answerUnmatched: true }))).to.include({
        outcome: 'unmatched',
      });
    });

    it('asks discovery without a DDL, which is part of the protocol', async () => {
      const request = desk.request({ agent: 'discovery', action: 'ping', ddl: hash });
      expect(await only(request)).to.include({ outcome: 'ok' });
    });

    for (const [what, parts, outcome, words] of [
      ['for another', { for: { user: 'ann' } }, 'denied', 'names no gateways'],
      ['with approvals', { approvals: ['a.b.c'] }, 'unsupported', '"approvals"'],
      ['with files', { files: [{ name: 'a', size: 0, piece: 1, digests: [] }] }, 'unsupported', '"files"'],
    ] as const)
      it(`is not taken ${what}`, async () => {
        const reply = await only(desk.request(parts));
        expect(reply).to.include({ outcome });
        expect(reply.statusmsg).to.include(words);
        expect(desk.calls).to.deep.equal([]);
      });

    it('passes over keys that begin with x-', async () => {
      expect(await only({ ...desk.request(), 'x-later': 1 })).to.include({ outcome: 'ok' });
    });
  });

  describe('what is not understood', () => {
    for (const [what, parts, outcome, words] of [
      ['a version of tomorrow', { v: 3 }, 'unsupported', 'protocol version 3 is not supported'],
      ['a type of tomorrow', { type: 'approve' }, 'unsupported', 'unknown type "approve"'],
      ['a key of tomorrow', { tomorrow: 1 }, 'failed', 'unknown key "tomorrow"'],
      ['a value out of bounds', { ttl: 0 }, 'failed', '/ttl'],
    ] as const)
      it(`is answered: ${what}`, async () => {
        const reply = await only({ ...desk.request(), ...parts });
        expect(reply).to.include({ v: 2, outcome, seq: 1 });
        expect(reply.statusmsg).to.include(words);
        expect(desk.calls).to.deep.equal([]);
      });

    it('is not answered where it is in the name of another', async () => {
      expect(await desk.ask({ ...desk.request({ caller: 'eve.mcollective' }), v: 3 })).to.deep.equal([]);
      expect(desk.audit.map(({ outcome }) => outcome)).to.deep.equal(['invalid']);
    });
  });

  describe('a request of version 1', () => {
    it('runs, is answered in its version, and is counted and logged once for its caller', async () => {
      for (const times of [1, 2]) {
        const reply = await only(asVersion1());
        expect(reply).to.deep.include({ v: 1, outcome: 'ok', ddl: { version: '1.2.3' } });
        expect(reply).to.not.have.property('protocol');
        expect(desk.node.version1.messages).to.equal(times);
      }
      const lines = desk.log.lines.filter(({ msg }) => msg.includes('protocol version 1'));
      expect(lines.map(({ caller }) => caller)).to.deep.equal([rip]);
    });

    it('is refused in words where the configuration says so', async () => {
      const security = realm.x509(identity, ', minimum_protocol: 2');
      desk.close();
      desk = await Desk.open(realm, { security });
      const reply = await only(asVersion1());
      expect(reply).to.include({ v: 1, outcome: 'denied' });
      expect(reply.statusmsg).to.include('security.minimum_protocol');
      expect(await only(desk.request())).to.include({ outcome: 'ok' });
    });

    it('is told to use version 2 if its client speaks that, however it was made to believe otherwise', async () => {
      const reply = await only(asVersion1({ session: 'v2-abc' }));
      expect(reply).to.deep.include({ v: 2, outcome: 'unsupported', data: { use: 2 } });
      expect(desk.calls).to.deep.equal([]);
    });

    it('to all is left aside if its client sent the same in version 2', async () => {
      const bytes = await desk.signed(asVersion1({ session: 'v2-abc' }));
      await desk.dispatcher.receive(bytes, { isBroadcast: true });
      expect(await desk.replies()).to.deep.equal([]);
      expect(desk.calls).to.deep.equal([]);
    });
  });

  describe('a secret', () => {
    const inputs = () => desk.calls.map(({ input }) => input);

    it('reaches the handler and nobody else', async () => {
      const secret = await desk.secret({ pin: '1234' });
      const reply = await only(desk.request({ input: { text: 'x' }, secret }));
      expect(reply).to.include({ outcome: 'ok' });
      expect(inputs()).to.deep.equal([{ text: 'x', pin: '1234' }]);
      expect(JSON.stringify([desk.audit, desk.log.lines])).to.not.include('1234');
      expect(desk.audit.at(-1)).to.deep.include({ input: { text: 'x', pin: '[redacted]' } });
    });

    it('is refused in the clear, in both versions, and never comes near a handler', async () => {
      const later = await only(desk.request({ input: { pin: '1234' } }));
      expect(later).to.include({ outcome: 'failed', statuscode: 4 });
      expect(later.statusmsg).to.include('pin as secret');
      const earlier = await only(asVersion1({ input: { pin: '1234' } }));
      expect(earlier).to.include({ outcome: 'failed', statuscode: 1 });
      expect(earlier.statusmsg).to.include('protocol version 1 cannot encrypt them');
      expect(inputs()).to.deep.equal([]);
      expect(JSON.stringify([desk.audit, desk.log.lines, later, earlier])).to.not.include('1234');
    });

    it('that is encrypted with a key of another process is asked for again', async () => {
      const secret = await desk.secret({ pin: '1234' });
      await open();
      const reply = await only(desk.request({ secret }));
      expect(reply).to.include({ outcome: 'busy' });
      expect(reply.statusmsg).to.include('session key');
    });

    it('that another caller encrypted is of no use to a thief', async () => {
      const secret = await desk.secret({ pin: '1234' });
      const stolen = desk.request({ caller: 'mallory.mcollective', secret });
      const [reply] = await desk.ask(stolen, desk.offering('mallory.mcollective'));
      expect(reply).to.include({ outcome: 'busy' });
      expect(inputs()).to.deep.equal([]);
    });

    it('that was altered fails its request, which its author learns', async () => {
      const secret = await desk.secret({ pin: '1234' });
      const parts = secret.split('.');
      for (const index of [2, 3, 4]) {
        const part = parts[index] ?? '';
        const altered = parts.with(index, `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`).join('.');
        const [reply, ...more] = await desk.ask(desk.request({ secret: altered }), desk.offering());
        expect(more).to.deep.equal([]);
        expect(reply).to.include({ outcome: 'failed', statuscode: 4 });
        expect(reply).to.have.property('statusmsg', 'the encrypted part is damaged or altered');
      }
      expect(inputs()).to.deep.equal([]);
    });

    for (const [what, secrets, reason] of [
      ['is also given in the clear', { text: 'y' }, 'an input is given twice: encrypted and not encrypted'],
      ['is not an object', ['1234'], 'the encrypted inputs are not an object'],
    ] as const)
      it(`fails its request if it ${what}, which its author learns`, async () => {
        const secret = await desk.secret(secrets);
        const request = desk.request({ input: { text: 'x' }, secret });
        const [reply, ...more] = await desk.ask(request, desk.offering());
        expect(more).to.deep.equal([]);
        expect(reply).to.include({ outcome: 'failed', statuscode: 4, statusmsg: reason });
        expect(inputs()).to.deep.equal([]);
        expect(JSON.stringify([desk.audit, desk.log.lines])).to.not.include('1234');
      });
  });

  describe('a secret output', () => {
    const reveal = async (signer?: Parameters<Desk['ask']>[1]) => {
      desk.handle = () => ({ out: 'seen', token: 's3cret' });
      const request = desk.request({ action: 'reveal' });
      await desk.receive(request, signer);
      await desk.ended();
      return { request, sent: await desk.sent() };
    };

    it('is encrypted for the client that agreed on a key', async () => {
      const { sent } = await reveal(desk.offering());
      const [{ reply, token } = {}] = sent.map(({ reply }) => ({ reply, token: desk.read(reply) }));
      expect(reply).to.deep.include({ data: { out: 'seen' } });
      expect(token).to.deep.equal({ token: 's3cret' });
    });

    it('is left out for a client that agreed on none, which is told', async () => {
      const { sent } = await reveal();
      expect(sent[0]?.reply).to.deep.include({ data: { out: 'seen' }, withheld: ['token'] });
    });

    it('is for no client of version 1', async () => {
      const reply = await only(asVersion1({ action: 'reveal' }));
      expect(reply).to.include({ outcome: 'failed', statuscode: 1 });
      expect(desk.calls).to.deep.equal([]);
    });

    it('is left out if a client of version 1 asks for what is kept', async () => {
      const { request } = await reveal(desk.offering());
      const [reply] = await desk.ask({ ...desk.attach(request.id), v: 1 }, desk.offering());
      expect((reply as Reply & { data: object }).data).to.deep.equal({ out: 'seen' });
    });
  });
});

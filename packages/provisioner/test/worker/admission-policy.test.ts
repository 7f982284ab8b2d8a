import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ddl } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { fakeAgent } from '../fixtures/fake-agent.js';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

const gate = {
  metadata: {
    name: 'gate',
    description: 'Says who may be provisioned',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 5,
  },
  actions: [
    {
      action: 'may',
      description: 'Says whether a machine may be provisioned',
      input: {
        identity: {
          prompt: 'x',
          description: 'x',
          type: 'string',
          optional: false,
          validation: '.',
          maxlength: 255,
        },
        collective: {
          prompt: 'x',
          description: 'x',
          type: 'string',
          optional: false,
          validation: '.',
          maxlength: 64,
        },
        facts: { prompt: 'x', description: 'x', type: 'hash', optional: false },
      },
      output: {
        allowed: { description: 'x', display_as: 'x', type: 'boolean' },
        reason: { description: 'x', display_as: 'x', type: 'string' },
      },
    },
  ],
} as const satisfies Ddl;

describe('the policy', () => {
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
    await testbed.master('puppet1', eu);
  });
  afterEach(() => testbed.close());

  for (const [what, policy, reason] of [
    ['whose name is not among those allowed', 'allow: ["/^db/"]', 'policy.allow does not match its name'],
    ['whose name is denied', 'allow: ["/./"], deny: [web1]', 'policy.deny matches its name'],
    ['whose facts are others', 'facts: "country=ie"', 'its facts do not match policy.facts: country=ie'],
  ] as const) {
    it(`leaves a node alone ${what}, and says why; others are provisioned`, async () => {
      const watched = await testbed.provisioner(`policy: { ${policy} }`);
      const { machine } = await testbed.node('web1', { facts: eu });
      const left = await watched.event('left', 'web1');
      expect(left.reason).to.equal(`not allowed: ${reason}`);
      expect(machine.record.history).to.deep.equal([]);
      await testbed.node('db1', { facts: { region: 'eu', country: 'ie' } });
      expect((await watched.ended('db1')).outcome).to.equal('done');
      expect(watched.of('left', 'web1')).to.have.length(1);
    });
  }

  describe('of a web service', () => {
    let server: Server;
    let asked: { body: Record<string, unknown>; signature: string | undefined }[];
    let answer: { status: number; body: unknown } | 'silence';
    beforeEach(async () => {
      asked = [];
      server = createServer(async (request, response) => {
        let text = '';
        for await (const chunk of request) text += chunk;
        asked.push({ body: JSON.parse(text), signature: request.headers['x-troupe-signature']?.toString() });
        if (answer === 'silence') return;
        response.writeHead(answer.status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(answer.body));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    const webhook = () =>
      `policy: { webhook: { url: "http://127.0.0.1:${(server.address() as AddressInfo).port}/", timeout: 0.3 } }`;

    it('decides with the facts of the node before it', async () => {
      answer = { status: 200, body: { allowed: true } };
      const watched = await testbed.provisioner(webhook());
      await testbed.node('web1', { facts: eu });
      expect((await watched.ended('web1')).outcome).to.equal('done');
      expect(asked[0]?.body).to.include({ identity: 'web1', collective: 'provisioning' });
      expect(asked[0]?.body.facts).to.include(eu);
    });

    it('leaves a node alone for which it says no, and does not ask at every look', async () => {
      answer = { status: 200, body: { allowed: false, reason: 'not paid' } };
      const watched = await testbed.provisioner(webhook());
      await testbed.node('web1', { facts: eu });
      const left = await watched.event('left', 'web1');
      expect(left.reason).to.match(/^not allowed: denied by 127\.0\.0\.1:\d+: not paid$/);
      await testbed.node('web2', { facts: eu });
      await watched.event('left', 'web2');
      expect(asked.filter(({ body }) => body.identity === 'web1')).to.have.length(1);
    });

    for (const [what, given, words] of [
      ['says nothing in time', 'silence', /timeout/],
      ['fails', { status: 500, body: {} }, /HTTP status 500/],
      ['says neither yes nor no', { status: 200, body: { ok: 1 } }, /has no boolean "allowed"/],
    ] as const) {
      it(`means not now where it ${what}, which is said; later it is asked again`, async () => {
        answer = given;
        const watched = await testbed.provisioner(webhook());
        const { machine } = await testbed.node('web1', { facts: eu });
        const waiting = await watched.event('waiting', 'web1');
        expect(waiting.reason)
          .to.match(/^cannot decide now: policy\.webhook failed: /)
          .and.match(words);
        expect(machine.record.history).to.deep.equal([]);
        answer = { status: 200, body: { allowed: true } };
        expect((await watched.ended('web1')).outcome).to.equal('done');
      });
    }
  });

  it('may ask an agent of the site; without one, it is not now', async () => {
    const watched = await testbed.provisioner('policy: { agent: { agent: gate, action: may, timeout: 2 } }');
    await testbed.node('web1', { facts: eu });
    await testbed.node('web2', { facts: eu });
    const waiting = await watched.event('waiting', 'web1');
    expect(waiting.reason).to.match(/^cannot decide now: policy\.agent: gate may failed/);
    const agent = fakeAgent(gate, () => ({
      may: ({ identity }) => ({ allowed: identity === 'web1', reason: 'there is one already' }),
    }));
    await testbed.host('cmdb1', { collective: 'mcollective', agents: [agent] });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    const left = await watched.event('left', 'web2');
    expect(left.reason).to.equal('not allowed: denied by gate on cmdb1: there is one already');
  });

  describe('of certificates', () => {
    it('refuses by default one from a CA that nobody knows, and touches nothing', async () => {
      const watched = await testbed.provisioner();
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.giveForeignCertificate('CN=Somebody else');
      const { outcome, failure } = await watched.ended('web1');
      expect(outcome).to.equal('quarantined');
      expect(failure).to.match(/not the CA of any known master.*policy\.certificates\.foreign is refuse/);
      expect(machine.calls).to.not.include('request_certificate');
      expect([...testbed.cas.values()].flatMap(({ log }) => log)).to.deep.equal([]);
    });

    it('replaces it where it says so', async () => {
      const watched = await testbed.provisioner('policy: { certificates: { foreign: replace } }');
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.giveForeignCertificate('CN=Somebody else');
      expect((await watched.ended('web1')).outcome).to.equal('done');
    });

    for (const [good, calls] of [
      ['keep', 0],
      ['renew', 1],
    ] as const) {
      it(`${good}s a good one where it says ${good}`, async () => {
        const watched = await testbed.provisioner(`policy: { certificates: { good: ${good} } }`);
        const [ca] = testbed.cas.values();
        const { machine } = await testbed.node('web1', { facts: eu });
        if (ca) machine.giveCertificate(ca);
        expect((await watched.ended('web1')).outcome).to.equal('done');
        expect(machine.calls.filter((call) => call === 'request_certificate')).to.have.length(calls);
      });
    }

    it('refuses one of no use where it says so', async () => {
      const watched = await testbed.provisioner('policy: { certificates: { stale: refuse } }');
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.giveForeignCertificate('CN=puppet1');
      const { failure } = await watched.ended('web1');
      expect(failure).to.match(/that cannot be used, and policy\.certificates\.stale is refuse/);
    });
  });
});

import { readFileSync } from 'node:fs';
import { readReceipt, silentLogger, TrustStore, verifyReceipt } from '@troupe/core';
import { createTempFolder, createTestPki, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { Receipts } from '../../src/names/receipts.js';
import type { NodeAgent } from '../../src/rpc/node-agent.js';
import { logLines } from '../fixtures/log-lines.js';
import { failureOf } from '../fixtures/rejection.js';
import { ends, StubNetwork } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const day = 86_400_000;
const key = 'ab'.repeat(32);
const accept = 'provision accept_receipt';

describe('the receipts of a provisioner', () => {
  let folder: TempFolder;
  let ca: string;
  let receipts: Receipts;
  let network: StubNetwork;
  let node: NodeAgent;
  const enrolment = { token: 't1', replace: false, callers: '/x/' };
  before(async () => {
    folder = await createTempFolder({ prefix: 'receipts' });
    const pki = await createTestPki(folder.join('pki'));
    ca = readFileSync(pki.caCertificate, 'utf8');
    const own = await pki.issue('prov.mcollective');
    const callers = { match: '/\\.mcollective$/' };
    receipts = new Receipts({ mode: 'x509', minimum_protocol: 1, callers, tokens: {}, ...own });
  });
  after(() => folder.close());
  beforeEach(() => {
    network = new StubNetwork({ isSecure: true });
    node = nodeOf(network, { token: 7 });
    node.pin.check({ sender: 'web1', key });
    node.proof = { vouchedBy: 'token', enrolment };
  });
  const { signal } = new AbortController();
  const given = () => network.of(accept).map(({ input }) => String(input.receipt));

  it('say what the token says, for the name, the key and the collective of the node', async () => {
    node.proof = { vouchedBy: 'token', enrolment: { ...enrolment, names: '/^web/', replace: true } };
    await receipts.give(node, signal, silentLogger);
    const [receipt = ''] = given();
    const trust = new TrustStore({ ca });
    const claims = await verifyReceipt(receipt, { trust, issuers: '/\\.mcollective$/', key, name: 'web1' });
    expect(claims).to.include({
      iss: 'prov.mcollective',
      collective: 'provisioning',
      callers: '/x/',
      token: 't1',
      names: '/^web/',
      replace: true,
    });
    expect(claims.exp - claims.iat).to.equal(30 * 86_400);
    expect(network.of(accept)[0]?.input).to.include({ token: 7 });
    expect(network.invalidated).to.deep.equal(['web1']);
  });

  for (const [what, left, count] of [
    ['is not replaced while it lasts', 16 * day, 0],
    ['is replaced when half of its time is over', 14 * day, 1],
  ] as const) {
    it(`of which the node has one ${what}`, async () => {
      const receipt = { serial: 's1', ends: Date.now() + left };
      node.proof = { vouchedBy: 'token', enrolment: { ...enrolment, receipt } };
      await receipts.give(node, signal, silentLogger);
      expect(given()).to.have.length(count);
      for (const text of given()) expect(readReceipt(text)).to.include({ token: 't1' });
    });
  }

  it('are not for a host with a certificate', async () => {
    node.proof = { vouchedBy: 'ca', name: 'web1' };
    await receipts.give(node, signal, silentLogger);
    expect(given()).to.deep.equal([]);
  });

  for (const [what, answer, levels] of [
    ['of an earlier version', ends('failed', 'no such action', { statuscode: 2 }), []],
    [
      'with a full disk',
      ends('failed', 'ENOSPC'),
      ['cannot give the node a receipt: it keeps its enrolment token'],
    ],
  ] as const) {
    it(`do not stop the work on a node ${what}`, async () => {
      network.answers[accept] = answer;
      network.answers['provision status'] = () => ({ data: { lease: { token: 7 } } });
      const { log, lines } = logLines();
      // It is tried again at each look at the node, and said once.
      for (let count = 0; count < 3; count += 1) await receipts.give(node, signal, log);
      const warnings = lines.filter(({ level }) => Number(level) >= 40);
      expect(warnings.map(({ msg }) => msg)).to.deep.equal(levels);
      expect(given()).to.have.length(3);
      for (const warning of warnings) expect(warning).to.include({ node: 'web1' });
    });
  }

  it('end the work if the lease was lost, or another machine replied', async () => {
    network.answers[accept] = ends('failed', 'the lease is over');
    network.answers['provision status'] = () => ({ data: { lease: { token: 8 } } });
    expect((await failureOf(receipts.give(node, signal, silentLogger))).kind).to.equal('lost');
  });
});

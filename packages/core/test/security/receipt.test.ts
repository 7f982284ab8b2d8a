import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { receiptType, signJws, tokenType } from '../../src/security/jws.js';
import type { Own } from '../../src/security/own.js';
import { isReceipt, issueReceipt, readReceipt, verifyReceipt } from '../../src/security/receipt.js';
import { issueToken } from '../../src/security/token.js';
import { TokenLedger } from '../../src/security/token-ledger.js';
import { TrustStore } from '../../src/security/trust.js';
import { fixture } from './pki-fixture.js';

const key = 'ab'.repeat(32);

describe('the receipt of an enrolment', () => {
  let issuer: Own;
  let node: Own;
  let trust: TrustStore;
  let folder: string;
  before(async () => {
    const pki = await fixture();
    issuer = await pki.issue('prov.mcollective');
    node = await pki.issue('web1.lab');
    trust = new TrustStore({ ca: pki.ca.certificatePem });
    folder = mkdtempSync(join(tmpdir(), 'troupe-receipt-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const claims = (more: object = {}) => ({
    iss: 'prov.mcollective',
    name: 'web1',
    key,
    collective: 'provisioning',
    callers: '/\\.mcollective$/',
    token: 't1',
    ttlSeconds: 60,
    ...more,
  });
  const verified = (receipt: string, more: object = {}, now?: number) =>
    verifyReceipt(receipt, { trust, issuers: '/\\.mcollective$/', ...more }, now).then(
      ({ serial }) => serial,
      (error: Error) => error.message,
    );
  const forged = (more: object, by: Own = issuer, typ = receiptType) => {
    const now = Math.floor(Date.now() / 1000);
    const { ttlSeconds: _, ...rest } = claims();
    const full = { v: 1, serial: 's1', iat: now, exp: now + 60, ...rest, ...more };
    return signJws(Buffer.from(JSON.stringify(full)), by.key, { typ, x5c: by.chain });
  };

  it('has an id and an end, and all that its holder may do', async () => {
    const now = 1_700_000_000_900;
    const limits = { names: '/^web/', replace: true, instance: 'i-0123' } as const;
    const receipt = await issueReceipt(claims(limits), issuer, now);
    const { serial, ...rest } = readReceipt(` ${receipt}\n`);
    expect(serial).to.match(/^[\w-]{36}$/);
    const { ttlSeconds: _, ...given } = claims(limits);
    expect(rest).to.deep.equal({ v: 1, ...given, iat: 1_700_000_000, exp: 1_700_000_060 });
    const today = await issueReceipt(claims(limits), issuer);
    expect(await verified(today, { key, name: 'web1' })).to.equal(readReceipt(today).serial);
  });

  it('is told from a token by its type', async () => {
    const { name: _, key: __, token: ___, ...rest } = claims();
    const token = await issueToken({ ...rest, brokers: ['mqtts://b'], ca: 'PEM' }, issuer);
    const receipt = await issueReceipt(claims(), issuer);
    expect([receipt, token, 'nonsense', ''].map(isReceipt)).to.deep.equal([true, false, false, false]);
    expect(await verified(token)).to.include(`typ is not "${receiptType}"`);
    expect(await verified(await forged({}, issuer, tokenType))).to.include(`typ is not "${receiptType}"`);
  });

  for (const [what, given, reason] of [
    ['by another key', { key: 'cd'.repeat(32) }, 'it is for a machine with another key'],
    ['under another name', { name: 'web2' }, 'it is for the name web1'],
    [
      'where its signer may not issue any',
      { issuers: 'other.mcollective' },
      'which is not allowed to issue receipts',
    ],
  ] as const) {
    it(`is refused ${what}`, async () => {
      expect(await verified(await issueReceipt(claims(), issuer), given)).to.include(reason);
    });
  }

  it('is refused if a node signed it, in its own name or in that of a provisioner', async () => {
    for (const iss of ['web1.lab', 'prov.mcollective'])
      expect(await verified(await forged({ iss }, node))).to.include(
        'it is signed by "web1.lab", which is not allowed',
      );
  });

  it('is refused when it has expired or was altered', async () => {
    const receipt = await issueReceipt(claims(), issuer);
    expect(await verified(receipt, {}, Date.now() + 61_000)).to.match(/it expired at 20/);
    const [header, , signature] = receipt.split('.');
    const [, other] = (await issueReceipt(claims({ name: 'web2' }), issuer)).split('.');
    expect(await verified(`${header}.${other}.${signature}`)).to.include('the signature is not valid');
  });

  it('is refused when it is revoked itself, and when the token with which the machine came is', async () => {
    const receipt = await issueReceipt(claims(), issuer);
    const revoked = join(folder, 'revoked');
    writeFileSync(revoked, '# none\n');
    const ledger = new TokenLedger({ revoked });
    const { serial } = readReceipt(receipt);
    expect(await verified(receipt, { ledger })).to.equal(serial);
    for (const id of [serial, 't1']) {
      writeFileSync(revoked, `${id} a reason\n`);
      expect(await verified(receipt, { ledger })).to.include(`${id} was rejected: it is revoked`);
    }
  });

  for (const [claim, value] of [
    ['v', 2],
    ['serial', 'a b'],
    ['name', 'Web 1'],
    ['name', '../web1'],
    ['key', 'AB'.repeat(32)],
    ['key', 'ab'],
    ['collective', '+'],
    ['callers', ''],
    ['token', undefined],
    ['exp', 1.5],
    ['replace', false],
    ['names', 7],
    ['instance', 'x'.repeat(256)],
  ] as const) {
    it(`is refused with the ${claim} ${JSON.stringify(value)?.slice(0, 20)}`, async () => {
      expect(await verified(await forged({ [claim]: value }))).to.match(
        new RegExp(
          `the receipt of the enrolment is not usable: its claim "${claim}" is (missing or )?malformed`,
        ),
      );
    });
  }

  it('is refused with a claim that this version does not know', async () => {
    expect(await verified(await forged({ limit: 1 }))).to.include('it has an unknown claim "limit"');
  });

  for (const text of ['', 'nonsense', 'a.b.c', `a.${Buffer.from('{').toString('base64url')}.c`]) {
    it(`is damaged as ${JSON.stringify(text)}`, () => {
      expect(() => readReceipt(text))
        .to.throw('the receipt of the enrolment is damaged')
        .with.property('code', 'TOKEN_INVALID');
    });
  }
});

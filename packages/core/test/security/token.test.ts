import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { signJws, tokenType } from '../../src/security/jws.js';
import type { Own } from '../../src/security/modes.js';
import { checkTokenFacts, issueToken, readToken, verifyToken } from '../../src/security/token.js';
import { TokenLedger } from '../../src/security/token-ledger.js';
import { TrustStore } from '../../src/security/trust.js';
import { fixture } from './pki-fixture.js';

describe('an enrolment token', () => {
  let issuer: Own;
  let trust: TrustStore;
  let folder: string;
  before(async () => {
    const pki = await fixture();
    issuer = await pki.issue('alice.mcollective');
    trust = new TrustStore({ ca: pki.ca.certificatePem });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-token-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const claims = (more: object = {}) => ({
    iss: 'alice.mcollective',
    collective: 'provisioning',
    brokers: ['mqtts://b:8883'],
    ca: 'PEM',
    callers: '/\\.mcollective$/',
    ttlSeconds: 60,
    ...more,
  });
  const ledger = () =>
    new TokenLedger({ revoked: join(folder, 'revoked'), file: join(folder, 'ledger.jsonl') });
  const use = (token: string, holder: string, book: TokenLedger) =>
    verifyToken(token, { trust, issuers: '/\\.mcollective$/', ledger: book, holder }).then(
      () => 'taken',
      (error: Error) => error.message,
    );

  it('is good for so many holders, each as often as it likes, over a restart', async () => {
    writeFileSync(join(folder, 'revoked'), '');
    const token = await issueToken(claims({ uses: 2 }), issuer);
    const book = ledger();
    expect(await use(token, 'a', book)).to.equal('taken');
    expect(await use(token, 'b', book)).to.equal('taken');
    expect(await use(token, 'a', book)).to.equal('taken');
    expect(await use(token, 'c', book)).to.include('used up: 2 machines');
    appendFileSync(join(folder, 'ledger.jsonl'), '{"jti":"to');
    const again = ledger();
    expect(await use(token, 'c', again)).to.include('used up');
    expect(await use(token, 'b', again)).to.equal('taken');
  });

  it('forgets the uses of tokens that are over', async () => {
    writeFileSync(join(folder, 'revoked'), '');
    writeFileSync(join(folder, 'ledger.jsonl'), '{"jti":"old","holder":"a","exp":1}\n');
    ledger();
    expect(readFileSync(join(folder, 'ledger.jsonl'), 'utf8')).to.equal('');
  });

  it('is refused when it is revoked, when the list is gone, and where nobody counts', async () => {
    const token = await issueToken(claims(), issuer);
    const { jti } = readToken(token);
    const book = ledger();
    expect(await use(token, 'a', book)).to.include('list of revoked tokens cannot be read');
    writeFileSync(join(folder, 'revoked'), '# none\n');
    expect(await use(token, 'a', book)).to.equal('taken');
    writeFileSync(join(folder, 'revoked'), `# one\n${jti} lost with a laptop\n`);
    expect(await use(token, 'a', book)).to.equal(`the enrolment token ${jti} is refused: it is revoked`);
    const limited = await issueToken(claims({ uses: 1 }), issuer);
    expect(await use(limited, 'a', new TokenLedger({}))).to.include('nobody counts them here');
  });

  for (const [what, more] of [
    ['a claim that this version does not know', { limit: 1 }],
    ['no uses', { uses: 0 }],
    ['a fraction of a use', { uses: 1.5 }],
    ['a condition that is none', { facts: ['region'] }],
    ['a collective with a wildcard', { collective: '+' }],
    ['no broker', { brokers: [] }],
  ] as const) {
    it(`is neither made nor taken with ${what}`, async () => {
      expect(
        await issueToken(claims(more), issuer).then(
          () => 'made',
          () => 'refused',
        ),
      ).to.equal('refused');
      const now = Math.floor(Date.now() / 1000);
      const { ttlSeconds: _, ...rest } = claims({ v: 1, jti: 'x', iat: now, exp: now + 60, ...more });
      const forged = await signJws(Buffer.from(JSON.stringify(rest)), issuer.key, {
        typ: tokenType,
        x5c: issuer.chain,
      });
      expect(await use(forged, 'a', new TokenLedger({})))
        .to.match(/token/)
        .and.not.equal('taken');
    });
  }

  it('is for machines with its facts', async () => {
    const token = readToken(await issueToken(claims({ facts: ['region=eu', 'memory>=4'] }), issuer));
    await checkTokenFacts(token, { region: 'eu', memory: 8 });
    const refused = await checkTokenFacts(token, { region: 'eu', memory: 2 }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refused).to.equal('the enrolment token is for machines with memory>=4, and this is none');
  });
});

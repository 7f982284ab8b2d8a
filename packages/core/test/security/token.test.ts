import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { signJws, tokenType } from '../../src/security/jws.js';
import type { Own } from '../../src/security/modes.js';
import {
  checkTokenFacts,
  checkTokenName,
  checkTokenTime,
  issueToken,
  readToken,
  verifyToken,
} from '../../src/security/token.js';
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

  it('is valid for the given number of holders, each repeatedly, over a restart', async () => {
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

  it('forgets the uses of expired tokens', async () => {
    writeFileSync(join(folder, 'revoked'), '');
    writeFileSync(join(folder, 'ledger.jsonl'), '{"jti":"old","holder":"a","exp":1}\n');
    ledger();
    expect(readFileSync(join(folder, 'ledger.jsonl'), 'utf8')).to.equal('');
  });

  it('is rejected if it is revoked, if the list is missing, and without a ledger', async () => {
    const token = await issueToken(claims(), issuer);
    const { jti } = readToken(token);
    const book = ledger();
    expect(await use(token, 'a', book)).to.include('cannot read the list of revoked tokens');
    writeFileSync(join(folder, 'revoked'), '# none\n');
    expect(await use(token, 'a', book)).to.equal('taken');
    writeFileSync(join(folder, 'revoked'), `# one\n${jti} lost with a laptop\n`);
    expect(await use(token, 'a', book)).to.equal(`the enrolment token ${jti} was rejected: it is revoked`);
    const limited = await issueToken(claims({ uses: 1 }), issuer);
    expect(await use(limited, 'a', new TokenLedger({}))).to.include('no ledger is configured to count them');
  });

  for (const [what, more] of [
    ['a claim that this version does not know', { limit: 1 }],
    ['no uses', { uses: 0 }],
    ['a fraction of a use', { uses: 1.5 }],
    ['a condition that is none', { facts: ['region'] }],
    ['a condition with an operator of another language', { facts: ['region!=eu&&role=web'] }],
    ['a collective with a wildcard', { collective: '+' }],
    ['no broker', { brokers: [] }],
    ['an empty broker', { brokers: ['mqtts://b', ''] }],
    ['brokers that are no list', { brokers: 'mqtts://b' }],
    ['no CA', { ca: '' }],
    ['no callers', { callers: '' }],
    ['no issuer', { iss: '' }],
    ['an escape that is no truth value', { escape: 'yes' }],
    ['uses that are no number', { uses: '2' }],
    ['conditions that are no list', { facts: 'a=1' }],
    ['more than 20 conditions', { facts: Array(21).fill('a=1') }],
    ['names that are no regular expression', { names: '/web[/' }],
    ['a name with a wildcard', { names: 'web*' }],
    ['a pattern of more than 1000 characters', { names: `/${'x'.repeat(999)}/` }],
    ['a permission to replace that is withheld', { replace: false }],
    ['a permission to replace in words', { replace: 'yes' }],
  ] as const) {
    it(`is neither issued nor accepted with ${what}`, async () => {
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

  /** A token signed by alice with these claims and no others. */
  const forged = (claims: unknown) =>
    signJws(Buffer.from(JSON.stringify(claims)), issuer.key, { typ: tokenType, x5c: issuer.chain });
  const full = (more: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const { ttlSeconds: _, ...rest } = claims();
    return { v: 1, jti: 'x', iat: now, exp: now + 60, ...rest, ...more };
  };

  it('may say all that a token can say', async () => {
    const facts = Array(20).fill('a=1');
    const more = { escape: true, uses: 1, facts, jti: 'j'.repeat(64), names: '/^web/', replace: true };
    const said = full(more);
    expect(await use(await forged(said), 'a', new TokenLedger({ uncounted: 'take' }))).to.equal('taken');
    expect(readToken(await forged(said))).to.deep.equal(said);
  });

  for (const claim of Object.keys(full())) {
    it(`is refused without its claim "${claim}"`, async () => {
      const rest = Object.fromEntries(Object.entries(full()).filter(([key]) => key !== claim));
      expect(await use(await forged(rest), 'a', new TokenLedger({}))).to.equal(
        `the enrolment token is not usable: its claim "${claim}" is missing or malformed`,
      );
    });
  }

  for (const [claim, value] of [
    ['v', 2],
    ['jti', ''],
    ['jti', 'j'.repeat(65)],
    ['jti', 'a b'],
    ['jti', 7],
    ['iat', 1.5],
    ['exp', '9999999999'],
    ['exp', 1e300],
    ['collective', ''],
    ['collective', 'A B'],
  ] as const) {
    it(`is refused with the ${claim} ${JSON.stringify(value).slice(0, 20)}`, async () => {
      expect(await use(await forged(full({ [claim]: value })), 'a', new TokenLedger({}))).to.equal(
        `the enrolment token is not usable: its claim "${claim}" is missing or malformed`,
      );
    });
  }

  for (const [what, value, reason] of [
    ['null', null, 'it has no claims'],
    ['a text', 'token', 'it has no claims'],
    ['a claim of Object', { ...full(), toString: 1 }, 'has an unknown claim "toString"'],
    [
      'a long unknown claim',
      { ...full(), ['x'.repeat(60)]: 1 },
      `it has an unknown claim "${'x'.repeat(40)}"`,
    ],
    [
      'an account without a key',
      { ...full(), account: { certificate: 'PEM' } },
      'its claim "account" is malformed',
    ],
    [
      'an account with something else',
      { ...full(), account: { certificate: 'PEM', key: 'PEM', password: 'x' } },
      'its claim "account" is malformed',
    ],
    ['malformed uses', { ...full(), uses: -1 }, 'its claim "uses" is malformed'],
  ] as const) {
    it(`is refused when it holds ${what}`, async () => {
      const token = await forged(value);
      expect(await use(token, 'a', new TokenLedger({}))).to.include(reason);
      expect(() => readToken(token))
        .to.throw(reason)
        .with.property('code', 'TOKEN_INVALID');
    });
  }

  for (const token of ['', 'nonsense', 'a.b.c', 'a.%%%.c', `a.${Buffer.from('{').toString('base64url')}.c`]) {
    it(`is damaged as ${JSON.stringify(token)}`, async () => {
      expect(() => readToken(token))
        .to.throw('the enrolment token is damaged: it is not a JWS with JSON claims')
        .with.property('code', 'TOKEN_INVALID');
      expect(await use(token, 'a', new TokenLedger({}))).to.include('the enrolment token was rejected: ');
    });
  }

  it('is read with blanks around it, as an editor leaves them', async () => {
    const token = await issueToken(claims(), issuer);
    expect(readToken(` ${token}\n`)).to.deep.equal(readToken(token));
  });

  it('is good from the second in which it is made, for as long as it says', async () => {
    const now = 1_700_000_000_900;
    const { iat, exp } = readToken(await issueToken(claims(), issuer, now));
    expect({ iat, exp }).to.deep.equal({ iat: 1_700_000_000, exp: 1_700_000_060 });
    const token = readToken(await forged(full({ iat, exp })));
    checkTokenTime(token, exp * 1000);
    expect(() => checkTokenTime(token, exp * 1000 + 1))
      .to.throw('the enrolment token expired at 2023-11-14T22:14:20.000Z: make a new one')
      .with.property('code', 'TOKEN_INVALID');
  });

  it('is refused in the name of another than who signed it', async () => {
    const token = await issueToken(claims({ iss: 'bob.mcollective' }), issuer);
    expect(await use(token, 'a', new TokenLedger({}))).to.equal(
      'the enrolment token is signed by "alice.mcollective", which is not allowed to issue tokens',
    );
  });

  it('is refused where its signer may not issue tokens', async () => {
    const token = await issueToken(claims(), issuer);
    const refused: unknown = await verifyToken(token, { trust, issuers: 'bob.mcollective' }).catch(
      (error: unknown) => error,
    );
    expect(refused).to.include({
      code: 'TOKEN_INVALID',
      message: 'the enrolment token is signed by "alice.mcollective", which is not allowed to issue tokens',
    });
    expect((await verifyToken(token, { trust, issuers: 'alice.mcollective' })).iss).to.equal(
      'alice.mcollective',
    );
  });

  it('is refused without the certificate of who signed it', async () => {
    const token = await signJws(Buffer.from(JSON.stringify(full())), issuer.key, { typ: tokenType });
    expect(await use(token, 'a', new TokenLedger({}))).to.equal(
      'the enrolment token was rejected: the certificate chain has 0 certificates; 1 to 5 are allowed',
    );
  });

  it('counts as one holder if no holder is given', async () => {
    writeFileSync(join(folder, 'revoked'), '');
    const token = await issueToken(claims({ uses: 1 }), issuer);
    const options = { trust, issuers: '/\\.mcollective$/', ledger: ledger() };
    await verifyToken(token, options);
    await verifyToken(token, options);
    expect(await use(token, 'a', options.ledger)).to.include('used up: 1 machines');
  });

  it('is for machines with its facts', async () => {
    const token = readToken(await issueToken(claims({ facts: ['region=eu', 'memory>=4'] }), issuer));
    await checkTokenFacts(token, { region: 'eu', memory: 8 });
    const refused = await checkTokenFacts(token, { region: 'eu', memory: 2 }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refused).to.equal(
      'the enrolment token is only for machines with memory>=4, and this machine does not match',
    );
  });

  for (const [names, name, isAllowed] of [
    [undefined, 'anything', true],
    ['web1.example.net', 'web1.example.net', true],
    ['web1.example.net', 'web1xexample.net', false],
    ['/^web\\d+$/', 'web12', true],
    ['/^web\\d+$/', 'db1', false],
  ] as const) {
    it(`${isAllowed ? 'is' : 'is not'} for the name ${name} if it is for ${names ?? 'any name'}`, async () => {
      const token = readToken(await issueToken(claims(names === undefined ? {} : { names }), issuer));
      const check = () => checkTokenName(token, name);
      if (isAllowed) check();
      else
        expect(check)
          .to.throw(
            `the enrolment token is only for names that match ${names}, and the name of this machine is ${name}: `,
          )
          .with.property('code', 'TOKEN_INVALID');
    });
  }

  it('does not count a use under a name that it is not for', async () => {
    writeFileSync(join(folder, 'revoked'), '');
    const token = await issueToken(claims({ uses: 1, names: '/^web/' }), issuer);
    const book = ledger();
    const options = { trust, issuers: '/\\.mcollective$/', ledger: book };
    const as = (name: string) =>
      verifyToken(token, { ...options, holder: name, name }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
    expect(await as('db1')).to.include('only for names that match /^web/');
    expect(await as('web1')).to.equal('taken');
  });
});

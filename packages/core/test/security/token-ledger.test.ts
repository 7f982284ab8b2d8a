import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { TokenClaims } from '../../src/security/token-claims.js';
import { TokenLedger } from '../../src/security/token-ledger.js';

describe('TokenLedger', () => {
  let folder: string;
  let file: string;
  let revoked: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-ledger-'));
    file = join(folder, 'ledger.jsonl');
    revoked = join(folder, 'revoked');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const soon = Math.ceil(Date.now() / 1000) + 3600;
  const token = (jti: string, uses?: number): TokenClaims => ({
    v: 1,
    jti,
    iss: 'alice.mcollective',
    iat: 0,
    exp: soon,
    collective: 'provisioning',
    brokers: ['mqtts://b'],
    ca: 'PEM',
    callers: 'x',
    ...(uses === undefined ? {} : { uses }),
  });
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');

  it('notes a use with its holder, its end and its time, for its owner only', () => {
    new TokenLedger({ file }).admit(token('t', 1), 'a', 1234);
    expect(lines().map((line) => JSON.parse(line))).to.deep.equal([
      { jti: 't', holder: 'a', exp: soon, time: 1234 },
    ]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('notes each holder once, and none of a token that any number may use', () => {
    const ledger = new TokenLedger({ file });
    for (const holder of ['a', 'b', 'a', 'b']) {
      ledger.admit(token('t', 2), holder);
      ledger.admit(token('unlimited'), holder);
    }
    expect(lines()).to.have.length(2);
  });

  it('counts each token for itself', () => {
    const ledger = new TokenLedger({ file });
    ledger.admit(token('t', 1), 'a');
    ledger.admit(token('u', 1), 'b');
    expect(() => ledger.admit(token('t', 1), 'b'))
      .to.throw('the enrolment token t was rejected: it is used up: 1 machines have used it')
      .with.property('code', 'TOKEN_INVALID');
  });

  it('keeps over a restart, to the letter, what is not over', () => {
    const kept = ['a', 'b'].map((holder) => JSON.stringify({ jti: 't', holder, exp: soon, time: 1 }));
    const over = JSON.stringify({ jti: 'u', holder: 'a', exp: Math.floor(Date.now() / 1000) - 10 });
    writeFileSync(file, `${kept[0]}\n${over}\n\nnull\n{"torn\n${kept[1]}\n`, { mode: 0o644 });
    const ledger = new TokenLedger({ file });
    expect(lines()).to.deep.equal(kept);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    for (const holder of ['a', 'b']) ledger.admit(token('t', 2), holder);
    expect(() => ledger.admit(token('t', 2), 'c')).to.throw('used up: 2 machines');
    ledger.admit(token('u', 1), 'c');
  });

  it('does not accept a limited token uncounted if the broker has not seen it, behind a shared account', () => {
    const shared = { ...token('t', 3), account: { certificate: 'PEM', key: 'PEM' } };
    expect(() => new TokenLedger({ uncounted: 'take' }).admit(shared, 'a')).to.throw(
      'it is limited to 3 machines, but no ledger is configured to count them (security.tokens.ledger',
    );
    new TokenLedger({ uncounted: 'take', file }).admit(shared, 'a');
  });

  it('accepts a limited token uncounted only if configured to', () => {
    new TokenLedger({ uncounted: 'take' }).admit(token('t', 1), 'a');
    new TokenLedger({}).admit(token('t'), 'a');
    for (const options of [{}, { uncounted: 'refuse' }] as const)
      expect(() => new TokenLedger(options).admit(token('t', 3), 'a')).to.throw(
        'it is limited to 3 machines, but no ledger is configured to count them',
      );
  });

  it('admits no holder if the use cannot be recorded', () => {
    const ledger = new TokenLedger({ file: join(folder, 'gone', 'ledger.jsonl') });
    for (const _ of [1, 2])
      expect(() => ledger.admit(token('t', 1), 'a'))
        .to.throw('the enrolment token t was rejected: cannot record its use: ENOENT')
        .with.property('code', 'TOKEN_INVALID');
  });

  it('says which ledger cannot be read', () => {
    expect(() => new TokenLedger({ file: folder }))
      .to.throw(`cannot read the token ledger ${folder}: EISDIR`)
      .with.property('code', 'FILE_UNREADABLE');
  });

  it('rejects the first word of each line in the list, and nothing else', () => {
    writeFileSync(revoked, '# s\n  t  lost with a laptop\nuu\n');
    const ledger = new TokenLedger({ revoked });
    for (const jti of ['t', 'uu'])
      expect(() => ledger.admit(token(jti), 'a')).to.throw(
        `the enrolment token ${jti} was rejected: it is revoked`,
      );
    for (const jti of ['lost', 'u', 's', 'T']) ledger.admit(token(jti), 'a');
  });
});

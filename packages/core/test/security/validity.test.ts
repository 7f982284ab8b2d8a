import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { createLogger } from '../../src/log/logger.js';
import { createCa, createCrl } from '../../src/pki/index.js';
import { validitiesOf, validityState, warnOfEnds } from '../../src/security/validity.js';

const year = { from: Date.parse('2026-01-01'), to: Date.parse('2026-12-31T12:00:00Z') };
const week = { from: Date.parse('2026-12-24T12:00:00Z'), to: year.to };

describe('the validity of certificates and revocation lists', () => {
  for (const [now, times, level, message] of [
    ['2026-06-01', year, 'ok', 'X expires on 2026-12-31, in 213 days'],
    ['2026-12-30', year, 'warn', 'X expires on 2026-12-31, in 1 day: renew it'],
    ['2026-12-28', week, 'ok', 'X expires on 2026-12-31, in 3 days'],
    ['2026-12-30', week, 'warn', 'X expires on 2026-12-31, in 1 day: renew it'],
    ['2027-01-01', year, 'fault', 'X expired on 2026-12-31: renew it'],
    [
      '2025-12-31',
      year,
      'fault',
      "X is not valid before 2026-01-01T00:00:00.000Z, but this machine's clock is at 2025-12-31T00:00:00.000Z: check NTP",
    ],
  ] as const) {
    it(`is ${level} on ${now} for a certificate until 2026-12-31 of ${times === week ? 'a week' : 'a year'}`, () => {
      const validity = { kind: 'certificate', what: 'X', ...times } as const;
      expect(validityState(validity, Date.parse(now))).to.deep.equal({ level, message });
    });
  }

  for (const [now, level, words] of [
    ['2026-06-01', 'ok', 'X expires on 2026-12-31'],
    ['2026-12-30', 'warn', 'in 1 day: replace it with a current list'],
    ['2027-01-01', 'warn', 'expired on 2026-12-31 and stays in use'],
    ['2025-12-31', 'warn', 'is not valid before 2026-01-01'],
  ] as const) {
    it(`is ${level} on ${now} for a revocation list, which stays in use`, () => {
      const state = validityState({ kind: 'CRL', what: 'X', ...year }, Date.parse(now));
      expect(state.level).to.equal(level);
      expect(state.message).to.include(words);
    });
  }

  it('is ok for a list without an end', () => {
    const state = validityState({ kind: 'CRL', what: 'X', from: 0, to: undefined });
    expect(state).to.deep.equal({ level: 'ok', message: 'X has no end' });
  });

  describe('in files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-validity-'));
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    let files: Parameters<typeof validitiesOf>[0];

    before(async () => {
      const [ca, other, unused] = [
        await createCa({ commonName: 'one', days: 400 }),
        await createCa({ commonName: 'two', days: 10 }),
        await createCa({ commonName: 'three' }),
      ];
      const list = (of: typeof ca, days: number) => createCrl({ ca: of, number: 1, revoked: [], days });
      files = {
        ca: file('ca.pem', ca.certificatePem),
        crl: file('crl.pem', `${list(ca, -2)}${list(other, 100)}${list(unused, -1)}`),
        callers: { ca: file('callers.pem', other.certificatePem) },
      };
    });
    after(() => rmSync(folder, { recursive: true }));

    it('is that of each CA and each list that is in use', () => {
      expect(validitiesOf(files).map(({ kind, what }) => `${kind}: ${what}`)).to.deep.equal([
        'CA: the CA certificate of one',
        'CA: the CA certificate of two',
        'CRL: the revocation list (CRL) of one',
        'CRL: the revocation list (CRL) of two',
      ]);
    });

    it('leads to a warning for what expires soon, or has expired', () => {
      const lines: string[] = [];
      const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
      const now = Date.now() + 8 * 86_400_000;
      warnOfEnds(files, log, now);
      expect(lines.map((line) => JSON.parse(line).msg.replace(/ on .*/, ''))).to.deep.equal([
        'the CA certificate of two expires',
        'the revocation list (CRL) of one expired',
      ]);
    });

    it('names a file that cannot be read', () => {
      const unreadable: string[] = [];
      validitiesOf({ ...files, crl: '/nowhere' }, (name) => unreadable.push(name));
      expect(unreadable).to.deep.equal(['/nowhere']);
    });
  });
});

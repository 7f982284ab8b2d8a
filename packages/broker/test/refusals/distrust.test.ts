import { expect } from 'chai';
import { describe, it } from 'mocha';
import { distrustOf } from '../../src/refusals/distrust.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('a TLS handshake that failed', () => {
  for (const [code, words] of [
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'alert "unknown ca"'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'alert "bad certificate"'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'alert "certificate expired"'],
    ['ECONNRESET', 'ended the TLS handshake'],
  ] as const)
    it(`shows a client that does not trust the broker: ${code}`, () => {
      expect(distrustOf(failure(code), 300))
        .to.include(words)
        .and.include('its clock is wrong');
    });

  for (const code of ['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_NO_SHARED_CIPHER'])
    it(`shows no client of this network: ${code}`, () => {
      expect(distrustOf(failure(code), 300)).to.equal(undefined);
    });

  it('shows no client if nothing was sent', () => {
    expect(distrustOf(failure('ECONNRESET'), 0)).to.equal(undefined);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Attempt, closedEarly, connectError } from '../../src/transport/connect-error.js';

const attempt: Attempt = {
  url: 'mqtts://b:1',
  setting: 'broker.urls',
  version: 5,
  hint: 'the certificate a.pem expired',
};
const withCode = (code: number | string, message: string) => Object.assign(new Error(message), { code });
const shown = (error: Error & { code: number | string }) => {
  const { code, message } = connectError(error, attempt);
  return `${code}: ${message}`;
};

describe('an attempt to connect that failed', () => {
  it('reports the reason and the setting to check', () => {
    const refused = Object.assign(withCode('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.7:1'), {
      errno: -111,
      syscall: 'connect',
      address: '192.0.2.7',
    });
    const advice = '(check that the broker is running, and check broker.urls)';
    expect(shown(refused)).to.equal(
      `BROKER_UNREACHABLE: mqtts://b:1: ECONNREFUSED: connection refused at 192.0.2.7 ${advice}`,
    );
    expect(connectError(refused, { ...attempt, url: 'mqtts://192.0.2.7:1' }).message).to.equal(
      `mqtts://192.0.2.7:1: ECONNREFUSED: connection refused ${advice}`,
    );
    expect(shown(withCode('EPROTO', ''))).to.equal('BROKER_UNREACHABLE: mqtts://b:1: EPROTO');
  });

  it('says whose certificate is not accepted, and what to do', () => {
    expect(shown(withCode('CERT_HAS_EXPIRED', 'certificate has expired'))).to.match(
      /^BROKER_UNREACHABLE: mqtts:\/\/b:1: cannot verify the certificate of the broker: certificate has expired \(renew it on the broker/,
    );
    expect(shown(withCode('CERT_REVOKED', 'certificate revoked'))).to.match(
      /cannot verify the certificate of the broker: certificate revoked$/,
    );
  });

  it('says what is wrong with the own certificate where the broker sends an alert', () => {
    expect(shown(withCode('ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'alert'))).to.equal(
      'BROKER_UNREACHABLE: mqtts://b:1: alert (the certificate a.pem expired)',
    );
  });

  it('reports a refusal of the broker once', () => {
    expect(shown(withCode(5, 'Connection refused: Not authorized'))).to.equal(
      'BROKER_REFUSED: mqtts://b:1 refused the connection: Not authorized (the certificate a.pem expired)',
    );
    expect(closedEarly({ ...attempt, hint: undefined })).to.include({
      code: 'BROKER_REFUSED',
      message: 'mqtts://b:1 closed the connection before accepting it',
    });
  });

  for (const [code, version, isRefusal] of [
    [1, 5, true],
    [132, 5, true],
    [5, 5, false],
    [1, 4, false],
  ] as const)
    it(`is ${isRefusal ? 'a' : 'no'} refusal of the version with code ${code} and MQTT ${version}`, () => {
      const failure = connectError(withCode(code, 'no'), { ...attempt, version });
      expect(failure.isVersionRefusal).to.equal(isRefusal);
    });
});

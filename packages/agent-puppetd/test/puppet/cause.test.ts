import { expect } from 'chai';
import { describe, it } from 'mocha';
import { causeOf } from '../../src/puppet/cause.js';
import { Findings } from '../../src/puppet/hint.js';

function cause(lines: readonly string[], environment?: string) {
  const findings = new Findings();
  for (const line of lines) findings.add(line);
  return causeOf(findings, environment);
}

describe('why there was no catalog', () => {
  const unreachable = 'Error: Failed to open TCP connection to puppet:8140';
  for (const [line, expected, words, environment] of [
    [
      "Notice: Skipping run of Puppet configuration client; administratively disabled (Reason: 'late');",
      'disabled',
      'Puppet is disabled: late',
    ],
    [
      "Notice: Skipping run of Puppet configuration client; administratively disabled (Reason: '');",
      'disabled',
      'Puppet is disabled: nobody said why',
    ],
    [
      'Notice: Run of Puppet configuration client already in progress; skipping  (x exists)',
      'already-running',
      'Another run of Puppet is in progress',
    ],
    [
      'Error: Exiting now because the maxwaitforlock timeout has been exceeded.',
      'already-running',
      'Another run of Puppet is in progress',
    ],
    [
      'Error: Another puppet instance is already running and the maxwaitforlock timeout is over; exiting',
      'ssl-locked',
      'Another Puppet process is at work on certificates',
    ],
    [
      "Error: Environment 'x' not found on server, aborting run.",
      'unknown-environment',
      'The server does not know the environment x',
      'x',
    ],
    [
      "Error: Environment 'x' not found on server, aborting run.",
      'unknown-environment',
      'The server does not know the environment',
    ],
    [
      'Error: it does not match its private key',
      'key-mismatch',
      'The CA holds a certificate of this name for another key; clean it there and enrol again: it does not match its private key',
    ],
    [
      "Info: you might still need to sign this agent's certificate",
      'not-signed',
      'The certificate request is not signed yet',
    ],
    [
      'Error: Failed to submit the CSR',
      'csr-refused',
      'The CA did not take the certificate request: Failed to submit the CSR',
    ],
    [
      'Error: tlsv1 ALERT unknown ca',
      'certificate-refused',
      "The server refused this host's certificate (revoked, cleaned, or of another CA): tlsv1 ALERT unknown ca",
    ],
    [
      'Warning: it did not match expected digest',
      'other-ca',
      "The server's certificate is not of the CA that this host trusts: it did not match expected digest",
    ],
    [
      'Error: x did not match server certificate',
      'other-name',
      "The server's certificate is for other names: x did not match server certificate",
    ],
    [
      'Error: Could not retrieve catalog from remote server: Error 500 on SERVER: boom',
      'catalog-refused',
      'Could not retrieve catalog from remote server: Error 500 on SERVER: boom',
    ],
    [
      unreachable,
      'server-unreachable',
      'The Puppet server cannot be reached: Failed to open TCP connection to puppet:8140',
    ],
  ] as const)
    it(`is ${expected} by ${JSON.stringify(line.slice(0, 60))}`, () => {
      expect(cause([line], environment)).to.deep.equal([expected, words]);
      // It explains more than that the server cannot be reached, whatever was said first.
      expect(cause([unreachable, line], environment)?.[0]).to.equal(expected);
    });

  it('is not that the run was stopped or took too long', () =>
    expect(
      cause([
        'Notice: Caught TERM; exiting',
        'Error: Execution of x did not complete within 5 seconds and was terminated.',
      ]),
    ).to.equal(undefined));

  it('is not known by other words', () => expect(cause(['Error: boom'])).to.equal(undefined));
});

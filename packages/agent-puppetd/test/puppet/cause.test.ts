import { expect } from 'chai';
import { describe, it } from 'mocha';
import { causeOf } from '../../src/puppet/cause.js';
import { OutputHints } from '../../src/puppet/hint.js';

function cause(lines: readonly string[], environment?: string) {
  const hints = new OutputHints();
  for (const line of lines) hints.add(line);
  return causeOf(hints, environment);
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
      'Puppet is disabled: no reason given',
    ],
    [
      'Notice: Run of Puppet configuration client already in progress; skipping  (x exists)',
      'already-running',
      'Another Puppet run is in progress',
    ],
    [
      'Error: Exiting now because the maxwaitforlock timeout has been exceeded.',
      'already-running',
      'Another Puppet run is in progress',
    ],
    [
      'Error: Another puppet instance is already running and the maxwaitforlock timeout is over; exiting',
      'ssl-locked',
      "Another Puppet process holds Puppet's SSL lock",
    ],
    [
      "Error: Environment 'x' not found on server, aborting run.",
      'unknown-environment',
      'Environment x not found on the Puppet server',
      'x',
    ],
    [
      "Error: Environment 'x' not found on server, aborting run.",
      'unknown-environment',
      'Environment not found on the Puppet server',
    ],
    [
      'Error: it does not match its private key',
      'key-mismatch',
      'The CA has a certificate of this name for a different key; clean it on the CA and request a new one: it does not match its private key',
    ],
    [
      "Info: you might still need to sign this agent's certificate",
      'not-signed',
      'The certificate request is not signed yet',
    ],
    [
      'Error: Failed to submit the CSR',
      'csr-refused',
      'The CA rejected the certificate request: Failed to submit the CSR',
    ],
    [
      'Error: tlsv1 ALERT unknown ca',
      'certificate-refused',
      "The Puppet server rejected this host's certificate (revoked, cleaned, or issued by another CA): tlsv1 ALERT unknown ca",
    ],
    [
      'Warning: it did not match expected digest',
      'other-ca',
      "The Puppet server's certificate was not issued by the CA that this host trusts: it did not match expected digest",
    ],
    [
      'Error: x did not match server certificate',
      'other-name',
      "The Puppet server's certificate does not match its host name: x did not match server certificate",
    ],
    [
      'Error: Could not retrieve catalog from remote server: Error 500 on SERVER: boom',
      'catalog-refused',
      'Could not retrieve catalog from remote server: Error 500 on SERVER: boom',
    ],
    [
      unreachable,
      'server-unreachable',
      'Cannot connect to the Puppet server: Failed to open TCP connection to puppet:8140',
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

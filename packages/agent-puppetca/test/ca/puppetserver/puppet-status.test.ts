import { expect } from 'chai';
import { describe, it } from 'mocha';
import { statusFromJson } from '../../../src/ca/puppetserver/puppet-status.js';

const signed = {
  name: 'web1',
  state: 'signed',
  fingerprints: { SHA1: 'A', SHA256: 'B', SHA512: 'C', default: 'B' },
  dns_alt_names: ['DNS:web1', 'DNS:web1'],
  subject_alt_names: ['IP:192.0.2.1', 'DNS:web1', 'DNS:web1'],
  authorization_extensions: { pp_cli_auth: 'true' },
  serial_number: 300,
  not_before: '2026-11-21T17:16:58UTC',
  not_after: '2041-11-18T17:16:59UTC',
};

describe('status in Puppet Server’s JSON', () => {
  it('reads a certificate', () => {
    expect(statusFromJson(signed)).to.deep.equal({
      certname: 'web1',
      state: 'signed',
      fingerprint: 'B',
      serial: '012C',
      not_before: '2026-11-21T17:16:58.000Z',
      not_after: '2041-11-18T17:16:59.000Z',
      subject_alt_names: ['IP:192.0.2.1', 'DNS:web1'],
      authorization_extensions: { pp_cli_auth: 'true' },
    });
  });

  it('reads what older servers tell', () => {
    const { subject_alt_names, authorization_extensions, serial_number, not_before, not_after, ...old } =
      signed;
    expect(statusFromJson(old)).to.deep.include({
      serial: null,
      not_before: null,
      subject_alt_names: ['DNS:web1'],
      authorization_extensions: {},
    });
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { CaError } from '../../../src/ca/error.js';
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

  for (const [number, serial] of [
    [1, '01'],
    [255, 'FF'],
    [256, '0100'],
    ['340282366920938463463374607431768211455', 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'],
    [null, null],
  ] as const) {
    it(`reads the serial number ${number}`, () => {
      expect(statusFromJson({ ...signed, serial_number: number }).serial).to.equal(serial);
    });
  }

  for (const date of [null, 7, 'yesterday', '']) {
    it(`reads no date from ${JSON.stringify(date)}`, () => {
      expect(statusFromJson({ ...signed, not_after: date }).not_after).to.equal(null);
    });
  }

  it('reads names and extensions as texts, whatever they are', () => {
    const odd = {
      ...signed,
      subject_alt_names: ['DNS:a', 7, null],
      authorization_extensions: { a: true, b: 7 },
    };
    expect(statusFromJson(odd)).to.deep.include({
      subject_alt_names: ['DNS:a'],
      authorization_extensions: { a: 'true', b: '7' },
    });
    expect(
      statusFromJson({ ...signed, subject_alt_names: 'DNS:a', authorization_extensions: 'x' }),
    ).to.deep.include({
      subject_alt_names: [],
      authorization_extensions: {},
    });
  });

  for (const state of ['requested', 'signed', 'revoked']) {
    it(`reads the state ${state}`, () => {
      expect(statusFromJson({ ...signed, state }).state).to.equal(state);
    });
  }

  for (const [what, json, message] of [
    ['null', null, 'without name or state'],
    ['a text', 'signed', 'without name or state'],
    ['no name', { ...signed, name: undefined }, 'without name or state'],
    ['a name that is no text', { ...signed, name: 7 }, 'without name or state'],
    ['no state', { ...signed, state: undefined }, 'without name or state'],
    ['the state "missing"', { ...signed, state: 'missing' }, 'without name or state'],
    ['no fingerprints', { ...signed, fingerprints: null }, 'no SHA-256 fingerprint of web1'],
    ['no SHA-256', { ...signed, fingerprints: { SHA1: 'A' } }, 'no SHA-256 fingerprint of web1'],
    ['a fingerprint that is no text', { ...signed, fingerprints: { SHA256: 7 } }, 'no SHA-256 fingerprint'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => statusFromJson(json))
        .to.throw(CaError, message)
        .with.property('code', 'UNEXPECTED');
    });
  }

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

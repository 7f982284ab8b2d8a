import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readConfig } from '../src/config.js';

const http = {
  backend: 'http',
  url: 'https://10.0.0.2:8140',
  ca: '/ssl/ca.pem',
  certificate: '/ssl/cert.pem',
  key: '/ssl/key.pem',
};

describe('configuration of puppetca', () => {
  it('fills in the defaults of http', () => {
    expect(readConfig(http)).to.deep.equal({ ...http, refuse: /\.mcollective$/, timeout: 15 });
  });

  it('fills in the defaults of cli', () => {
    expect(readConfig({ backend: 'cli', address: '10.0.0.2' })).to.deep.equal({
      backend: 'cli',
      address: '10.0.0.2',
      port: 8140,
      command: 'puppetserver',
      cadir: '/etc/puppet/puppetserver/ca',
      refuse: /\.mcollective$/,
      timeout: 90,
    });
  });

  it('fills in the defaults of builtin', () => {
    expect(readConfig({ backend: 'builtin' })).to.deep.equal({
      backend: 'builtin',
      alt_names: [],
      refuse: /\.mcollective$/,
    });
  });

  it('takes another pattern of names to refuse', () => {
    expect(readConfig({ ...http, refuse: '/^admin-/i' }).refuse).to.deep.equal(/^admin-/i);
  });

  it('leaves the section as it is', () => {
    const section = Object.freeze({ ...http });
    readConfig(section);
    expect(section).to.deep.equal(http);
  });

  const { key: _, ...withoutKey } = http;
  for (const [section, message] of [
    [{}, 'puppetca: backend must be one of http, cli and builtin'],
    [{ ...http, backend: 'vault' }, 'puppetca: backend must be one of http, cli and builtin'],
    [withoutKey, 'puppetca: key is missing'],
    [{ ...http, cadir: '/ca' }, 'puppetca: cadir is no key of this agent'],
    [{ ...http, crl: 'crl.pem' }, 'puppetca: crl must be an absolute path'],
    [{ ...http, url: 'http://a' }, 'puppetca: url must be a URL like https://ca.example.net:8140'],
    [{ ...http, port: 0 }, 'puppetca: port must be >= 1'],
    [
      { ...http, refuse: 'mcollective' },
      'puppetca: refuse must be a regular expression between slashes, such as /\\.mcollective$/',
    ],
    [
      { ...http, refuse: '/(/' },
      'puppetca: refuse must be a regular expression between slashes, such as /\\.mcollective$/',
    ],
    [{ ...http, certname: 'CA1' }, 'puppetca: certname must match pattern "^[a-z0-9][a-z0-9._-]*$"'],
    [{ backend: 'cli' }, 'puppetca: address is missing'],
    [{ backend: 'builtin', listen: { address: '::' } }, 'puppetca: listen.port is missing'],
    [
      { backend: 'builtin', url: 'x', crl: 'y' },
      'puppetca: url is no key of this agent; crl is no key of this agent',
    ],
  ] as const) {
    it(`says: ${message}`, () => {
      expect(() => readConfig(section))
        .to.throw(TroupeError, message)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

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
    [{}, 'configuration: plugins.puppetca: "backend" must be one of http, cli, builtin'],
    [
      { ...http, backend: 'vault' },
      'configuration: plugins.puppetca: "backend" must be one of http, cli, builtin',
    ],
    [withoutKey, 'puppetca: "key" is missing'],
    [{ ...http, cadir: '/ca' }, 'puppetca: unknown key "cadir"'],
    [{ ...http, crl: 'crl.pem' }, 'puppetca.crl: must match pattern "^/"'],
    [{ ...http, url: 'http://a' }, 'puppetca.url: must match pattern "^https:'],
    [{ ...http, port: 0 }, 'puppetca.port: must be >= 1'],
    [{ ...http, refuse: 'mcollective' }, 'puppetca.refuse: must match pattern "^/.+/i?$"'],
    [{ ...http, refuse: '/(/' }, 'configuration: plugins.puppetca: "refuse" is no regular expression: /(/'],
    [{ ...http, certname: 'CA1' }, 'puppetca.certname: must match pattern'],
    [{ backend: 'cli' }, 'puppetca: "address" is missing'],
    [{ backend: 'builtin', listen: { address: '::' } }, 'puppetca.listen: "port" is missing'],
    [{ backend: 'builtin', url: 'x', crl: 'y' }, /unknown key "url".*unknown key "crl"/],
  ] as const) {
    it(`refuses ${JSON.stringify(section)}`, () => {
      expect(() => readConfig(section))
        .to.throw(TroupeError, message)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { strictPolicy } from '../src/ca/rules.js';
import { readPuppetcaConfig } from '../src/config.js';

const http = {
  backend: 'http',
  url: 'https://10.0.0.2:8140',
  ca: '/ssl/ca.pem',
  certificate: '/ssl/cert.pem',
  key: '/ssl/key.pem',
};

describe('configuration of puppetca', () => {
  it('fills in the defaults of http', () => {
    expect(readPuppetcaConfig(http)).to.deep.equal({
      ...http,
      refuse: /\.mcollective$/,
      policy: strictPolicy,
      timeout: 15,
    });
  });

  it('fills in the defaults of cli', () => {
    expect(readPuppetcaConfig({ backend: 'cli', address: '10.0.0.2' })).to.deep.equal({
      backend: 'cli',
      address: '10.0.0.2',
      port: 8140,
      command: 'puppetserver',
      cadir: '/etc/puppet/puppetserver/ca',
      refuse: /\.mcollective$/,
      policy: strictPolicy,
      timeout: 90,
    });
  });

  it('fills in the defaults of builtin', () => {
    expect(readPuppetcaConfig({ backend: 'builtin' })).to.deep.equal({
      backend: 'builtin',
      alt_names: [],
      refuse: /\.mcollective$/,
      policy: strictPolicy,
    });
  });

  it('allows values and names only whole', () => {
    const { policy } = readPuppetcaConfig({
      ...http,
      allow_extensions: { '1.3.6.1.4.1.34380.1.1.13': '/web|db/', '1.2.3': 'a.b' },
      allow_alt_names: ['/DNS:[a-z]+\\.example\\.net/i', 'IP:192.0.2.1'],
    });
    expect(policy).to.deep.equal({
      extensions: new Map([
        ['pp_role', /^(?:web|db)$/],
        ['1.2.3', /^a\.b$/],
      ]),
      altNames: [/^(?:DNS:[a-z]+\.example\.net)$/i, /^IP:192\.0\.2\.1$/],
    });
  });

  it('takes another pattern of names to refuse', () => {
    expect(readPuppetcaConfig({ ...http, refuse: '/^admin-/i' }).refuse).to.deep.equal(/^admin-/i);
  });

  for (const [allowed, text, matches] of [
    ['web', 'web', true],
    ['web', 'web1', false],
    ['a.b', 'axb', false],
    ['/web/', 'web.evil.example', false],
    ['/WEB/i', 'web', true],
    ['/WEB/', 'web', false],
    ['/a|b/', 'b', true],
    ['/a|b/', 'ab', false],
    ['/web', '/web', true],
    ['web/i', 'web/i', true],
  ] as const) {
    it(`${matches ? 'allows' : 'does not allow'} ${text} by ${allowed}`, () => {
      const { policy } = readPuppetcaConfig({
        ...http,
        allow_alt_names: [allowed],
        allow_extensions: { pp_role: allowed },
      });
      expect(policy.altNames[0]?.test(text)).to.equal(matches);
      expect(policy.extensions.get('pp_role')?.test(text)).to.equal(matches);
    });
  }

  it('leaves the section as it is', () => {
    const section = Object.freeze({ ...http });
    readPuppetcaConfig(section);
    expect(section).to.deep.equal(http);
  });

  const { key: _, ...withoutKey } = http;
  for (const [section, message] of [
    [{}, 'plugins.puppetca: "backend" must be one of http, cli, builtin'],
    [{ ...http, backend: 'vault' }, 'plugins.puppetca: "backend" must be one of http, cli, builtin'],
    [withoutKey, 'puppetca: "key" is missing'],
    [{ ...http, cadir: '/ca' }, 'puppetca: unknown key "cadir"'],
    [{ ...http, crl: 'crl.pem' }, 'puppetca: crl: "crl.pem" is not valid: use an absolute path'],
    [{ ...http, url: 'http://a' }, 'puppetca: url: must match pattern "^https:'],
    [{ ...http, port: 0 }, 'puppetca: port: must be >= 1'],
    [{ ...http, refuse: 'mcollective' }, 'puppetca: refuse: must match pattern "^/.+/i?$"'],
    [{ ...http, refuse: '/(/' }, 'plugins.puppetca: "refuse" is not a valid regular expression: /(/'],
    [{ ...http, allow_extensions: { pp_rule: 'x' } }, 'allow_extensions: "pp_rule" is neither'],
    [
      { ...http, allow_extensions: { pp_cli_auth: 'true' } },
      'allow_extensions: pp_cli_auth cannot be allowed',
    ],
    [{ ...http, allow_extensions: { pp_authorization: 'x' } }, 'pp_authorization cannot be allowed'],
    [{ ...http, allow_extensions: { '1.2.3.x': 'x' } }, 'allow_extensions: "1.2.3.x" is neither'],
    [{ ...http, allow_extensions: { '1': 'x' } }, 'allow_extensions: "1" is neither'],
    [{ ...http, timeout: 0 }, 'puppetca: timeout: must be > 0'],
    [{ backend: 'builtin', days: 0 }, 'puppetca: days: must be >= 1'],
    [{ backend: 'builtin', max_requests: 0 }, 'puppetca: max_requests: must be >= 1'],
    [{ backend: 'cli', address: 'a', port: 65_536 }, 'puppetca: port: must be <= 65535'],
    [{ ...http, allow_extensions: { '1.3.6.1.4.1.34380.1.3.39': 'true' } }, 'pp_cli_auth cannot be allowed'],
    [{ ...http, allow_alt_names: ['/(/'] }, '"allow_alt_names" is not a valid regular expression'],
    [{ ...http, certname: 'CA1' }, 'puppetca: certname: "CA1" is not valid: use a-z'],
    [{ backend: 'cli' }, 'puppetca: "address" is missing'],
    [{ backend: 'builtin', listen: { address: '::' } }, 'puppetca: listen: "port" is missing'],
    [{ backend: 'builtin', url: 'x', crl: 'y' }, /unknown key "url".*unknown key "crl"/],
  ] as const) {
    it(`refuses ${JSON.stringify(section)}`, () => {
      expect(() => readPuppetcaConfig(section))
        .to.throw(TroupeError, message)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

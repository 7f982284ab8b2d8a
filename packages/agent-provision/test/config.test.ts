import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readProvisionConfig } from '../src/config.js';

const host = { stateDir: '/var/lib/troupe/agents/provision' };

describe('readProvisionConfig', () => {
  it('has a value for what is left out', () => {
    expect(readProvisionConfig({}, host)).to.deep.equal({
      puppet: { command: 'puppet', extra_args: [], env: {} },
      hosts_file: '/etc/hosts',
      puppet_names: ['puppet'],
      port: 8140,
      key_type: 'rsa',
      key_bits: 4096,
      disable_file: '/var/lib/troupe/agents/provision/disabled',
      server_in_conf: false,
      server_in_hosts: true,
    });
  });

  it('leaves the hosts file alone where puppet.conf has the address', () => {
    expect(readProvisionConfig({ server_in_conf: true }, host)).to.include({ server_in_hosts: false });
    const both = readProvisionConfig({ server_in_conf: true, server_in_hosts: true }, host);
    expect(both).to.include({ server_in_conf: true, server_in_hosts: true });
  });

  it('takes a frozen section and leaves it as it is', () => {
    const section = Object.freeze({ port: 8141 });
    expect(readProvisionConfig(section, host).port).to.equal(8141);
    expect(section).to.deep.equal({ port: 8141 });
  });

  for (const [section, message] of [
    [{ hosts_fil: '/etc/hosts' }, 'unknown key "hosts_fil" (did you mean "hosts_file"?)'],
    [{ puppet: { comand: ['puppet'] } }, 'puppet: unknown key "comand" (did you mean "command"?)'],
    [{ hosts_file: 'hosts' }, 'hosts_file: "hosts" is not valid: use an absolute path'],
    [{ puppet_names: [] }, 'puppet_names: must NOT have fewer than 1 items'],
    [{ puppet_names: ['puppet evil'] }, 'puppet_names.0: must match pattern'],
    [{ key_bits: 1024 }, 'key_bits: must be >= 2048'],
    [{ port: '8140' }, 'port: must be integer'],
    [{ port: 0, key_bits: 'x' }, 'port: must be >= 1; key_bits: must be integer'],
  ] as const) {
    it(`refuses ${JSON.stringify(section)}`, () => {
      expect(() => readProvisionConfig(section, host))
        .to.throw(TroupeError, message)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

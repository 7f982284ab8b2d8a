import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readPuppetConfig } from '../../src/puppet/config.js';
import { expectedSettings } from '../../src/puppet/expected-settings.js';

const debian = `
    class UnixRunMode < RunMode
      def conf_dir
        which_dir("/etc/puppet", "~/.puppet/etc")
      end
      def var_dir
        which_dir("/var/cache/puppet", "~/.puppet/cache")
      end
      def public_dir
        which_dir("/var/cache/puppet/public", "~/.puppet/cache/public")
      end
      def run_dir
        which_dir("/run/puppet", "~/.puppet/var/run")
      end
      def ssl_dir
        system_ssl = "/var/lib/puppet/ssl"
      end
    end
    class WindowsRunMode < RunMode
`;
const aio = debian
  .replace(/ {6}def ssl_dir[\s\S]*?end\n/, '')
  .replaceAll('/etc/puppet"', '/etc/puppetlabs/puppet"');

describe('the expected settings of Puppet', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'settings' });
  });
  afterEach(() => folder.close());

  const put = async (path: string, text: string) => {
    await mkdir(dirname(folder.join(path)), { recursive: true });
    await writeFile(folder.join(path), text);
  };
  const config = readPuppetConfig({});
  const ofDebian = async (puppetConf: string, { given = config, uid = 0 } = {}) => {
    await put('usr/lib/ruby/vendor_ruby/puppet/util/run_mode.rb', debian);
    await put('etc/puppet/puppet.conf', puppetConf);
    return expectedSettings(given, '/usr/bin/puppet', { root: folder.path, uid });
  };

  it('are those of the installation, its folders and the certname of puppet.conf', async () => {
    expect(
      await ofDebian('# by cloud-init\n\n[main]\ncertname = web1.example.net\ncolor = false\n'),
    ).to.include({
      certname: 'web1.example.net',
      confdir: '/etc/puppet',
      config: '/etc/puppet/puppet.conf',
      ssldir: '/var/lib/puppet/ssl',
      hostcert: '/var/lib/puppet/ssl/certs/web1.example.net.pem',
      hostcsr: '/var/lib/puppet/ssl/certificate_requests/web1.example.net.pem',
      lastrunfile: '/var/cache/puppet/public/last_run_summary.yaml',
      pidfile: '/run/puppet/agent.pid',
      server: 'puppet',
      ca_server: 'puppet',
      ca_port: '8140',
    });
  });

  it('have the folder of certificates in the folder of the configuration, if Puppet itself says no other', async () => {
    await put('opt/puppetlabs/puppet/lib/ruby/vendor_ruby/puppet/util/run_mode.rb', aio);
    await put('etc/puppetlabs/puppet/puppet.conf', 'certname = web1\n');
    const options = { root: folder.path, uid: 0 };
    expect(await expectedSettings(config, '/opt/puppetlabs/bin/puppet', options)).to.include({
      ssldir: '/etc/puppetlabs/puppet/ssl',
      hostcrl: '/etc/puppetlabs/puppet/ssl/crl.pem',
    });
  });

  it('take the section agent before main, and no other section', async () => {
    const text =
      '[server]\ncertname = no\n[main]\ncertname = web1\nserver = a\nvardir = /srv/v\n[agent]\ncertname = web2\nca_server = ca\nserverport = 8141\n';
    expect(await ofDebian(text)).to.include({
      certname: 'web2',
      server: 'a',
      ca_server: 'ca',
      ca_port: '8141',
      statedir: '/srv/v/state',
      hostprivkey: '/var/lib/puppet/ssl/private_keys/web2.pem',
    });
  });

  for (const [what, text] of [
    ['there is no certname', '[main]\nserver = a\n'],
    ['the certname has capitals', 'certname = Web1\n'],
    ['Puppet would expand a value', 'certname = web1\nssldir = $vardir/ssl\n'],
    ['a value has more than itself', 'certname = web1\nssldir = /srv/ssl { mode = 0700 }\n'],
    ['a setting is there twice', 'certname = web1\ncertname = web2\n'],
    ['a line is no setting', 'certname = web1\n  and more\n'],
    ['the folder of the configuration is set in it', 'certname = web1\nconfdir = /srv\n'],
  ] as const) {
    it(`are not certain if ${what}`, async () => {
      expect(await ofDebian(text)).to.equal(undefined);
    });
  }

  for (const [what, more] of [
    ['Puppet gets arguments', { given: readPuppetConfig({ extra_args: '--ssldir=/srv' }) }],
    ['Puppet gets another folder', { given: readPuppetConfig({ confdir: '/srv' }) }],
    ['the daemon is not root', { uid: 1000 }],
  ] as const) {
    it(`are not certain if ${what}`, async () => {
      expect(await ofDebian('certname = web1\n', more)).to.equal(undefined);
    });
  }

  it('are not certain of an installation that is not known', async () => {
    expect(await expectedSettings(config, '/usr/local/bin/puppet', { root: folder.path, uid: 0 })).to.equal(
      undefined,
    );
    expect(await expectedSettings(config, '/usr/bin/puppet', { root: folder.path, uid: 0 })).to.equal(
      undefined,
    );
  });
});

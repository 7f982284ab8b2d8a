import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createTempFolder, puppetAgentMissing, skip } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { expectedSettings } from '../../src/puppet/expected-settings.js';
import { Puppet, readPuppetConfig } from '../../src/puppet/index.js';

const runMode = 'usr/lib/ruby/vendor_ruby/puppet/util/run_mode.rb';

describe('the expected settings of the Puppet of this machine', () => {
  it('are what Puppet prints', async function () {
    this.timeout(120_000);
    const missing = puppetAgentMissing() ?? (process.getuid?.() === 0 ? undefined : 'requires root');
    if (missing) skip(this, missing);
    await using folder = await createTempFolder({ prefix: 'settings' });
    await mkdir(folder.join('etc/puppet'), { recursive: true });
    await cp(`/${runMode}`, folder.join(runMode));
    const file = folder.join('etc/puppet/puppet.conf');
    await writeFile(
      file,
      '[main]\ncertname = web1.example.net\nserver = puppet.example.net\nserverport = 8141\n' +
        '[agent]\nca_server = ca.example.net\nenvironment = test\nstatedir = /srv/state\n',
    );
    const expected = await expectedSettings(readPuppetConfig({}), '/usr/bin/puppet', { root: folder.path });
    const puppet = new Puppet({ extra_args: ['--config', file] }, folder.join('state'));
    expect({ ...expected, config: file }).to.deep.equal({ ...(await puppet.settings()) });
  });
});

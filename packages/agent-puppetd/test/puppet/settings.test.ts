import { chmod, copyFile, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  Puppet,
  type PuppetSettings,
  readPuppetConfig,
  SettingsReader,
  wrongAssumptions,
} from '../../src/puppet/index.js';
import { type FakeHost, fakeCommand, fakeHost } from './fake.js';

describe('the settings of Puppet', () => {
  let host: FakeHost;

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(() => host[Symbol.asyncDispose]());

  const questions = async () => (await readFile(host.path('asked'), 'utf8')).trim().split('\n').length;

  it('are asked for once, also by a daemon that comes later', async () => {
    const puppet = host.puppet();
    const [settings, same] = await Promise.all([puppet.settings(), puppet.settings()]);
    expect(settings.lastrunreport).to.equal(host.path('lastrunreport'));
    expect(same).to.equal(settings);
    await puppet.settings();
    expect(await host.puppet().settings()).to.deep.equal(settings);
    expect(await questions()).to.equal(1);
  });

  it('are asked for again when puppet.conf appears and when it changes', async () => {
    const puppet = host.puppet();
    await puppet.settings();
    await writeFile(host.path('puppet.conf'), '[main]\n');
    await puppet.settings();
    expect(await questions()).to.equal(2);
    await utimes(host.path('puppet.conf'), 1, 1);
    await puppet.settings();
    await puppet.settings();
    expect(await questions()).to.equal(3);
  });

  it('are asked for again when the executable is another one', async () => {
    const command = host.path('puppet');
    const puppet = new Puppet({ command: [command], env: { FAKE_DIR: host.folder } }, host.stateDir);
    await copyFile(fakeCommand, command);
    await chmod(command, 0o755);
    await puppet.settings();
    await utimes(command, 1, 1);
    await puppet.settings();
    expect(await questions()).to.equal(2);
  });

  it('are asked for again where the cache is torn', async () => {
    await host.puppet().settings();
    await writeFile(`${host.stateDir}/puppet-settings.json`, '{"key":');
    await host.puppet().settings();
    expect(await questions()).to.equal(2);
  });

  describe('without a wait for Puppet', () => {
    const readerWith = (expected: PuppetSettings | undefined) =>
      new SettingsReader(host.puppet().config, host.stateDir, async () => expected);

    it('are those that are certain, and those of Puppet from its answer on', async () => {
      const said = await readerWith(undefined).read();
      await rm(`${host.stateDir}/puppet-settings.json`);
      const expected = { ...said, certname: 'web1', ssldir: '/srv/ssl' };
      const reader = readerWith(expected);
      const assumed = await reader.assume();
      expect(assumed.settings).to.equal(expected);
      expect(await wrongAssumptions(assumed)).to.deep.equal([
        'certname: fake instead of web1',
        `ssldir: ${said.ssldir} instead of /srv/ssl`,
      ]);
      const again = await reader.assume();
      expect(again.settings).to.deep.equal(said);
      expect(await wrongAssumptions(again)).to.deep.equal([]);
      expect(await questions()).to.equal(2);
    });

    it('are those of Puppet if none are certain', async () => {
      expect((await readerWith(undefined).assume()).settings.certname).to.equal('fake');
    });

    it('may be used although Puppet fails, until somebody needs its answer', async () => {
      const said = await readerWith(undefined).read();
      await rm(`${host.stateDir}/puppet-settings.json`);
      const { config } = host.puppet({ FAKE_CONFIG_EXIT: '1' });
      const assumed = await new SettingsReader(config, host.stateDir, async () => said).assume();
      expect(assumed.settings).to.equal(said);
      const reason = await wrongAssumptions(assumed).catch((error: Error) => error.message);
      expect(reason).to.include('config print');
    });
  });

  it('fail with the reason where Puppet fails', async () => {
    const error = await host
      .puppet({ FAKE_CONFIG_EXIT: '1' })
      .settings()
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).to.have.property('code', 'CONFIG_INVALID');
    expect(error).to.have.property('message').that.includes('config print');
  });

  it('fail where there is no Puppet, and work once there is', async () => {
    const command = host.path('puppet');
    const puppet = new Puppet({ command, env: { FAKE_DIR: host.folder } }, host.stateDir);
    expect(await puppet.isInstalled()).to.equal(false);
    const message = await puppet.settings().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).to.equal(`Puppet not found: "${command}" does not exist or is not executable`);
    await copyFile(fakeCommand, command);
    await chmod(command, 0o755);
    expect((await puppet.settings()).certname).to.equal('fake');
  });

  it('find the executable in the PATH of the configuration', async () => {
    await copyFile(fakeCommand, host.path('puppet'));
    await chmod(host.path('puppet'), 0o755);
    const env = { FAKE_DIR: host.folder, PATH: `${host.folder}:/usr/bin:/bin` };
    const puppet = new Puppet({ env }, host.stateDir);
    expect((await puppet.settings()).certname).to.equal('fake');
    await rm(host.path('puppet'));
    const elsewhere = new Puppet({ env: { ...env, PATH: host.folder } }, host.stateDir);
    expect(await elsewhere.isInstalled()).to.equal(false);
  });

  for (const [key, value] of [
    ['command', []],
    ['command', 7],
    ['confdir', 'relative/path'],
    ['extra_args', [1]],
    ['env', { LANG: 1 }],
    ['env', ['LANG=C']],
  ] as const) {
    it(`refuse ${key} ${JSON.stringify(value)}, naming the key`, () => {
      expect(() => readPuppetConfig({ [key]: value }))
        .to.throw(key)
        .with.property('code', 'CONFIG_INVALID');
    });
  }
});

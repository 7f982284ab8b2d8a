import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createTempFolder, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { configPlaces, findClientConfig, loadClientConfig, localCaller } from '../src/config.js';

describe('the configuration of a client', () => {
  let folder: TempFolder;
  const names = ['XDG_CONFIG_HOME', 'TROUPE_CONFIG'] as const;
  const before = names.map((name) => process.env[name]);

  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CONFIG_HOME = folder.path;
    delete process.env.TROUPE_CONFIG;
  });
  afterEach(async () => {
    for (const [index, name] of names.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await folder.close();
  });

  it('is looked for in the folder for configurations, then in /etc', () => {
    expect(configPlaces()).to.deep.equal([folder.join('troupe', 'client.yaml'), '/etc/troupe/client.yaml']);
    delete process.env.XDG_CONFIG_HOME;
    expect(configPlaces()[0]).to.equal(join(homedir(), '.config', 'troupe', 'client.yaml'));
  });

  it('is the one that is named, then the one of the environment, then the first that exists', () => {
    mkdirSync(folder.join('troupe'));
    writeFileSync(folder.join('troupe', 'client.yaml'), '');
    expect(findClientConfig()).to.equal(folder.join('troupe', 'client.yaml'));
    process.env.TROUPE_CONFIG = '';
    expect(findClientConfig()).to.equal(folder.join('troupe', 'client.yaml'));
    process.env.TROUPE_CONFIG = '/from/environment';
    expect(findClientConfig()).to.equal('/from/environment');
    expect(findClientConfig('/named')).to.equal('/named');
  });

  it('is missed with all the ways to name one', function () {
    if (existsSync('/etc/troupe/client.yaml')) skip(this, 'this machine has /etc/troupe/client.yaml');
    expect(() => findClientConfig())
      .to.throw(
        `no configuration file found: specify one with --config or the environment variable TROUPE_CONFIG, or create ${configPlaces().join(' or ')}`,
      )
      .with.property('code', 'FILE_UNREADABLE');
  });

  it('is complete with its defaults', () => {
    const file = folder.join('client.yaml');
    writeFileSync(file, 'security: { mode: none }\nddl_dirs: [/mine]\n');
    const { security, broker: _, ...rest } = loadClientConfig(file);
    expect(security.mode).to.equal('none');
    expect(rest).to.deep.equal({
      topics: { escape: false },
      collectives: ['mcollective'],
      ddl_dirs: ['/mine'],
      applications: [],
      log: { level: 'warn', format: 'auto' },
      connect_timeout: 10,
    });
  });

  for (const text of ['connect_timeout: 0', 'applications: [""]', 'unknown: 1'])
    it(`is refused with ${text}`, () => {
      const file = folder.join('client.yaml');
      writeFileSync(file, `security: { mode: none }\n${text}\n`);
      expect(() => loadClientConfig(file))
        .to.throw()
        .with.property('code', 'CONFIG_INVALID');
    });

  it('names callers by their user if there is no certificate', () =>
    expect(localCaller()).to.match(/^[a-z0-9_-]+\.mcollective$/));
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilterNode } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseDaemonConfig } from '../../src/config.js';
import { PolicyStore, policyOptionsOf } from '../../src/policy/index.js';

const host: FilterNode = { identity: 'web1.lab', facts: {}, classes: [], agents: [] };
const rip = 'rip.mcollective';

const storeOf = (config: string) => new PolicyStore(policyOptionsOf(parseDaemonConfig(config)));
const ask = (store: PolicyStore, agent: string, caller = rip) =>
  store.decide({ caller, agent, action: 'go' }, host);
const answers = async (store: PolicyStore, ...agents: string[]) =>
  Object.fromEntries(
    await Promise.all(agents.map(async (agent) => [agent, (await ask(store, agent)).allowed] as const)),
  );

describe('a daemon without policies', () => {
  it('refuses every agent except rpcutil and discovery', async () => {
    for (const config of ['', 'authorization: { without_policy: refuse }'])
      expect(await answers(storeOf(config), 'puppetd', 'provision', 'rpcutil', 'discovery')).to.deep.equal({
        puppetd: false,
        provision: false,
        rpcutil: true,
        discovery: true,
      });
  });

  it('says in a refusal what to write and where', async () => {
    const { by, reason, remedy } = await ask(storeOf(''), 'puppetd');
    expect(by).to.equal('none');
    expect(remedy).to.equal(
      'set authorization.policies in its mcod.yaml, and write a first policy with "mco policy init"',
    );
    expect(reason).to.equal(`no policy for the agent "puppetd": denied by default: ${remedy}`);
  });

  it('allows every agent if without_policy is allow, or by default in mode none', async () => {
    for (const config of ['authorization: { without_policy: allow }', 'security: { mode: none }'])
      expect(await answers(storeOf(config), 'puppetd', 'rpcutil')).to.deep.equal({
        puppetd: true,
        rpcutil: true,
      });
    const refusing = storeOf('{ security: { mode: none }, authorization: { without_policy: refuse } }');
    expect(await answers(refusing, 'puppetd', 'rpcutil')).to.deep.equal({ puppetd: false, rpcutil: true });
  });

  it('is reported by the check of policies, except if it is open', () => {
    expect(storeOf('').check().warnings).to.deep.equal([
      'authorization.policies is not set: every agent except rpcutil and discovery refuses all calls: write a first policy with "mco policy init"',
    ]);
    for (const config of ['authorization: { without_policy: allow }', 'security: { mode: none }'])
      expect(storeOf(config).check().warnings).to.deep.equal([]);
  });
});

describe('a folder of policies', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const at = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(at(name), text);
  const store = (more = '') => storeOf(`{ authorization: { policies: ${folder} ${more} } }`);

  it('that is empty refuses everything except discovery, whatever without_policy says', async () => {
    for (const more of ['', ', without_policy: allow'])
      expect(await answers(store(more), 'puppetd', 'rpcutil', 'discovery')).to.deep.equal({
        puppetd: false,
        rpcutil: false,
        discovery: true,
      });
    expect(store().check().errors).to.deep.equal([
      `${folder} contains no policy: every call except discovery is refused: write a first policy with "mco policy init"`,
    ]);
    const { remedy } = await ask(store(), 'puppetd');
    expect(remedy).to.equal(
      `write puppetd.policy or default.policy in ${folder} ("mco policy init" writes a first default.policy)`,
    );
  });

  it('that does not exist or cannot be read refuses everything, discovery and with a token provision included', async () => {
    rmSync(folder, { recursive: true });
    const all = { puppetd: false, provision: false, rpcutil: false, discovery: false };
    for (const prepare of [() => {}, () => symlinkSync(folder, folder)]) {
      prepare();
      for (const mode of ['x509', 'none', 'token'])
        expect(
          await answers(
            storeOf(`{ security: { mode: ${mode} }, authorization: { policies: ${folder} } }`),
            ...Object.keys(all),
          ),
        ).to.deep.equal(all);
    }
    rmSync(folder);
    mkdirSync(folder);
  });

  for (const name of [
    'default.policy.rpmsave',
    'default.policy~',
    'Default.policy',
    'default.policy.dpkg-old',
    '#default.policy#',
    'default.polcy',
    'default',
  ])
    it(`that has lost its default to ${name} refuses everything except discovery`, async () => {
      write('default.policy', `allow\t${rip}\t*\t*\n`);
      write('shell.policy', `allow\t${rip}\t*\t*\n`);
      const kept = store();
      expect(await answers(kept, 'puppetd', 'shell', 'rpcutil')).to.deep.equal({
        puppetd: true,
        shell: true,
        rpcutil: true,
      });
      renameSync(at('default.policy'), at(name));
      expect(await answers(kept, 'puppetd', 'shell', 'rpcutil', 'discovery')).to.deep.equal({
        puppetd: false,
        shell: false,
        rpcutil: false,
        discovery: true,
      });
      const { by, remedy } = await ask(kept, 'shell');
      expect(by).to.equal('fault');
      expect(remedy).to.equal(`rename ${at(name)} to default.policy, or delete it`);
      expect(kept.check().errors).to.deep.equal([
        `${at(name)} is not read, and ${folder} has no default.policy: every call except discovery is refused: rename ${at(name)} to default.policy, or delete it`,
      ]);
    });

  for (const name of [
    'Probe.policy',
    'probe.policy.rpmsave',
    'PROBE.POLICY',
    'probe.policy.bak',
    'probe.pol',
  ])
    it(`closes an agent whose policy is named ${name}`, async () => {
      write('default.policy', 'policy default allow\n');
      write(name, `deny\t${rip}\t*\t*\n`);
      expect(await answers(store(), 'probe', 'puppetd')).to.deep.equal({ probe: false, puppetd: true });
      expect((await ask(store(), 'probe')).remedy).to.equal(
        `rename ${at(name)} to probe.policy, or delete it`,
      );
      expect(store().check().errors).to.deep.equal([
        `${at(name)} is not read, and ${folder} has no probe.policy: every call to the agent "probe" is refused: rename ${at(name)} to probe.policy, or delete it`,
      ]);
      write('probe.policy', 'policy default allow\n');
      expect(await answers(store(), 'probe')).to.deep.equal({ probe: true });
      const { errors, unread } = store().check();
      expect(errors).to.deep.equal([]);
      expect(unread).to.deep.equal([
        `${at(name)} looks like a policy, but is not read: probe.policy is used instead; delete ${at(name)} or move it out of the folder`,
      ]);
    });

  it('whose groups file has another name refuses everything except discovery', async () => {
    write('default.policy', 'policy default allow\ndeny\tbad\t*\t*\n');
    write('Groups', 'bad rip.mcollective\n');
    expect(await answers(store(), 'puppetd', 'rpcutil', 'discovery')).to.deep.equal({
      puppetd: false,
      rpcutil: false,
      discovery: true,
    });
    expect(store().check().errors.join()).to.include(`${at('Groups')} is not read`);
  });

  it('closes what a file is for that is only a link to nowhere', async () => {
    write('default.policy', 'policy default allow\n');
    for (const name of ['discovery.policy', 'probe.policy']) symlinkSync('nowhere', at(name));
    expect(await answers(store(), 'discovery', 'probe', 'puppetd')).to.deep.equal({
      discovery: false,
      probe: false,
      puppetd: true,
    });
    expect(store().check().errors).to.deep.equal(
      ['discovery.policy', 'probe.policy'].map(
        (name) => `cannot use ${at(name)}: ENOENT: no such file or directory`,
      ),
    );
    symlinkSync('nowhere', at('groups'));
    expect(await answers(store(), 'puppetd')).to.deep.equal({ puppetd: false });
    rmSync(at('default.policy'));
    symlinkSync('nowhere', at('default.policy'));
    rmSync(at('groups'));
    expect((await ask(store(), 'puppetd')).reason).to.equal(
      `cannot use ${at('default.policy')}: ENOENT: no such file or directory`,
    );
  });

  it('closes discovery if its policy has another name', async () => {
    write('default.policy', 'policy default allow\n');
    write('Discovery.policy', 'policy default deny\n');
    expect(await answers(store(), 'discovery', 'puppetd')).to.deep.equal({ discovery: false, puppetd: true });
  });

  it('without a default refuses the agents that have no policy, rpcutil included, and is reported', async () => {
    write('shell.policy', `allow\t${rip}\t*\t*\n`);
    for (const more of ['', ', without_policy: allow'])
      expect(await answers(store(more), 'shell', 'puppetd', 'rpcutil', 'discovery')).to.deep.equal({
        shell: true,
        puppetd: false,
        rpcutil: false,
        discovery: true,
      });
    expect(store().check()).to.deep.include({
      errors: [],
      warnings: [
        `${folder} has no default.policy: agents without a policy, rpcutil included, refuse all calls`,
      ],
    });
  });

  it('names every file with the content of a policy that is not read, and ignores other files', () => {
    write('default.policy', 'policy default allow\n');
    write('probe.txt', '# for probe\nallow\t*\t*\t*\n');
    write('my policy', 'policy default deny\n');
    write('README', 'These policies are made by Puppet.\n');
    write('.probe.policy.swp', 'policy default deny\n');
    const { errors, unread, warnings } = store().check();
    expect(errors).to.deep.equal([]);
    expect(unread).to.deep.equal(
      ['my policy', 'probe.txt'].map(
        (name) =>
          `${at(name)} looks like a policy, but is not read: the name of a policy must be AGENT.policy`,
      ),
    );
    expect(warnings).to.deep.equal([`${at('README')}: ignored: it is neither AGENT.policy nor groups`]);
  });
});

describe('a machine with an enrolment token', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const store = (more: string) => storeOf(`{ security: { mode: token }, authorization: { ${more} } }`);

  it('allows provision, rpcutil and discovery, and nothing else, whatever without_policy says', async () => {
    for (const more of ['', 'without_policy: refuse', 'without_policy: allow', `policies: ${folder}`])
      expect(await answers(store(more), 'provision', 'rpcutil', 'discovery', 'shell'), more).to.deep.equal({
        provision: true,
        rpcutil: true,
        discovery: true,
        shell: false,
      });
    expect(await ask(store(''), 'provision')).to.deep.include({
      by: 'token',
      reason: 'the enrolment token allows the callers of its issuer to call provision',
    });
    expect(store(`policies: ${folder}`).check()).to.deep.include({ errors: [], warnings: [] });
  });

  it('obeys a policy file for provision, and no default policy', async () => {
    writeFileSync(join(folder, 'default.policy'), 'policy default deny\n');
    expect(await answers(store(`policies: ${folder}`), 'provision', 'shell')).to.deep.equal({
      provision: true,
      shell: false,
    });
    writeFileSync(join(folder, 'provision.policy'), 'allow\tprovisioner.mcollective\t*\t*\n');
    const kept = store(`policies: ${folder}`);
    expect((await ask(kept, 'provision', rip)).allowed).to.equal(false);
    expect((await ask(kept, 'provision', 'provisioner.mcollective')).allowed).to.equal(true);
  });
});

describe('the list of a folder of policies', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
    writeFileSync(join(folder, 'default.policy'), 'policy default allow\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read again after each change, even if two changes have the same time', async () => {
    const store = storeOf(`authorization: { policies: ${folder} }`);
    for (const age of [0, 10_000]) {
      const time = (Date.now() - age) / 1000;
      const settle = () => utimesSync(folder, time, time);
      settle();
      expect((await ask(store, 'probe')).allowed).to.equal(true);
      writeFileSync(join(folder, 'Probe.policy'), '');
      settle();
      expect((await ask(store, 'probe')).allowed).to.equal(false);
      rmSync(join(folder, 'Probe.policy'));
      settle();
      expect((await ask(store, 'probe')).allowed).to.equal(true);
    }
  });
});

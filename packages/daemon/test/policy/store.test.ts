import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { FilterNode } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { decidePolicy, PolicyStore, parsePolicy, readPolicy } from '../../src/policy/index.js';

describe('PolicyStore', () => {
  let folder: string;
  const host: FilterNode = {
    identity: 'web1.lab',
    facts: { country: 'uk', cores: '10', quote: `it's "odd" #{exit}`, missing: null },
    classes: ['apache', 'role::web'],
    agents: ['puppetd'],
    data: (name) => (name === 'puppet' ? { enabled: false } : undefined),
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  const store = (withoutPolicy: 'allow' | 'refuse' = 'refuse') =>
    new PolicyStore({ folder, withoutPolicy, callers: /\.mcollective$/ });
  const ask = (caller = 'rip.mcollective', action = 'runonce', agent = 'puppetd', from = store()) =>
    from.decide({ caller, agent, action }, host);

  // The defects of the original, by their numbers in the reference.
  for (const [what, lines, caller, allowed] of [
    [
      '1: a name that only begins like the caller of a line',
      ['allow\tadmin.mcollective2.mcollective\t*\t*'],
      'admin.mcollective',
      false,
    ],
    ['1: a name that only ends like it', ['allow\tmin.mcollective\t*\t*'], 'admin.mcollective', false],
    ['3: four fields with any facts', ['allow\trip.mcollective\t*\t*'], 'rip.mcollective', true],
    ['4: >= by number', ['allow\t*\t*\tcores>=9'], 'rip.mcollective', true],
    ['4: < by number', ['allow\t*\t*\tcores<9'], 'rip.mcollective', false],
    ['5: a regular expression', ['allow\t*\t*\tcountry=/u/'], 'rip.mcollective', true],
    ['5: !=', ['allow\t*\t*\tcountry!=de'], 'rip.mcollective', true],
    [
      '5: a regular expression in a compound',
      ['allow\t*\t*\tcountry=/u/ and not cores=9'],
      'rip.mcollective',
      true,
    ],
    [
      '6: a fact with quotes and code',
      ['allow\t*\t*\tquote=/odd/ and (quote!="x" or apache)'],
      'rip.mcollective',
      true,
    ],
    ['7: groups beside callers', ['allow\tteam rip.mcollective\t*\t*'], 'rip.mcollective', true],
    ['all facts of a list', ['allow\t*\t*\tcountry=uk cores=9'], 'rip.mcollective', false],
    ['a missing fact', ['allow\t*\t*\tnone!=x'], 'rip.mcollective', false],
    ['all classes', ['allow\t*\t*\t*\tapache role::web'], 'rip.mcollective', true],
    ['a class that is not there', ['allow\t*\t*\t*\tapache nginx'], 'rip.mcollective', false],
    ['a compound of classes', ['allow\t*\t*\t*\tnginx or /^role::/'], 'rip.mcollective', true],
    [
      'a data function',
      ['allow\t*\t*\t(puppet().enabled=false and country=uk) or stage=dev'],
      'rip.mcollective',
      true,
    ],
    ['the first line that matches', ['deny\tteam\t*\t*', 'allow\t*\t*\t*'], 'alice.mcollective', false],
    ['another action', ['allow\t*\tstatus\t*'], 'rip.mcollective', false],
    ['the default', ['policy default allow', 'deny\t*\tstatus\t*'], 'rip.mcollective', true],
  ] as const) {
    it(`${allowed ? 'allows' : 'denies'}: ${what}`, async () => {
      write('groups', 'team alice.mcollective');
      write('puppetd.policy', ...lines);
      expect(await ask(caller)).to.include({ allowed, by: 'policy' });
    });
  }

  it('names the line that decides, and why those before it did not', async () => {
    write(
      'puppetd.policy',
      'allow\tbob.mcollective\t*\t*',
      'allow\t*\tstatus\t*',
      'allow\t*\t*\tcountry=de',
      'deny\t*\t*\t*\tapache',
    );
    const { line, reason, steps } = await ask();
    expect(line).to.equal(4);
    expect(reason).to.equal(`${join(folder, 'puppetd.policy')}:4: deny | * | * | * | apache`);
    expect(steps.map(({ finding }) => finding)).to.deep.equal([
      'other callers',
      'other actions',
      'facts do not match',
      'matches',
    ]);
  });

  for (const [lines, allowed, line, reason] of [
    [['policy default allow'], true, 1, ':1: policy default allow'],
    [['# one', 'policy default deny'], false, 2, ':2: policy default deny'],
    [['# nothing'], false, undefined, ': no line matches, and without a policy default the call is denied'],
  ] as const) {
    it(`names the default that decides: ${lines.join(', ')}`, async () => {
      write('puppetd.policy', ...lines);
      const file = join(folder, 'puppetd.policy');
      expect(await ask()).to.deep.equal({
        allowed,
        by: 'policy',
        file,
        ...(line === undefined ? {} : { line }),
        reason: `${file}${reason}`,
        steps: [],
      });
    });
  }

  it('answers by the mode alone where no folder is named', async () => {
    for (const [withoutPolicy, answer] of [
      ['allow', 'allowed by default'],
      ['refuse', 'denied by default'],
    ] as const) {
      const bare = new PolicyStore({ withoutPolicy });
      const { allowed, by, reason } = await ask('rip.mcollective', 'x', 'puppetd', bare);
      expect({ allowed, by }).to.deep.equal({ allowed: withoutPolicy === 'allow', by: 'none' });
      expect(reason).to.include(`no policy for the agent "puppetd": ${answer}`);
      expect(bare.check()).to.deep.include({ files: [], errors: [], unread: [] });
    }
  });

  it("takes the agent's policy before the default policy, and refuses without both, whatever the mode", async () => {
    for (const mode of ['allow', 'refuse'] as const)
      expect(await ask('rip.mcollective', 'x', 'puppetd', store(mode))).to.include({
        allowed: false,
        by: 'none',
      });
    write('default.policy', 'allow\trip.mcollective\t*\t*');
    expect((await ask('rip.mcollective', 'x', 'puppetd', store('refuse'))).allowed).to.equal(true);
    write('puppetd.policy', 'deny\trip.mcollective\t*\t*');
    expect((await ask()).allowed).to.equal(false);
  });

  it('lets whoever may call find nodes, unless a policy of its own says no', async () => {
    write('default.policy', 'policy default deny');
    expect((await ask('rip.mcollective', 'ping', 'discovery', store('refuse'))).allowed).to.equal(true);
    write('discovery.policy', 'policy default deny');
    expect((await ask('rip.mcollective', 'ping', 'discovery')).allowed).to.equal(false);
  });

  it('takes changes of policy and groups without a restart', async () => {
    const kept = store();
    write('puppetd.policy', 'allow\tteam.mcollective\t*\t*');
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).allowed).to.equal(false);
    write('puppetd.policy', 'allow\trip.mcollective\t*\t*');
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).allowed).to.equal(true);
    write('puppetd.policy', 'allow\tteam\t*\t*');
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).by).to.equal('fault');
    write('groups', 'team rip.mcollective');
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).allowed).to.equal(true);
    rmSync(join(folder, 'puppetd.policy'));
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).by).to.equal('none');
  });

  it('notices a change that leaves the size of a policy as it was', async () => {
    const kept = store();
    write('puppetd.policy', 'deny\trip.mcollective\t*\t*');
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).allowed).to.equal(false);
    const file = join(folder, 'puppetd.policy');
    const { size, mtimeMs } = statSync(file);
    writeFileSync(file, 'allow\trip.mcollective\t*\t*');
    expect(statSync(file).size).to.equal(size);
    // Two writes of one moment may have the same time.
    utimesSync(file, 0, mtimeMs / 1000 + 10);
    expect((await ask('rip.mcollective', 'x', 'puppetd', kept)).allowed).to.equal(true);
  });

  it('reads a policy of 1 MiB, and one that others may execute', async () => {
    const lastLine = '\npolicy default allow\n';
    const file = join(folder, 'puppetd.policy');
    writeFileSync(file, `${'#'.repeat(1024 * 1024 - lastLine.length)}${lastLine}`);
    chmodSync(file, 0o645);
    expect(await ask()).to.include({ allowed: true, by: 'policy' });
  });

  // Each of them must close the door.
  for (const [what, prepare, message] of [
    [
      'a line with blanks for tabs',
      () => write('puppetd.policy', 'policy default allow', 'deny rip.mcollective * *'),
      'puppetd.policy:2: expected a tab',
    ],
    [
      'a groups file at fault',
      () => {
        write('puppetd.policy', 'policy default allow');
        write('groups', 'a');
      },
      'groups:1:',
    ],
    [
      'an unknown data plugin',
      () => write('puppetd.policy', 'policy default allow', 'deny\t*\t*\tnope().x=1'),
      'puppetd.policy:2: this node has no data plugin "nope"',
    ],
    [
      'a filter in the syntax of another language',
      () => write('puppetd.policy', 'policy default allow', 'deny\t*\t*\trole::web&&os.family=Debian'),
      'puppetd.policy:2: facts: "role::web&&os.family=Debian" is not a fact filter',
    ],
    [
      'bytes that are no UTF-8',
      () => writeFileSync(join(folder, 'puppetd.policy'), Buffer.from([0x70, 0xff])),
      'cannot use',
    ],
    [
      'a policy that everybody may write',
      () => {
        write('puppetd.policy', 'policy default allow');
        chmodSync(join(folder, 'puppetd.policy'), 0o666);
      },
      'chmod o-w',
    ],
    ['a folder that everybody may write', () => chmodSync(folder, 0o777), 'chmod o-w'],
    [
      'a policy that is larger than 1 MiB',
      () => writeFileSync(join(folder, 'puppetd.policy'), '#'.repeat(1024 * 1024 + 1)),
      'its 1048577 bytes exceed the limit of 1048576',
    ],
    [
      'a policy that cannot be looked at',
      () => symlinkSync('puppetd.policy', join(folder, 'puppetd.policy')),
      'ELOOP',
    ],
    [
      'groups that cannot be looked at',
      () => {
        write('puppetd.policy', 'policy default allow');
        symlinkSync('groups', join(folder, 'groups'));
      },
      'ELOOP',
    ],
    [
      'a file in the place of the folder',
      () => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, '');
      },
      'it is not a folder',
    ],
  ] as const) {
    it(`denies with ${what}`, async () => {
      prepare();
      const { allowed, by, reason } = await ask();
      expect({ allowed, by }).to.deep.equal({ allowed: false, by: 'fault' });
      expect(reason).to.include(message);
    });
  }

  it('denies where the folder is not there', async () => {
    const gone = new PolicyStore({ folder: join(folder, 'polices'), withoutPolicy: 'allow' });
    expect((await ask('rip.mcollective', 'x', 'puppetd', gone)).by).to.equal('fault');
    expect(gone.check().errors).to.have.length(1);
  });

  it('checks a whole folder and a single file', () => {
    write('a.policy', 'policy default deny');
    write('b.policy', 'nonsense');
    write('c.polcy', '');
    write('d.policy', 'policy default deny', 'policy default allow');
    write('groups', 'team rip.mcollective');
    write('.a.policy.swp', '');
    const { files, errors, warnings } = store().check();
    expect(files).to.deep.equal(['a', 'b', 'd'].map((name) => join(folder, `${name}.policy`)));
    expect(errors).to.have.length(2);
    expect(errors[0]).to.include('c.polcy is not read, and');
    expect(errors[1]).to.include('b.policy:1: a line must begin with');
    expect(warnings).to.deep.equal([
      `${join(folder, 'd.policy')}:2: this default overrides the default in line 1`,
      `${folder} has no default.policy: agents without a policy, rpcutil included, refuse all calls`,
    ]);
    expect(readPolicy(join(folder, 'a.policy')).rules).to.have.length(0);
    expect(() => readPolicy(join(folder, 'b.policy'))).to.throw('b.policy:1');
  });

  it('checks the folder itself and its groups, although no policy needs them', () => {
    write('groups', 'team');
    expect(store().check().errors).to.deep.equal([
      `${join(folder, 'groups')}:1: the group "team" has no callers`,
    ]);
    rmSync(join(folder, 'groups'));
    chmodSync(folder, 0o777);
    expect(store().check().errors.join()).to.include('chmod o-w');
  });

  it('reads a single file with the groups beside it, and without them where there are none', () => {
    const file = join(folder, 'a.policy');
    write('a.policy', 'allow\tteam\t*\t*');
    expect(readPolicy(file).rules[0]?.callers).to.deep.equal(['team']);
    write('groups', 'team rip.mcollective');
    expect(readPolicy(file).rules[0]?.callers).to.deep.equal(['rip.mcollective']);
    write('groups', 'team');
    expect(() => readPolicy(file)).to.throw('groups:1: the group "team" has no callers');
    expect(() => readPolicy(join(folder, 'groups'))).to.throw('groups:1: a line must begin with');
    expect(() => readPolicy(file, { callers: /\.mcollective$/ })).to.throw('groups:1:');
  });
});

describe('a policy that asks data functions', () => {
  const policy = parsePolicy('policy default allow\ndeny\t*\t*\tslow().x=1', 'x.policy', {
    groups: new Map(),
  });
  const question = { caller: 'rip.mcollective', agent: 'puppetd', action: 'runonce' };
  const host = (data: NonNullable<FilterNode['data']>): FilterNode => ({
    identity: 'web1.lab',
    facts: {},
    classes: [],
    agents: [],
    data,
  });

  it('denies when they take longer than 5 seconds, and not a moment before', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let isDecided = false;
      let decision: ReturnType<typeof decidePolicy> | undefined;
      const asked = new Promise<void>((resolve) => {
        const never = host(() => {
          resolve();
          return new Promise(() => {});
        });
        decision = decidePolicy(policy, question, never).finally(() => {
          isDecided = true;
        });
      });
      await asked;
      mock.timers.tick(4999);
      await new Promise(setImmediate);
      expect(isDecided).to.equal(false);
      mock.timers.tick(1);
      expect(await decision).to.deep.include({
        allowed: false,
        by: 'fault',
        reason: 'x.policy:2: its data functions did not finish within 5 s',
      });
    } finally {
      mock.timers.reset();
    }
  });

  it('leaves no timer behind when they answer in time', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    // The timer of this test itself begins when the test first waits.
    await new Promise(setImmediate);
    const before = timers();
    expect(
      await decidePolicy(
        policy,
        question,
        host(() => ({ x: 2 })),
      ),
    ).to.include({ allowed: true });
    expect(timers()).to.equal(before);
  });
});

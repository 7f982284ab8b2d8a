import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { mco } from '../../mco.js';

const policy = `policy default deny
allow	admins	*	*
deny	*	disable	os.family=Debian
allow	/^ci-/	status disable	*	webserver
allow	eve.mcollective	runonce	puppet().enabled=true and os.family=Debian
`;

describe('mco policy', () => {
  let folder: TempFolder;
  const puppetd = () => folder.join('policies', 'puppetd.policy');
  const write = (name: string, text: string) => writeFileSync(folder.join('policies', name), text);

  before(async () => {
    folder = await createTempFolder({ prefix: 'troupe-policy' });
    mkdirSync(folder.join('policies'));
    write('puppetd.policy', policy);
    write('groups', 'admins rip.mcollective eve2.mcollective\n');
    write('shell.policy', 'policy default allow\ndeny\t*\trun\tcountry=uk\n');
    write('default.policy', 'policy default deny\n');
    writeFileSync(
      folder.join('mcod.yaml'),
      JSON.stringify({
        authorization: { policies: folder.join('policies') },
        security: { callers: { match: '/\\.(mcollective|boss)$/' } },
      }),
    );
  });
  after(() => folder?.close());

  describe('check', () => {
    it('checks the policy folder of mcod, and warns about calls that are allowed by mistake', async () => {
      const { code, stdout, stderr } = await mco('policy', 'check', '--mcod', folder.join('mcod.yaml'));
      expect(code).to.equal(0);
      expect(stdout.split('\n')).to.deep.equal([
        `warning: ${folder.join('policies')}/shell.policy: no agent "shell" is known here`,
        `warning: ${folder.join('policies')}/shell.policy:2: this "deny" does not apply if the fact is missing: the default then allows the call`,
        '',
      ]);
      expect(stderr).to.equal('3 policy files read\n');
    });

    it('reports the line of an error that makes the file deny all calls', async () => {
      const file = folder.join('bad.policy');
      writeFileSync(file, 'policy default deny\nallow * * *\n');
      const { code, stdout, stderr } = await mco('policy', 'check', file);
      expect(code).to.equal(1);
      expect(stdout).to.equal(`${file}:2: expected a tab after "allow", found spaces\n`);
      expect(stderr).to.equal('1 policy file read, 1 error: a policy with an error denies all calls\n');
    });

    it('refuses a filter in the syntax of another language, which would deny no caller', async () => {
      const file = folder.join('foreign.policy');
      writeFileSync(file, 'policy default allow\ndeny\t*\t*\trole::web&&os.family=Debian\n');
      const { code, stdout } = await mco('policy', 'check', file);
      expect(code).to.equal(1);
      expect(stdout).to.include(`${file}:2: facts: "role::web&&os.family=Debian" is not a fact filter`);
      expect(stdout).to.include('write "and" in a compound filter');
    });

    it('warns of callers and actions that do not exist', async () => {
      mkdirSync(folder.join('never'));
      const file = folder.join('never', 'puppetd.policy');
      writeFileSync(file, 'policy default deny\ndeny\tRIP.mcollective\tdisabel\t*\n');
      for (const path of [file, folder.join('never')]) {
        const { code, stdout } = await mco('policy', 'check', path);
        expect(code).to.equal(0);
        expect(stdout.split('\n')).to.deep.equal([
          `warning: ${file}:2: "RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-" (did you mean "rip.mcollective"?)`,
          `warning: ${file}:2: "disabel" never matches: the DDL of the agent has no such action (did you mean "disable"?)`,
          ...(path === file
            ? []
            : [
                `warning: ${path} has no default.policy: agents without a policy, rpcutil included, refuse all calls`,
              ]),
          '',
        ]);
      }
    });

    it('warns of a policy for an agent that does not exist, and of lines that can never match', async () => {
      const file = folder.join('pupetd.policy');
      writeFileSync(file, 'deny\t*\t*\tos=x os!=x\nallow\t*\t*\t*\ndeny\teve.mcollective\t*\t*\n');
      const { code, stdout } = await mco('policy', 'check', file);
      expect(code).to.equal(0);
      expect(stdout.split('\n')).to.deep.equal([
        `warning: ${file}: no agent "pupetd" is known here (did you mean "puppetd"?)`,
        `warning: ${file}:1: the line never matches: it requires os=x and os!=x`,
        `warning: ${file}:3: the line is never reached: line 2 decides every call that it matches`,
        '',
      ]);
    });

    it('fails if a file that looks like a policy is not read because of its name', async () => {
      const at = folder.join('misnamed');
      mkdirSync(at);
      writeFileSync(`${at}/default.policy`, 'policy default allow\n');
      writeFileSync(`${at}/default.policy.rpmsave`, 'policy default deny\n');
      const kept = await mco('policy', 'check', at);
      expect(kept.code).to.equal(1);
      expect(kept.stdout).to.equal(
        `${at}/default.policy.rpmsave looks like a policy, but is not read: default.policy is used instead; delete ${at}/default.policy.rpmsave or move it out of the folder\n`,
      );
      expect(kept.stderr).to.equal('1 policy file read, 1 file not read\n');
      writeFileSync(`${at}/Puppetd.policy`, 'policy default deny\n');
      const lost = await mco('policy', 'check', at);
      expect(lost.code).to.equal(1);
      expect(lost.stdout.split('\n')[0]).to.equal(
        `${at}/Puppetd.policy is not read, and ${at} has no puppetd.policy: every call to the agent "puppetd" is refused: rename ${at}/Puppetd.policy to puppetd.policy, or delete it`,
      );
      const single = await mco('policy', 'check', `${at}/Puppetd.policy`, '--json');
      expect(single.code).to.equal(1);
      expect(JSON.parse(single.stdout).results[0]).to.deep.equal({
        level: 'fault',
        message: `${at}/Puppetd.policy looks like a policy, but is not read: rename it to puppetd.policy`,
      });
    });

    it('says how to write a first policy if mcod has none', async () => {
      const file = folder.join('none.yaml');
      writeFileSync(file, '{}');
      const { code, stderr } = await mco('policy', 'check', '--mcod', file);
      expect(code).to.equal(1);
      expect(stderr).to.equal(
        `mco: no policy file or folder given, and ${file} does not set authorization.policies: "mco policy init" writes a first policy [USAGE_INVALID]\n`,
      );
    });

    it('prints the same result as JSON', async () => {
      const { code, stdout } = await mco('policy', 'check', folder.join('policies'), '--json');
      expect(code).to.equal(0);
      const { files, results, statistics } = JSON.parse(stdout);
      expect(files).to.have.length(3);
      expect(statistics).to.deep.equal({ faults: 0, warnings: 2 });
      expect(results.map(({ level }: { level: string }) => level)).to.deep.equal(['warn', 'warn']);
    });

    it('checks a groups file with the policies that use it', async () => {
      const groups = folder.join('policies', 'groups');
      expect((await mco('policy', 'check', groups)).code).to.equal(0);
      chmodSync(groups, 0o646);
      try {
        const { code, stdout } = await mco('policy', 'check', groups);
        expect(code).to.equal(1);
        expect(stdout).to.include(`cannot use ${groups}: it is world-writable: chmod o-w`);
      } finally {
        chmodSync(groups, 0o644);
      }
    });

    it('reports a caller that can never match', async () => {
      const { code, stdout } = await mco('policy', 'check', puppetd(), '--callers', '/\\.boss$/');
      expect(code).to.equal(1);
      expect(stdout).to.include('"eve.mcollective" is neither a group nor a caller name');
    });

    it('reports which file is missing', async () => {
      const { code, stderr } = await mco('policy', 'check', '--mcod', '/nowhere.yaml');
      expect(code).to.equal(1);
      expect(stderr).to.match(/^mco: cannot read the configuration \/nowhere\.yaml/);
    });
  });

  describe('init', () => {
    const init = (...args: string[]) => mco('policy', 'init', '--caller', 'rip.mcollective', ...args);

    it('writes a first policy that lets its caller do everything and nobody else anything', async () => {
      const at = folder.join('first');
      const { code, stdout } = await init(at, '--mcod', folder.join('mcod.yaml'));
      expect(code).to.equal(0);
      expect(stdout).to.match(
        /^Created .*\/first\/default\.policy\nIt allows rip\.mcollective to call every agent, and denies everyone else\.\n\nNext:\n {2}1\. /,
      );
      expect(stdout).to.include(`policies: ${at}\n`);
      expect((await mco('policy', 'check', at)).stdout).to.equal('');
      const ask = (caller: string) =>
        mco('policy', 'explain', at, ...['--caller', caller, '--agent', 'shell'], '--action', 'run');
      expect((await ask('rip.mcollective')).code).to.equal(0);
      expect((await ask('eve.mcollective')).code).to.equal(2);
    });

    it('never changes a policy that exists, under whatever name', async () => {
      const at = folder.join('second');
      mkdirSync(at);
      writeFileSync(`${at}/default.policy`, 'policy default deny\n');
      const kept = await init(at);
      expect(kept.code).to.equal(1);
      expect(kept.stderr).to.equal(
        `mco: ${at}/default.policy exists and was not changed: to allow more callers, add a line to it [POLICY_INVALID]\n`,
      );
      expect(readFileSync(`${at}/default.policy`, 'utf8')).to.equal('policy default deny\n');
      renameSync(`${at}/default.policy`, `${at}/default.policy.rpmsave`);
      const lost = await init(at);
      expect(lost.code).to.equal(1);
      expect(lost.stderr).to.include(`rename ${at}/default.policy.rpmsave to default.policy, or delete it`);
      expect(existsSync(`${at}/default.policy`)).to.equal(false);
    });

    it('requires the name of a caller, and refuses one that no node obeys', async () => {
      const at = folder.join('third');
      const none = await mco('policy', 'init', at);
      expect(none.stderr).to.equal(
        'mco: no caller to allow: specify --caller NAME, the name in your certificate (mco keys creates one) [USAGE_INVALID]\n',
      );
      const node = await mco(
        'policy',
        'init',
        at,
        '--caller',
        'web1.lab',
        '--mcod',
        folder.join('mcod.yaml'),
      );
      expect(node.stderr).to.include('"web1.lab" is not the name of a caller: it does not match');
      expect((await init(at, '--caller', 'RIP.mcollective')).stderr).to.include('is not a valid caller name');
      expect(existsSync(at)).to.equal(false);
    });

    it('prints the same as JSON', async () => {
      const at = folder.join('fourth');
      const { stdout } = await init(at, '--caller', 'ann.mcollective', '--json');
      const callers = ['rip.mcollective', 'ann.mcollective'];
      expect(JSON.parse(stdout).results).to.deep.equal([
        { folder: at, file: `${at}/default.policy`, callers },
      ]);
    });
  });

  describe('explain', () => {
    const explain = (caller: string, action: string, ...more: string[]) =>
      mco(
        'policy',
        'explain',
        puppetd(),
        ...['--caller', caller, '--agent', 'puppetd'],
        '--action',
        action,
        ...more,
      );

    const calls: readonly [
      caller: string,
      action: string,
      host: readonly string[],
      code: number,
      line: number,
    ][] = [
      ['rip.mcollective', 'disable', ['--fact', 'os.family=Debian'], 0, 2],
      ['eve.mcollective', 'disable', ['--fact', 'os.family=Debian'], 2, 3],
      ['ci-7.mcollective', 'disable', ['--class', 'webserver'], 0, 4],
      ['ci-7.mcollective', 'disable', [], 2, 1],
      ['eve.mcollective', 'status', [], 2, 1],
    ];
    for (const [caller, action, host, code, line] of calls) {
      it(`${caller} ${action} ${host.join(' ')}: ${code === 0 ? 'allowed' : 'denied'} by line ${line}`, async () => {
        const { stdout, ...ended } = await explain(caller, action, ...host, '--json');
        expect(ended).to.deep.equal({ code, stderr: '' });
        expect(JSON.parse(stdout).results[0]).to.deep.include({
          caller,
          agent: 'puppetd',
          action,
          allowed: code === 0,
          by: 'policy',
          file: puppetd(),
          line,
        });
      });
    }

    for (const prefix of ['choria=', 'cert=']) {
      it(`judges the caller ${prefix}NAME as NAME, as lines of policies do`, async () => {
        const { stdout, code } = await explain(`${prefix}rip.mcollective`, 'disable', '--json');
        expect(code).to.equal(0);
        expect(JSON.parse(stdout).results[0]).to.include({
          caller: 'rip.mcollective',
          allowed: true,
          line: 2,
        });
      });
    }

    it('refuses a caller that no certificate identifies', async () => {
      const { code, stderr } = await explain('uid=500', 'disable');
      expect(code).to.equal(1);
      expect(stderr).to.include('--caller: "uid=500" can never match').and.include('[POLICY_INVALID]');
    });

    it('explains why the lines before the deciding one do not match', async () => {
      const { code, stdout } = await explain('ci-7.mcollective', 'disable', '--class', 'webserver');
      expect(code).to.equal(0);
      expect(stdout).to.equal(
        [
          'allowed: ci-7.mcollective → puppetd disable',
          `   ${puppetd()}:4: allow | /^ci-/ | status disable | * | webserver`,
          '',
          'Lines that do not match this call, and why:',
          '      2  allow | admins | * | *  (other callers)',
          '      3  deny | * | disable | os.family=Debian  (facts do not match)',
          '',
        ].join('\n'),
      );
    });

    it('takes facts from a file', async () => {
      const facts = folder.join('facts.yaml');
      writeFileSync(facts, 'os: { family: Debian }\n');
      const { code } = await explain('ci-7.mcollective', 'disable', '--class', 'webserver', '--facts', facts);
      expect(code).to.equal(2);
    });

    it('does not guess the result of a data plugin', async () => {
      const { code, stdout } = await explain('eve.mcollective', 'runonce');
      expect(code).to.equal(1);
      expect(stdout).to.match(/^denied: .*\n {3}cannot be evaluated: .*puppetd\.policy:5: .*puppet/);
    });

    const other = ['--caller', 'rip.mcollective', '--agent', 'other', '--action', 'go'];
    const withConfig = (name: string, config: object) => {
      const file = folder.join(name);
      writeFileSync(file, JSON.stringify(config));
      return mco('policy', 'explain', '--mcod', file, ...other);
    };

    it('applies without_policy of mcod if it has no policies, and says what to write', async () => {
      const bare = await withConfig('bare.yaml', {});
      expect(bare.code).to.equal(2);
      expect(bare.stdout).to.equal(
        [
          'denied: rip.mcollective → other go',
          '   no policy for the agent "other": denied by default: set authorization.policies in its mcod.yaml, and write a first policy with "mco policy init"',
          '',
        ].join('\n'),
      );
      expect((await withConfig('open.yaml', { authorization: { without_policy: 'allow' } })).code).to.equal(
        0,
      );
      expect((await withConfig('demo.yaml', { security: { mode: 'none' } })).code).to.equal(0);
    });

    it('denies by default in a folder without a policy for the agent and without a default', async () => {
      const empty = folder.join('empty');
      mkdirSync(empty);
      for (const without of [[], ['--without-policy', 'allow']]) {
        const { code, stdout } = await mco('policy', 'explain', empty, ...other, ...without);
        expect(code).to.equal(2);
        expect(stdout).to.include(
          `no policy for the agent "other": denied by default: write other.policy or default.policy in ${empty} ("mco policy init" writes a first default.policy)`,
        );
      }
    });

    it('allows provision and rpcutil alone on a machine with a token', async () => {
      const file = folder.join('token.yaml');
      writeFileSync(file, JSON.stringify({ security: { mode: 'token', token: '/nowhere' } }));
      const ask = (agent: string) =>
        mco(
          'policy',
          'explain',
          '--mcod',
          file,
          ...['--caller', 'rip.mcollective', '--agent', agent],
          '--action',
          'x',
        );
      expect((await ask('provision')).stdout).to.include(
        'the enrolment token allows the callers of its issuer to call provision',
      );
      expect((await ask('provision')).code).to.equal(0);
      expect((await ask('rpcutil')).code).to.equal(0);
      expect((await ask('shell')).code).to.equal(2);
    });

    it('names the files that look like policies and are not read, and refuses to use one', async () => {
      const at = folder.join('lost');
      mkdirSync(at);
      writeFileSync(`${at}/default.policy.rpmsave`, 'policy default allow\n');
      const lost = await mco('policy', 'explain', at, ...other);
      expect(lost.code).to.equal(1);
      expect(lost.stdout).to.include(
        `cannot be evaluated: ${at}/default.policy.rpmsave is not read, and ${at} has no default.policy: every call except discovery is refused: rename ${at}/default.policy.rpmsave to default.policy, or delete it\n`,
      );
      writeFileSync(`${at}/default.policy`, 'policy default deny\n');
      const kept = await mco('policy', 'explain', at, ...other);
      expect(kept.code).to.equal(2);
      expect(kept.stdout).to.include(
        `\nwarning: ${at}/default.policy.rpmsave looks like a policy, but is not`,
      );
      const single = await mco('policy', 'explain', `${at}/default.policy.rpmsave`, ...other, '--json');
      expect(single.code).to.equal(1);
      expect(JSON.parse(single.stdout).results[0]).to.deep.include({
        allowed: false,
        by: 'fault',
        warnings: [],
      });
    });

    it('names the lines of the deciding file that can never match', async () => {
      const file = folder.join('other.policy');
      writeFileSync(file, 'policy default allow\ndeny\tRIP.mcollective\t*\t*\n');
      const { code, stdout } = await mco('policy', 'explain', file, ...other);
      expect(code).to.equal(0);
      expect(stdout).to.include(
        `\nwarning: ${file}:2: "RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-" (did you mean "rip.mcollective"?)\n`,
      );
    });

    it('says that mcod uses a file for another agent only', async () => {
      const { stdout } = await mco('policy', 'explain', puppetd(), ...other);
      expect(stdout).to.include(
        `warning: ${puppetd()}: mcod uses this file for the agent "puppetd" only, not for "other"`,
      );
    });

    it('denies a name that does not match the callers pattern, whatever the policy allows', async () => {
      const open = folder.join('policies', 'shell.policy');
      const words = ['--caller', 'web1.lab', '--agent', 'shell', '--action', 'go'];
      const { code, stdout } = await mco('policy', 'explain', open, ...words, '--json');
      expect(code).to.equal(2);
      expect(JSON.parse(stdout).results[0]).to.include({ allowed: false, by: 'callers' });
      const shown = await mco('policy', 'explain', open, ...words);
      expect(shown.stdout).to.match(
        /^denied: .*\n {3}"web1\.lab" does not match the callers pattern .*: mcod denies the call before it reads a policy\n$/,
      );
    });
  });
});

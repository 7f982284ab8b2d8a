import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
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
    writeFileSync(
      folder.join('mcod.yaml'),
      JSON.stringify({
        authorization: { policies: folder.join('policies'), without_policy: 'refuse' },
        security: { callers: { match: '/\\.(mcollective|boss)$/' } },
      }),
    );
  });
  after(() => folder?.close());

  describe('check', () => {
    it('checks the policy folder of mcod, and warns about calls that are allowed by mistake', async () => {
      const { code, stdout, stderr } = await mco('policy', 'check', '--mcod', folder.join('mcod.yaml'));
      expect(code).to.equal(0);
      expect(stdout).to.match(
        /^warning: .*shell\.policy:2: this "deny" does not apply if the fact is missing/,
      );
      expect(stderr).to.equal('2 policy files read\n');
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
          `warning: ${file}:2: "RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-"`,
          `warning: ${file}:2: "disabel" never matches: the DDL of the agent has no such action (did you mean "disable"?)`,
          '',
        ]);
      }
    });

    it('prints the same result as JSON', async () => {
      const { code, stdout } = await mco('policy', 'check', folder.join('policies'), '--json');
      expect(code).to.equal(0);
      const { files, results, statistics } = JSON.parse(stdout);
      expect(files).to.have.length(2);
      expect(statistics).to.deep.equal({ faults: 0, warnings: 1 });
      expect(results.map(({ level }: { level: string }) => level)).to.deep.equal(['warn']);
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

    it('applies without_policy of mcod if the agent has no policy', async () => {
      const args = ['--caller', 'rip.mcollective', '--agent', 'other', '--action', 'go'];
      const { code, stdout } = await mco('policy', 'explain', '--mcod', folder.join('mcod.yaml'), ...args);
      expect(code).to.equal(2);
      expect(stdout).to.include('no policy for the agent "other": denied by default');
      expect((await mco('policy', 'explain', folder.join('policies'), ...args)).code).to.equal(0);
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

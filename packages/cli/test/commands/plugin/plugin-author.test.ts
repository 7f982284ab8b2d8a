import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { mco } from '../../mco.js';

const rubyDdl = fileURLToPath(
  new URL('../../../../test/commands/plugin/ruby-ddl/fixtures/cron.ddl', import.meta.url),
);

describe('mco plugin', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-plugin' });
  });
  afterEach(() => folder?.close());

  describe('generate agent', () => {
    it('makes a package that npm installs, passes its test, and is sound', async function () {
      this.timeout(120_000);
      const dice = folder.join('dice');
      const made = await mco(
        'plugin',
        'generate',
        'agent',
        'dice',
        '-o',
        dice,
        '--description',
        'Throws dice',
      );
      expect(made.code).to.equal(0);
      expect(made.stdout.trim().split('\n')).to.include(`${dice}/dice.js`);
      expect(made.stderr).to.include(`Try it:  cd ${dice} && npm install && npm test\n`);
      // Its one dependency is the clone.
      const options = {
        cwd: dice,
        extendEnv: false,
        env: { PATH: process.env.PATH ?? '', HOME: folder.path },
      };
      await execa('npm', ['install', '--offline', '--no-audit', '--no-fund'], options);
      const { stdout } = await execa('npm', ['test'], options);
      expect(stdout)
        .to.match(/^(#|ℹ) fail 0$/m)
        .and.match(/^(#|ℹ) pass 2$/m);
      const verdict = await mco('plugin', 'validate', dice);
      expect(verdict).to.deep.equal({ code: 0, stdout: `sound: ${dice}: dice\n`, stderr: '' });
    });

    for (const [language, file] of [
      ['typescript', 'src/index.ts'],
      ['python', 'dice'],
    ] as const) {
      it(`takes ${language} too`, async () => {
        const dice = folder.join(language);
        const words = ['plugin', 'generate', 'agent', 'dice', '--language', language, '-o', dice];
        const { code, stdout } = await mco(...words, '--json');
        expect(code).to.equal(0);
        const [made] = JSON.parse(stdout).results;
        expect(made).to.include({ name: 'dice', folder: dice });
        expect(made.files).to.include(`${dice}/${file}`).and.include(`${dice}/README.md`);
        for (const path of made.files) expect(existsSync(path), path).to.equal(true);
      });
    }

    const bad: readonly [words: readonly string[], line: RegExp][] = [
      [['agnt', 'dice'], /^mco: mco plugin generate makes agents, no "agnt" \(did you mean "agent"\?\)/],
      [['agent', 'Dice'], /^mco: "Dice" is no name of an agent/],
      [['agent', 'puppetd'], /^mco: Troupe has an agent "puppetd" already/],
      [['agent'], /^mco: missing argument <name>/],
    ];
    for (const [words, line] of bad) {
      it(`refuses ${words.join(' ')}`, async () => {
        const { code, stderr } = await mco('plugin', 'generate', ...words, '-o', folder.join('new'));
        expect(code).to.equal(1);
        expect(stderr).to.match(line);
        expect(existsSync(folder.join('new'))).to.equal(false);
      });
    }

    it('writes into no folder that holds something', async () => {
      writeFileSync(folder.join('mine'), '');
      const { code, stderr } = await mco('plugin', 'generate', 'agent', 'dice', '-o', folder.path);
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr: `mco: ${folder.path} is not empty [AGENT_INVALID]\n`,
      });
    });
  });

  describe('validate', () => {
    it('names what is wrong, and what may be', async () => {
      const file = folder.join('dice.json');
      const { metadata } = JSON.parse(
        readFileSync(new URL(import.meta.resolve('@troupe/ddl/puppetd.json')), 'utf8'),
      );
      const action = { action: 'throw', description: 'Throws', display: 'always', input: {}, output: {} };
      const write = (actions: readonly object[]) =>
        writeFileSync(file, JSON.stringify({ metadata: { ...metadata, name: 'dice' }, actions }));
      write([action]);
      const doubtful = await mco('plugin', 'validate', file);
      expect(doubtful.code).to.equal(0);
      expect(doubtful.stdout).to.match(/^warning: .*action throw: does not say whether it is mutating/m);
      expect(doubtful.stdout).to.match(/\nsound: .*dice\.json: dice \(\d+ warnings?\)\n$/);
      write([{ ...action, input: { a: { type: 'strnig' } } }]);
      const faulty = await mco('plugin', 'validate', file, '--json');
      expect(faulty.code).to.equal(1);
      const [verdict] = JSON.parse(faulty.stdout).results;
      expect(verdict).to.include({ path: file });
      expect(verdict.faults.join()).to.include('a');
    });

    it('judges all, and ends with 1 if one is not sound', async () => {
      const { code, stdout } = await mco('plugin', 'validate', '/nowhere', rubyDdl.replace('cron.ddl', ''));
      expect(code).to.equal(1);
      expect(stdout).to.match(
        /^fault: \/nowhere: there is no \/nowhere\nfault: .*neither a package\.json nor a DDL/,
      );
    });

    it('checks an agent with the section that it needs', async () => {
      const section = folder.join('section.yaml');
      writeFileSync(section, 'backend: nothing\n');
      const puppetca = fileURLToPath(import.meta.resolve('@troupe/agent-puppetca'));
      const { code, stdout } = await mco('plugin', 'validate', puppetca, '--section', section);
      expect(code).to.equal(1);
      expect(stdout).to.match(/^fault: .*"backend" must be one of http, cli, builtin/m);
    });
  });

  describe('import', () => {
    it('turns a Ruby DDL into JSON that is sound', async () => {
      const printed = await mco('plugin', 'import', rubyDdl, '-q');
      expect(printed).to.include({ code: 0, stderr: '' });
      const file = folder.join('cron.json');
      const written = await mco('plugin', 'import', rubyDdl, '-o', file);
      expect(written).to.include({ code: 0, stdout: '' });
      expect(written.stderr).to.match(/^- no action says whether it changes the host/m);
      expect(readFileSync(file, 'utf8')).to.equal(printed.stdout);
      expect((await mco('plugin', 'validate', file)).code).to.equal(0);
      const again = await mco('plugin', 'import', rubyDdl, '-o', file);
      expect(again.code).to.equal(1);
      expect(again.stderr).to.match(/^mco: --output: cannot write .*cron\.json: EEXIST/);
    });

    it('names the line of what it would have to run', async () => {
      const file = folder.join('evil.ddl');
      writeFileSync(file, 'metadata :name => "x",\n  :description => `id`\n');
      const { code, stderr } = await mco('plugin', 'import', file);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^mco: .*evil\.ddl:2: /);
      expect((await mco('plugin', 'import', '/nowhere.ddl')).stderr).to.match(
        /^mco: cannot read \/nowhere\.ddl: ENOENT/,
      );
    });
  });
});

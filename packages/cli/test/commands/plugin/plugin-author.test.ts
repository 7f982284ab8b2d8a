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
    it('generates a package that npm installs, passes its tests and is valid', async function () {
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
      expect(made.stderr).to.include(`To test it:  cd ${dice} && npm install && npm test\n`);
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
      expect(verdict).to.deep.equal({ code: 0, stdout: `valid: ${dice}: dice\n`, stderr: '' });
    });

    for (const [language, file] of [
      ['typescript', 'src/index.ts'],
      ['python', 'dice'],
    ] as const) {
      it(`generates an agent in ${language}`, async () => {
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
      [['agnt', 'dice'], /^mco: unknown kind of plugin "agnt" \(did you mean "agent"\?\)/],
      [['agent', 'Dice'], /^mco: "Dice" is not a valid agent name/],
      [['agent', 'puppetd'], /^mco: Troupe already has an agent "puppetd"/],
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

    it('refuses a folder that is not empty', async () => {
      writeFileSync(folder.join('mine'), '');
      const { code, stderr } = await mco('plugin', 'generate', 'agent', 'dice', '-o', folder.path);
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr: `mco: ${folder.path} is not empty [AGENT_INVALID]\n`,
      });
    });
  });

  describe('validate', () => {
    it('prints errors and warnings of a DDL', async () => {
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
      expect(doubtful.stdout).to.match(/^warning: .*action throw: "mutating" is not set/m);
      expect(doubtful.stdout).to.match(/\nvalid: .*dice\.json: dice \(\d+ warnings?\)\n$/);
      write([{ ...action, input: { a: { type: 'strnig' } } }]);
      const faulty = await mco('plugin', 'validate', file, '--json');
      expect(faulty.code).to.equal(1);
      const [verdict] = JSON.parse(faulty.stdout).results;
      expect(verdict).to.include({ path: file });
      expect(verdict.faults.join()).to.include('a');
    });

    it('validates all paths, and exits with 1 if one is invalid', async () => {
      const { code, stdout } = await mco('plugin', 'validate', '/nowhere', rubyDdl.replace('cron.ddl', ''));
      expect(code).to.equal(1);
      expect(stdout).to.match(
        /^error: \/nowhere: \/nowhere does not exist\nerror: .*neither a package\.json nor a DDL/,
      );
    });

    it('checks an agent with its configuration section', async () => {
      const section = folder.join('section.yaml');
      writeFileSync(section, 'backend: nothing\n');
      const puppetca = fileURLToPath(import.meta.resolve('@troupe/agent-puppetca'));
      const { code, stdout } = await mco('plugin', 'validate', puppetca, '--section', section);
      expect(code).to.equal(1);
      expect(stdout).to.match(/^error: .*"backend" must be one of http, cli, builtin/m);
    });
  });

  describe('import', () => {
    it('converts a Ruby DDL to valid JSON', async () => {
      const printed = await mco('plugin', 'import', rubyDdl, '-q');
      expect(printed).to.include({ code: 0, stderr: '' });
      const file = folder.join('cron.json');
      const written = await mco('plugin', 'import', rubyDdl, '-o', file);
      expect(written).to.include({ code: 0, stdout: '' });
      expect(written.stderr).to.match(/^- Ruby DDLs do not declare whether an action changes the host/m);
      expect(readFileSync(file, 'utf8')).to.equal(printed.stdout);
      expect((await mco('plugin', 'validate', file)).code).to.equal(0);
      const again = await mco('plugin', 'import', rubyDdl, '-o', file);
      expect(again.code).to.equal(1);
      expect(again.stderr).to.match(/^mco: --output: cannot write .*cron\.json: EEXIST/);
    });

    it('reports the line with Ruby code that is not executed', async () => {
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

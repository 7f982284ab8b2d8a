import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

const statuses = ['supported', 'different', 'left out'];
const text = readFileSync(join(root, 'docs/parity.md'), 'utf8');
// "- FEATURE: **STATUS**. REASON Tests: [NAME](FILE), [NAME](FILE)."
const entries = text
  .slice(text.indexOf('\n## '))
  .split(/\n(?=- |## )/)
  .filter((part) => part.startsWith('- '))
  .map((part) => {
    const [, feature = '', status = '', rest = ''] =
      /^- (.+?): \*\*([a-z ]+)\*\*\.(.*)$/.exec(part.replaceAll(/\s+/g, ' ').trim()) ?? [];
    const [reason = '', tests = ''] = rest.split(' Tests: ');
    const files = [...tests.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => file);
    return { part, feature, status, reason: reason.trim(), tests, files };
  });

const option = /(?<![\w-])--?[a-zA-Z][\w-]*/g;

describe('docs/parity.md', () => {
  it('gives each feature a status', () => {
    expect(entries.length).to.be.greaterThan(200);
    for (const { part, feature, status } of entries) {
      expect(feature, part).to.not.equal('');
      expect(status, feature).to.be.oneOf(statuses);
    }
    expect(new Set(entries.map(({ status }) => status)).size).to.equal(3);
  });

  it('names a test of each supported or different feature, and a reason for each different or omitted one', () => {
    for (const { feature, status, reason, files } of entries) {
      if (status !== 'left out') expect(files, feature).to.not.be.empty;
      if (status !== 'supported') expect(reason, feature).to.not.equal('');
    }
  });

  it('links to tests that exist', () => {
    for (const { feature, files, tests } of entries) {
      for (const file of files) {
        expect(existsSync(join(root, file)), `${feature}: ${file}`).to.equal(true);
        expect(file, feature).to.match(/\.test\.(ts|mjs)$/);
      }
      expect(tests.match(/\[/g)?.length ?? 0, feature).to.equal(files.length);
    }
  });

  it('names only options of mco that exist as supported', async () => {
    const cli = (file) => import(pathToFileURL(join(root, 'packages/cli/dist/src', file)).href);
    const { newShell } = await cli('program.js');
    const { Screen } = await cli('terminal/screen.js');
    const shell = newShell(new Screen());
    const known = new Set(['-h', '--help']);
    const collect = (command) => {
      for (const { flags } of command.options) for (const [word] of flags.matchAll(option)) known.add(word);
      command.commands.forEach(collect);
    };
    collect(shell.program);
    for (const command of shell.program.commands) collect(await shell.load(command));
    const named = entries
      .filter(({ status }) => status === 'supported')
      .flatMap(({ feature }) => [...feature.matchAll(option)].map(([word]) => ({ feature, word })));
    expect(named.length).to.be.greaterThan(50);
    for (const { feature, word } of named) expect(known.has(word), `${word} in "${feature}"`).to.equal(true);
  });

  it('states the number of features of each status', () => {
    const count = (wanted) => entries.filter(({ status }) => status === wanted).length;
    expect(text).to.include(
      `${entries.length} features: ${count('supported')} supported, ${count('different')} different on purpose, ${count('left out')} left out.`,
    );
  });
});

import { writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { mco } from '../mco.js';

const id = '0'.repeat(32);

describe('an error with --json', () => {
  let folder: TempFolder;
  before(async () => {
    folder = await createTempFolder({ prefix: 'troupe-json' });
    writeFileSync(folder.join('faulty.yaml'), 'brokr: {}\n');
    writeFileSync(
      folder.join('away.yaml'),
      '{ broker: { urls: [mqtt://127.0.0.1:1] }, connect_timeout: 1, security: { mode: none } }',
    );
  });
  after(() => folder?.close());

  const errors: readonly [what: string, argv: readonly string[], command: string, code: string][] = [
    ['an unknown command', ['pnig', '--json'], '', 'USAGE_INVALID'],
    ['an unknown subcommand', ['job', 'shwo', '--json'], 'job', 'USAGE_INVALID'],
    ['an unknown option', ['find', '--jsno', '--json'], 'find', 'USAGE_INVALID'],
    ['a missing argument', ['job', 'show', '--json'], 'job show', 'USAGE_INVALID'],
    ['options that exclude each other', ['rpc', 'a', 'b', '-j', '--table'], 'rpc', 'USAGE_INVALID'],
    ['an alias', ['discover', '--json', '--limit', '0'], 'find', 'USAGE_INVALID'],
    ['short options together', ['find', '-vj', '--limit', '0'], 'find', 'USAGE_INVALID'],
    [
      'a wrong value of an application',
      ['puppet', 'runall', '0', '--json'],
      'puppet runall',
      'USAGE_INVALID',
    ],
    ['a wrong id', ['job', 'show', 'x', '--json'], 'job show', 'USAGE_INVALID'],
    ['a bad filter', ['find', '-F', 'x', '--json', '-c', 'AWAY'], 'find', 'FILTER_INVALID'],
    ['no configuration', ['find', '--json', '-c', '/nowhere.yaml'], 'find', 'FILE_UNREADABLE'],
    ['a faulty configuration', ['-c', 'FAULTY', 'job', 'list', '--json'], 'job list', 'CONFIG_INVALID'],
    [
      'an input that the DDL refuses',
      ['rpc', 'rpcutil', 'ping', 'x=1', '--json', '-c', 'AWAY'],
      'rpc',
      'INPUT_INVALID',
    ],
    ['no broker', ['ping', '--json', '-c', 'AWAY'], 'ping', 'BROKER_UNREACHABLE'],
    [
      'no broker, for an application',
      ['notify', 'spool', '--json', '-c', 'AWAY'],
      'notify spool',
      'BROKER_UNREACHABLE',
    ],
    [
      'an unknown agent',
      ['plugin', 'doc', 'rpcutl', '--json', '-c', 'AWAY'],
      'plugin doc',
      'BROKER_UNREACHABLE',
    ],
    [
      'an audit that is not there',
      ['audit', 'verify', '/nowhere', '--json'],
      'audit verify',
      'FILE_UNREADABLE',
    ],
  ];
  const places = (argv: readonly string[]) =>
    argv.map((word) =>
      word === 'AWAY' ? folder.join('away.yaml') : word === 'FAULTY' ? folder.join('faulty.yaml') : word,
    );

  for (const [what, argv, command, code] of errors) {
    it(`is a document: ${what}`, async () => {
      const ended = await mco(...places(argv));
      expect(ended.code).to.equal(1);
      const { errors: found, ...rest } = JSON.parse(ended.stdout);
      expect(rest).to.deep.equal({ version: 1, command, results: [], statistics: null });
      expect(found).to.have.length(1);
      expect(found[0].code).to.equal(code);
      // People read the same text and code.
      expect(ended.stderr.split('\n')).to.include(`mco: ${found[0].message} [${code}]`);
    });
  }

  it('is the last line with --jsonl', async () => {
    for (const argv of [
      ['rpc', 'a', 'b', '--jsonl', '--limit', '0'],
      ['listen', 'No Name', '--jsonl'],
      ['listen', 'No Name', '--json'],
    ]) {
      const { stdout, code } = await mco(...argv);
      expect(code).to.equal(1);
      expect(JSON.parse(stdout)).to.include({ version: 1, kind: 'error', code: 'USAGE_INVALID' });
    }
  });

  it('leaves standard output empty without --json, whatever the words of a call are', async () => {
    for (const argv of [
      ['job', 'show', 'x'],
      ['rpc', 'a', 'b', '-F', 'x', '--', '--json'],
      ['job', 'show', id, '-c', '/nowhere.yaml', '--dm', 'presence'],
    ]) {
      const { stdout, code } = await mco(...argv);
      expect({ stdout, code }).to.deep.equal({ stdout: '', code: 1 });
    }
  });

  it('does not make JSON of help', async () => {
    const { code, stdout } = await mco('find', '--help');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: mco find/);
  });
});

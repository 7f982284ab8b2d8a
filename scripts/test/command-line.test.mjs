import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { oneOf, positiveNumber, readArguments, WrongUse, wholeNumber } from '../command-line.mjs';
import { root } from '../setup.mjs';

describe('the command line of a script', () => {
  it('gives whole numbers, numbers and words as they are wanted', () => {
    expect([wholeNumber('n', '12'), wholeNumber('n', '0', 0)]).to.deep.equal([12, 0]);
    expect([positiveNumber('n', '0.5'), positiveNumber('n', '2')]).to.deep.equal([0.5, 2]);
    expect(oneOf('--kind', 'b', ['a', 'b'])).to.equal('b');
  });

  for (const text of ['', '0', '-1', '1.5', '1e3', 'many', '9'.repeat(20)])
    it(`takes ${JSON.stringify(text)} for no whole number from 1`, () => {
      expect(() => wholeNumber('count', text)).to.throw(
        WrongUse,
        `invalid --count "${text}": it must be a whole number, at least 1`,
      );
    });

  for (const text of ['', '0', '0.0', '-1', 'Infinity', 'NaN', '1s'])
    it(`takes ${JSON.stringify(text)} for no number above 0`, () => {
      expect(() => positiveNumber('seconds', text)).to.throw(
        WrongUse,
        `invalid --seconds "${text}": it must be a number above 0`,
      );
    });

  it('names the words that may be given instead of another', () => {
    expect(() => oneOf('--kind', 'c', ['a', 'b'])).to.throw(
      WrongUse,
      'invalid --kind "c": choose one of a, b',
    );
  });

  it('does not explain how to pass words that begin with a dash', () => {
    expect(() => readArguments({ args: ['--bogus'] })).to.throw(WrongUse, /^Unknown option '--bogus'$/);
  });

  it('does not take a defect of a script for wrong use', () => {
    expect(() => readArguments({ options: { a: { type: 'number' } } })).to.throw(TypeError);
  });
});

// What each must name; all of them are refused before anything is started or written.
const refused = [
  ['scripts/mutate.mjs --bogus', "mutate: Unknown option '--bogus'"],
  ['scripts/mutate.mjs --count', "mutate: Option '--count <value>' argument missing"],
  ['scripts/mutate.mjs --count 0', 'mutate: invalid --count "0"'],
  ['scripts/mutate.mjs --seed x', 'mutate: invalid --seed "x"'],
  ['scripts/mutate.mjs --jobs 1.5', 'mutate: invalid --jobs "1.5"'],
  ['scripts/mutate.mjs --area nowhere', 'mutate: invalid --area "nowhere"'],
  ['scripts/mutate.mjs --file nowhere.ts', 'mutate: nowhere.ts is not a source of a package'],
  ['scripts/fresh.mjs --bogus', "test:fresh: Unknown option '--bogus'"],
  ['scripts/fresh.mjs --debian', "test:fresh: Option '--debian <value>' argument missing"],
  ['scripts/fresh.mjs --debian potato', 'test:fresh: invalid --debian "potato"'],
  ['scripts/packages.mjs --bogus', "test:packages: Unknown option '--bogus'"],
  ['scripts/ready.mjs --bogus', "setup: Unknown option '--bogus'"],
  ['scripts/brokers.mjs --bogus', "brokers: Unknown option '--bogus'"],
  ['scripts/brokers.mjs nats', "brokers: Unexpected argument 'nats'"],
  ['scripts/bundle.mjs --bogus', "bundle: Unknown option '--bogus'"],
  ['scripts/stale.mjs --bogus', "stale: Unknown option '--bogus'"],
  ['scripts/transcripts.mjs --bogus', "transcripts: Unknown option '--bogus'"],
  ['scripts/transcripts.mjs no-page.md', 'transcripts: invalid PAGE "no-page.md"'],
  ['scripts/reference.mjs --bogus', "reference: Unknown option '--bogus'"],
  ['scripts/mco-reference.mjs --bogus', "reference: Unknown option '--bogus'"],
  ['scripts/vectors.mjs --bogus', "vectors: Unknown option '--bogus'"],
  ['scripts/start.mjs', 'start: SCRIPT is required'],
  ['ddl/types.mjs --bogus', "ddl: Unknown option '--bogus'"],
  ['ddl/types.mjs nowhere.json', 'ddl: there is no nowhere.json'],
  ['bench/main.mjs --bogus', "bench: Unknown option '--bogus'"],
  ['bench/main.mjs nowhere', 'bench: invalid CASE "nowhere"'],
  ['bench/main.mjs --broker', "bench: Option '--broker <value>' argument missing"],
  ['bench/main.mjs --broker nats', 'bench: invalid --broker "nats"'],
  ['bench/main.mjs --keys dsa', 'bench: invalid --keys "dsa"'],
  ['bench/main.mjs --nodes -5', "bench: Option '--nodes' argument is ambiguous"],
  ['bench/main.mjs --seconds 0', 'bench: invalid --seconds "0"'],
  ['bench/main.mjs --minutes soon', 'bench: invalid --minutes "soon"'],
  ['bench/nodes.mjs --bogus', "nodes: Unknown option '--bogus'"],
  ['bench/nodes.mjs newest', 'nodes: invalid VERSION "newest"'],
  ['bench/puppet-runall.mjs --bogus', "puppet-runall: Unknown option '--bogus'"],
  ['bench/puppet-runall.mjs --nodes none', 'puppet-runall: invalid --nodes "none"'],
];

describe('a script with a wrong command line', function () {
  this.timeout(30_000);

  for (const [line, words] of refused) {
    it(`is refused: ${line}`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, line.split(' '), {
        cwd: root,
        encoding: 'utf8',
      });
      expect(stderr.split('\n')[0]).to.include(words);
      expect(stderr).to.not.match(/^ {4}at /m);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    });
  }
});

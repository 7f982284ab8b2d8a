import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readOptions } from '../src/options.js';

describe('the options of npm run chaos', () => {
  it('are a fleet of 200 nodes unless a kill loop is wanted', () => {
    expect(readOptions([]).wanted).to.deep.include({ kind: 'fleet' });
    expect(readOptions(['--kill-loop', '40', '--seed', '7', '--broker', 'mosquitto']).wanted).to.deep.equal({
      ...{ kind: 'loop', seed: 7, rounds: 40, broker: 'mosquitto' },
    });
  });

  for (const [args, words] of [
    [['--nodes', 'many'], 'invalid --nodes "many": it must be a whole number, at least 1'],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous"],
    [['--seed=-1'], 'invalid --seed "-1": it must be a whole number, at least 0'],
    [['--seconds='], 'invalid --seconds "": it must be a whole number, at least 1'],
    [['--kill-loop', '0'], 'invalid --kill-loop "0": it must be a whole number, at least 1'],
    [['--kill-loop', '3', '--nodes', '5'], '--nodes cannot be combined with --kill-loop'],
    [['--kill-loop', '3', '--broker', 'nats'], 'invalid --broker "nats": choose embedded or mosquitto'],
    [['--broker', 'mosquitto'], '--broker requires --kill-loop'],
    [['--bogus'], "Unknown option '--bogus'"],
    [['--kill-loop'], "Option '--kill-loop <value>' argument missing"],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => readOptions(args)).to.throw(TypeError, words);
    });
  }
});

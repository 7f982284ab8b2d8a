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
    [['--nodes', 'many'], '--nodes is "many": give a whole number from 1'],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous"],
    [['--seed=-1'], '--seed is "-1": give a whole number from 0'],
    [['--seconds='], '--seconds is "": give a whole number from 1'],
    [['--kill-loop', '0'], '--kill-loop is "0": give a whole number from 1'],
    [['--kill-loop', '3', '--nodes', '5'], '--nodes does not go with --kill-loop'],
    [['--kill-loop', '3', '--broker', 'nats'], '--broker is "nats": give embedded or mosquitto'],
    [['--broker', 'mosquitto'], '--broker goes with --kill-loop only'],
    [['--bogus'], "Unknown option '--bogus'"],
    [['--kill-loop'], "Option '--kill-loop <value>' argument missing"],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(() => readOptions(args)).to.throw(TypeError, words);
    });
  }
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { duration, gather, pause, seconds, share, whole } from '../../src/command-line/values.js';

describe('values of options', () => {
  const good: readonly [(text: string) => unknown, string, unknown][] = [
    [share, '5', 5],
    [share, '10%', { percent: 10 }],
    [share, '100%', { percent: 100 }],
    [seconds, '0.5', 0.5],
    [seconds, '30', 30],
    [seconds, '90s', 90],
    [seconds, '5m', 300],
    [seconds, '1h', 3600],
    [pause, '2m', 120],
    [duration, '1.5h', 5400],
    [pause, '0', 0],
    [whole, '0', 0],
    [whole, '42', 42],
    [duration, '90s', 90],
    [duration, '30m', 1800],
    [duration, '24h', 86_400],
    [duration, '7d', 604_800],
    [duration, '2w', 1_209_600],
  ];
  for (const [read, text, value] of good) {
    it(`${read.name} ${text}`, () => expect(read(text)).to.deep.equal(value));
  }

  const bad: readonly [(text: string) => unknown, readonly string[], string][] = [
    [share, ['0', '-1', '0%', '101%', '5.5', 'x', '', '5 %'], 'neither a number of nodes'],
    [seconds, ['0', '-1', 'x', '', ' ', 'Infinity'], 'not a duration greater than 0'],
    [pause, ['-1', '', 'x'], 'not a duration greater than 0'],
    [whole, ['-1', '1.5', 'x', '', '99999999999999999999'], 'not a non-negative integer'],
    [duration, ['', '24', '0h', '-1h', '1y', '9999999999999999w'], 'use 90s, 30m, 24h or 7d'],
  ];
  for (const [read, texts, message] of bad) {
    for (const text of texts) {
      it(`${read.name} "${text}" is refused`, () => expect(() => read(text)).to.throw(message));
    }
  }

  it('gathers', () => expect(gather('b', gather('a', undefined))).to.deep.equal(['a', 'b']));
});

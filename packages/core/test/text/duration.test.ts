import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readDuration } from '../../src/text/duration.js';

describe('reading a duration', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['90', 90],
    ['1.5', 1.5],
    ['90s', 90],
    ['5m', 300],
    ['5min', 300],
    ['1h', 3600],
    ['1h30m', 5400],
    ['7d', 604_800],
    ['2w', 1_209_600],
    ['500ms', 0.5],
    ['0', 0],
    ['-5', undefined],
    ['1e3', undefined],
    ['5 m', undefined],
    ['h', undefined],
    ['5y', undefined],
    ['9999999999999999w', undefined],
    ['', undefined],
  ];
  for (const [text, seconds] of table)
    it(`takes "${text}" for ${seconds === undefined ? 'none' : `${seconds} seconds`}`, () =>
      expect(readDuration(text)).to.equal(seconds));
});

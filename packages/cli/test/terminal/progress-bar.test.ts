import { expect } from 'chai';
import { describe, it } from 'mocha';
import { barLine } from '../../src/terminal/progress-bar.js';

describe('the progress bar', () => {
  const table: readonly [ended: number, total: number, seconds: number, columns: number, line: string][] = [
    [0, 3, 1, 40, '0 / 3  1s [                    ] 0%'],
    [1, 4, 12, 40, '1 / 4  12s [=====>              ] 25%'],
    [3, 3, 4, 40, '3 / 3  4s [======================] 100%'],
    [7, 120, 4, 44, '  7 / 120  4s [=>                  ] 5%'],
    [1, 3, 4, 20, '1 / 3'],
    [0, 0, 0, 40, 'Discovering nodes .... '],
  ];
  for (const [ended, total, seconds, columns, line] of table) {
    it(line, () => {
      const drawn = barLine(ended, total, seconds, columns);
      expect(drawn.replaceAll(/\s+\]/g, ' ]')).to.equal(line.replaceAll(/\s+\]/g, ' ]'));
      expect(drawn.length).to.be.below(columns);
    });
  }

  it('is at most 60 columns of bar', () => {
    expect(/\[(.*)\]/.exec(barLine(1, 2, 0, 500))?.[1]).to.have.length(60);
  });
});

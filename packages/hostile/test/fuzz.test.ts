import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mutate } from '../src/fuzz/mutation.js';
import { randomOf } from '../src/fuzz/random.js';
import { runFuzz } from '../src/fuzz/run.js';

describe('the parsers of what others wrote', function () {
  this.timeout(120_000);

  // The million is `npm run fuzz`.
  it('neither crash nor hang nor grow with ten thousand inputs', async () => {
    const { findings, inputs } = await runFuzz({ seed: 1, count: 10_000 });
    expect(findings).to.deep.equal([]);
    expect(inputs).to.be.at.least(10_000);
  });

  it('are given the same inputs by the same seed, and others by another', () => {
    const inputs = (seed: number) =>
      Array.from({ length: 100 }, (_, index) => mutate(['sample text'], randomOf(seed, 0, index)));
    expect(inputs(1)).to.deep.equal(inputs(1));
    expect(inputs(1)).not.to.deep.equal(inputs(2));
  });
});

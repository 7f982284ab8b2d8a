import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { SinglesBudget } from '../../src/events/singles-budget.js';

const hour = 3_600_000;

describe('the budget of messages that are sent singly', () => {
  let budget: SinglesBudget;
  beforeEach(() => {
    budget = new SinglesBudget(2);
  });
  const send = (id: string, now: number) => {
    if (!budget.claim(id, now)) return false;
    budget.end(id, true);
    return true;
  };

  it('allows so many within an hour, each to any number of recipients', () => {
    expect([send('a', 0), send('b', 1), send('c', 2), send('a', 3)]).to.deep.equal([true, true, false, true]);
    expect(send('c', hour)).to.equal(true);
    expect(send('d', hour)).to.equal(false);
    expect(send('d', hour + 1)).to.equal(true);
  });

  it('counts what was sent before', () => {
    budget = new SinglesBudget(2, [['a', 5]]);
    expect([send('b', 6), send('c', 7)]).to.deep.equal([true, false]);
  });

  it('does not count what nobody got, unless another attempt is being made', () => {
    budget = new SinglesBudget(1);
    expect([budget.claim('a', 0), budget.claim('a', 0), budget.claim('b', 0)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    budget.end('a', false);
    expect(budget.claim('b', 0)).to.equal(false);
    budget.end('a', false);
    expect(budget.claim('b', 0)).to.equal(true);
  });

  it('is not closed by a clock that was set back', () => {
    budget = new SinglesBudget(1, [['a', 10 * hour]]);
    expect(send('b', 1)).to.equal(true);
  });
});

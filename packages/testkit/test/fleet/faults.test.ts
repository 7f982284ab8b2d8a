import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Faults, FaultyLine, waitFor } from '../../src/index.js';

function line(faults: Faults, random = () => 0.5) {
  const heard: string[] = [];
  const faulty = new FaultyLine(() => faults, random);
  return { heard, faulty, carry: (name: string) => faulty.carry(() => heard.push(name)) };
}

describe('FaultyLine', () => {
  it('brings everything at once where nothing is wrong', () => {
    const { heard, carry } = line({});
    carry('a');
    carry('b');
    expect(heard).to.deep.equal(['a', 'b']);
  });

  it('loses by chance', () => {
    const numbers = [0.1, 0.9, 0.3];
    const { heard, carry } = line({ lose: 0.4 }, () => numbers.shift() ?? 0);
    for (const name of ['a', 'b', 'c']) carry(name);
    expect(heard).to.deep.equal(['b']);
  });

  it('doubles', () => {
    const { heard, carry } = line({ double: 1 });
    carry('a');
    expect(heard).to.deep.equal(['a', 'a']);
  });

  it('lets the next one go first', () => {
    const { heard, carry } = line({ reorder: 1 });
    carry('a');
    expect(heard).to.deep.equal([]);
    carry('b');
    expect(heard).to.deep.equal(['b', 'a']);
  });

  it('does not hold the last one for ever', async () => {
    const { heard, carry } = line({ reorder: 1 });
    carry('a');
    await waitFor('the last one', () => heard.length === 1);
  });

  it('delays, and forgets what is under way when it is dropped', async () => {
    const { heard, faulty, carry } = line({ delay: [5, 10] });
    carry('a');
    expect(heard).to.deep.equal([]);
    await waitFor('the message', () => heard.length === 1);
    carry('b');
    faulty.drop();
    carry('c');
    await waitFor('the one after', () => heard.includes('c'));
    expect(heard).to.deep.equal(['a', 'c']);
  });

  it('tells what it does to messages', () => {
    const told: string[] = [];
    // The third and the fifth of the rest are drawn for the delay.
    const numbers = [0.1, 0.9, 0.9, 0.5, 0.1, 0.5, 0.9, 0.1];
    const faulty = new FaultyLine(
      () => ({ lose: 0.4, reorder: 0.2, double: 0.3 }),
      () => numbers.shift() ?? 0.9,
      (what) => told.push(what),
    );
    for (const _ of ['lost', 'doubled', 'held']) faulty.carry(() => undefined);
    faulty.drop();
    expect(told).to.deep.equal(['lost', 'doubled', 'held']);
  });

  it('takes new faults as they come', () => {
    let faults: Faults = { lose: 1 };
    const heard: string[] = [];
    const faulty = new FaultyLine(
      () => faults,
      () => 0.5,
    );
    faulty.carry(() => heard.push('a'));
    faults = {};
    faulty.carry(() => heard.push('b'));
    expect(heard).to.deep.equal(['b']);
  });
});

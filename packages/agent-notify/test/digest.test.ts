import { expect } from 'chai';
import { describe, it } from 'mocha';
import { coveredBy } from '../src/digest.js';

describe('the messages that a digest stands for', () => {
  it('are those of its groups', () => {
    const groups = [
      { event: 'quarantined', messages: [{ id: 'a', node: 'web1' }, { id: 'b' }] },
      { messages: [{ id: 'c' }] },
    ];
    expect(coveredBy({ groups })).to.deep.equal(['a', 'b', 'c']);
  });

  it('are none if the fields are those of something else', () => {
    const odd = [null, 7, 'x', [], { messages: 'a' }, { messages: [null, 'a', { id: 7 }, { id: 'a b' }] }];
    expect(coveredBy({ groups: odd })).to.deep.equal([]);
    expect(coveredBy({})).to.deep.equal([]);
  });

  it('are at most a thousand', () => {
    const messages = Array.from({ length: 2000 }, (_, n) => ({ id: `m${n}` }));
    expect(coveredBy({ groups: [{ messages }] })).to.have.length(1000);
  });
});

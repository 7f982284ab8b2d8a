import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RejectedReplies } from '../../src/connection/rejected-replies.js';

const rejected = {
  collective: 'm',
  node: 'web1',
  reason: 'the enrolment token expired',
  code: 'TOKEN_INVALID',
};

describe('RejectedReplies', () => {
  it('is news once, and again after ten minutes with the number', () => {
    const replies = new RejectedReplies();
    expect(replies.note(rejected, 0)).to.deep.equal({ count: 1, isNews: true });
    for (let second = 5; second < 600; second += 5)
      expect(replies.note(rejected, second * 1000)).to.have.property('isNews', false);
    expect(replies.note(rejected, 600_000)).to.deep.equal({ count: 121, isNews: true });
  });

  it('is news with another reason, of another node and in another collective', () => {
    const replies = new RejectedReplies();
    replies.note(rejected, 0);
    for (const other of [{ reason: 'forged' }, { node: 'web2' }, { collective: 'n' }])
      expect(replies.note({ ...rejected, ...other }, 1)).to.deep.equal({ count: 1, isNews: true });
  });
});

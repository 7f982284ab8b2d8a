import { expect } from 'chai';
import { describe, it } from 'mocha';
import { refusalNotes } from '../../src/output/presence.js';
import { captured } from '../captured.js';

describe('the notes on a discovery', () => {
  it('name the nodes that did not say whether they match, by reason', () => {
    const { screen, stderr } = captured();
    const noPlugin = 'cannot evaluate the filter: this node has no data plugin "nosuch"';
    refusalNotes(screen, {
      refused: [
        { sender: 'a', statusmsg: noPlugin },
        { sender: 'b', statusmsg: 'too many requests of "rip.mcollective" are waiting on this node' },
        { sender: 'c', statusmsg: noPlugin },
      ],
    });
    expect(stderr().split('\n').slice(0, -1)).to.deep.equal([
      'mco: a, c cannot evaluate the filter: this node has no data plugin "nosuch"',
      'mco: b refused the discovery: too many requests of "rip.mcollective" are waiting on this node',
    ]);
  });
});

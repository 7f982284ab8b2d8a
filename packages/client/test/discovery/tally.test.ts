import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { MatchAnswer } from '../../src/discovery/match-answer.js';
import { Tally } from '../../src/discovery/tally.js';

/** How a node answers: it matches, unless told otherwise. */
const answer = (sender: string, match: MatchAnswer = 'matched'): readonly [string, MatchAnswer, string] => [
  sender,
  match,
  match,
];

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

function tallyOf(expected: readonly string[], answerUnmatched = true) {
  const sample = (of: readonly string[], count: number) => of.slice(0, count);
  return new Tally({ expected, answerUnmatched, sample }, 0);
}

/** Looks at the clock every 25 ms from `from` until `until`, or until it is over: when that was, and who was asked when. */
function run(tally: Tally, from: number, until: number) {
  const asked: [number, readonly string[]][] = [];
  for (let now = from; now <= until; now += 25) {
    const { ask, isOver } = tally.tick(now);
    if (ask.length > 0) asked.push([now, ask]);
    if (isOver) return { over: now, asked };
  }
  return { over: undefined, asked };
}

describe('Tally', () => {
  it('is over with the last one that is expected', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take(...answer('a'));
    expect(tally.tick(10).isOver).to.equal(false);
    tally.take(...answer('b', 'unmatched'));
    expect(tally.tick(20).isOver).to.equal(true);
    expect([...tally.matched]).to.deep.equal(['a']);
  });

  it('asks a silent one three times more, and gives it up after two seconds', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take(...answer('a'));
    const { over, asked } = run(tally, 25, 10_000);
    expect(asked).to.deep.equal([500, 1000, 1500].map((now) => [now, ['b']]));
    expect(over).to.equal(2000);
    expect(tally.missing()).to.deep.equal(['b']);
  });

  it('repeats requests while they bring replies, within limits', () => {
    const expected = names(40);
    const tally = tallyOf(expected);
    let rounds = 0;
    for (let now = 25; now < 60_000; now += 25) {
      const { ask, isOver } = tally.tick(now);
      if (isOver) break;
      if (ask.length === 0) continue;
      rounds += 1;
      if (ask[0] !== undefined) tally.take(...answer(ask[0]));
    }
    expect(rounds).to.equal(12);
    expect(tally.missing()).to.have.length(28);
  });

  it('asks no more than a hundred again at a time', () => {
    const tally = tallyOf(names(1000));
    expect(run(tally, 25, 600).asked).to.deep.equal([[500, names(100)]]);
  });

  it('also waits for nodes that appear while it waits', () => {
    const tally = tallyOf(['a']);
    tally.expect(['a', 'b']);
    tally.take(...answer('a'));
    expect(tally.tick(10).isOver).to.equal(false);
    tally.take(...answer('b'));
    expect(tally.tick(20).isOver).to.equal(true);
  });

  it('waits longer where answers come with long pauses', () => {
    const tally = tallyOf(['a', 'b', 'c']);
    tally.take(...answer('a'));
    run(tally, 25, 1500);
    tally.take(...answer('b'));
    expect(run(tally, 1525, 20_000).over).to.equal(1500 + 3 * 1500);
  });

  it('does not count as silence what this process was busy itself', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take(...answer('a'));
    expect(tally.tick(60_000)).to.deep.equal({ ask: [], isOver: false });
  });

  it('ends after half a second of silence without presence', () => {
    const tally = tallyOf([], false);
    expect(run(tally, 25, 1000).over).to.equal(undefined);
    tally.take(...answer('a'));
    expect(run(tally, 1025, 5000).over).to.equal(1500);
  });

  it('asks a sample in a large fleet, and another one while some of it matches', () => {
    const tally = tallyOf(names(1000), false);
    tally.take(...answer('n999'));
    const first = run(tally, 25, 600).asked;
    expect(first).to.deep.equal([[500, names(100)]]);
    for (const name of names(100)) tally.take(...answer(name, name === 'n7' ? 'matched' : 'unmatched'));
    const second = run(tally, 625, 1450).asked;
    expect(second.map(([, ask]) => ask)).to.deep.equal([names(200).slice(100)]);
    for (const name of names(200).slice(100)) tally.take(...answer(name, 'unmatched'));
    expect(tally.tick(1475).isOver).to.equal(true);
    expect([...tally.matched]).to.deep.equal(['n999', 'n7']);
  });

  it('does not wait forever for a silent sample', () => {
    const tally = tallyOf(names(300), false);
    expect(run(tally, 25, 60_000).over).to.be.lessThan(5000);
  });

  it('keeps why one refused', () => {
    const tally = tallyOf(['a', 'b']);
    expect(tally.take('b', 'refused', 'no such plugin')).to.equal(false);
    expect(tally.missing()).to.deep.equal(['a']);
    expect([...tally.refused]).to.deep.equal([['b', 'no such plugin']]);
  });

  it('asks one that is busy again, and keeps its reason until it answers', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take('a', 'busy', 'too many requests are waiting');
    tally.take('b', 'busy', 'too many requests are waiting');
    expect(run(tally, 25, 600).asked).to.deep.equal([[500, ['a', 'b']]]);
    tally.take(...answer('b'));
    expect([...tally.busy()]).to.deep.equal([['a', 'too many requests are waiting']]);
    expect(tally.missing()).to.deep.equal(['a']);
  });

  it('waits half a second longer if unknown nodes have replied', () => {
    const tally = tallyOf(['a']);
    tally.take(...answer('stranger'));
    tally.take(...answer('a'));
    expect(run(tally, 25, 5000).over).to.equal(500);
    // It is none where its record was late only.
    const informed = tallyOf(['a']);
    informed.take(...answer('b'));
    informed.take(...answer('a'));
    informed.expect(['a', 'b']);
    expect(informed.tick(25).isOver).to.equal(true);
  });

  it('does not count silence while the client is disconnected', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take(...answer('a'));
    for (let now = 25; now <= 20_000; now += 25)
      expect(tally.tick(now, false)).to.deep.equal({ ask: [], isOver: false });
    // Nodes that lost their broker as well need a while to come back.
    const { over, asked } = run(tally, 20_025, 60_000);
    expect(asked).to.deep.equal([22_500, 25_000, 27_500].map((now) => [now, ['b']]));
    expect(over).to.equal(30_000);
  });

  it('does not wait forever for a connection', () => {
    const tally = tallyOf(['a']);
    let now = 0;
    while (!tally.tick(now, false).isOver) now += 25;
    expect(now).to.equal(60_000);
  });

  it('asks no more than a thousand again at a time after a cut', () => {
    const tally = tallyOf(names(1_500));
    tally.tick(25, false);
    const { asked } = run(tally, 50, 3_000);
    expect(asked).to.deep.equal([[2_525, names(1_000)]]);
  });

  it('counts at most 100 ms of each look at the clock, and nothing of one that was set back', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take(...answer('a'));
    let looks = 0;
    for (let now = 1_000; !tally.tick(now).isOver; now += 1_000) looks += 1;
    expect(looks).to.equal(19);
    const other = tallyOf(['a', 'b']);
    other.take(...answer('a'));
    run(other, 25, 1_900);
    for (const now of [-50_000, -100_000]) expect(other.tick(now).isOver).to.equal(false);
    expect(other.tick(-99_900).isOver).to.equal(true);
  });

  for (const [until, patience] of [
    [2_000, 2_000],
    [8_000, 4_000],
    [30_000, 10_000],
  ] as const)
    it(`waits ${patience} ms for the last one where answers came for ${until} ms`, () => {
      const tally = tallyOf([...names(until / 400 + 1), 'silent']);
      for (const [index, name] of names(until / 400 + 1).entries()) {
        for (let now = Math.max(0, index * 400 - 375); now <= index * 400; now += 25) tally.tick(now);
        tally.take(...answer(name));
      }
      expect(run(tally, until + 25, 100_000).over).to.equal(until + patience);
    });

  it('waits as long for the first reply of unknown nodes as of known nodes', () => {
    expect(run(tallyOf([]), 25, 10_000).over).to.equal(2_000);
  });

  it('is over with the last answer in a large fleet, and at once where all of it answered', () => {
    const tally = tallyOf(['a', 'b'], false);
    tally.take(...answer('a'));
    expect(tally.tick(25)).to.deep.equal({ ask: [], isOver: false });
    tally.take(...answer('b'));
    expect(tally.tick(50)).to.deep.equal({ ask: [], isOver: true });
  });

  it('starts with a sample after half a second without replies', () => {
    const tally = tallyOf(names(200), false);
    expect(run(tally, 25, 525).asked).to.deep.equal([[500, names(100)]]);
  });

  it('counts no answer twice', () => {
    const tally = tallyOf(['a', 'b']);
    expect(tally.take(...answer('a'))).to.equal(true);
    run(tally, 25, 1_900);
    expect(tally.take(...answer('a'))).to.equal(false);
    expect(run(tally, 1_925, 5_000).over).to.equal(2_000);
  });

  it('keeps the beginning of a reason', () => {
    const tally = tallyOf(['a', 'b']);
    tally.take('a', 'refused', 'x'.repeat(1_000_000));
    tally.take('b', 'busy', 'x'.repeat(1_000_000));
    expect(tally.refused.get('a')).to.have.length(2_000);
    expect(tally.busy().get('b')).to.have.length(2_000);
  });

  it('counts so many nodes of which nothing was known, and all that are', () => {
    const tally = tallyOf(['a']);
    for (let count = 0; count < 200_001; count += 1) tally.take(...answer(`s${count}`));
    expect(tally.answered.size).to.equal(200_000);
    tally.take(...answer('a'));
    expect(tally.answered.has('a')).to.equal(true);
  });
});

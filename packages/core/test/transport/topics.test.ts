import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isIdentity } from '../../src/names.js';
import { Topics } from '../../src/transport/topics.js';
import { matchesTopic } from '../../src/transport/transport.js';

const fileId = '0123456789abcdef'.repeat(2);

describe('topics', () => {
  const raw = new Topics();
  const escaped = new Topics({ escape: true });

  for (const [built, expected] of [
    [raw.agent('mcollective', 'rpcutil'), 'mco/mcollective/agent/rpcutil'],
    [raw.agent('mcollective', 'rpcutil', 1), 'mco/mcollective/agent/rpcutil'],
    [raw.agent('mcollective', 'rpcutil', 2), 'mco/mcollective/agent/v2-rpcutil'],
    [raw.node('mcollective', 'web1.example.com'), 'mco/mcollective/node/web1.example.com'],
    [escaped.node('mcollective', 'web1.example.com'), 'mco/mcollective/node/web1%2Eexample%2Ecom'],
    [raw.reply('eu', 'rip.mcollective', 's1', 'web1'), 'mco/eu/reply/rip.mcollective/s1/web1'],
    [escaped.replies('eu', 'rip.mcollective', 's1'), 'mco/eu/reply/rip%2Emcollective/s1/#'],
    [raw.presences('eu'), 'mco/eu/presence/#'],
    [raw.refusals('eu'), 'mco/eu/event/_broker'],
    [raw.file('eu', 'rip.mcollective', fileId, 0), `mco/eu/file/rip.mcollective/${fileId}/0`],
    [escaped.file('eu', 'rip.mcollective', fileId, 17), `mco/eu/file/rip%2Emcollective/${fileId}/17`],
    [escaped.pieces('eu', 'rip.mcollective', fileId), `mco/eu/file/rip%2Emcollective/${fileId}/+`],
  ] as const) {
    it(`builds ${expected}`, () => expect(built).to.equal(expected));
  }

  for (const topics of [raw, escaped]) {
    it('takes apart what it built', () => {
      const reply = {
        kind: 'reply',
        collective: 'eu',
        caller: 'rip.mcollective',
        session: 's1',
        identity: 'web1.lab',
      } as const;
      expect(topics.parse(topics.reply('eu', 'rip.mcollective', 's1', 'web1.lab'))).to.deep.equal(reply);
      for (const kind of ['node', 'presence', 'event'] as const) {
        expect(topics.parse(topics[kind]('eu', 'web1.lab'))).to.deep.equal({
          kind,
          collective: 'eu',
          identity: 'web1.lab',
        });
      }
      for (const v of [1, 2] as const)
        expect(topics.parse(topics.agent('eu', 'rpcutil', v))).to.deep.equal({
          kind: 'agent',
          collective: 'eu',
          agent: 'rpcutil',
          v,
        });
      for (const piece of [0, 9, 10, 999_999]) {
        expect(topics.parse(topics.file('eu', 'rip.mcollective', fileId, piece))).to.deep.equal({
          kind: 'file',
          collective: 'eu',
          caller: 'rip.mcollective',
          id: fileId,
          piece,
        });
      }
    });
  }

  for (const topic of [
    '',
    'mco',
    'mco/eu/agent',
    'mco/eu/agent/a/b',
    'mco/EU/agent/a',
    'x/eu/agent/a',
    'mco/eu/node/A',
    'mco/eu/event/_broker',
    'mco/eu/reply/a/s',
    'mco/eu/reply/a/s/i/more',
    `mco/eu/file/a/${fileId}`,
    `mco/eu/file/A/${fileId}/0`,
    `mco/eu/file/a/${fileId.toUpperCase()}/0`,
    `mco/eu/file/a/${fileId}0/0`,
    `mco/eu/file/a/${fileId}/00`,
    `mco/eu/file/a/${fileId}/-1`,
    `mco/eu/file/a/${fileId}/1e3`,
    `mco/eu/file/a/${fileId}/1000000`,
    `mco/eu/file/a/${fileId}/0/more`,
  ]) {
    it(`"${topic}" is not a topic of Troupe`, () => expect(raw.parse(topic)).to.equal(undefined));
  }

  for (const identity of ['', '+', '#', 'a/b', 'A', 'a b', '.a', 'a.', 'é', 'a'.repeat(300)]) {
    it(`"${identity.slice(0, 10)}" is not a valid identity`, () => {
      expect(isIdentity(identity)).to.equal(false);
      expect(() => raw.node('eu', identity)).to.throw('is not a valid identity');
    });
  }

  for (const [id, piece, fault] of [
    ['x', 0, '"x" is not a request id'],
    [`${fileId}/0`, 0, 'is not a request id'],
    [fileId, -1, '-1 is not the number of a piece'],
    [fileId, 1.5, '1.5 is not the number of a piece'],
    [fileId, 1_000_000, '1000000 is not the number of a piece'],
  ] as const) {
    it(`builds no topic for piece ${piece} of the file "${id.slice(-10)}"`, () => {
      expect(() => raw.file('eu', 'rip.mcollective', id, piece))
        .to.throw(fault)
        .with.property('code', 'TOPIC_INVALID');
    });
  }

  for (const [filter, topic, expected] of [
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['a/b', 'a/b', true],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b', false],
    ['#', 'a', true],
  ] as const) {
    it(`${filter} ${expected ? 'matches' : 'does not match'} ${topic}`, () => {
      expect(matchesTopic(filter, topic)).to.equal(expected);
    });
  }
});

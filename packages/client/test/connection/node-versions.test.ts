import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { NodeVersions } from '../../src/connection/node-versions.js';

describe('the version in which a node is spoken to', () => {
  let claims: Map<string, 1 | 2>;
  let hasVersion1: boolean;
  const open = (least = 1) =>
    new NodeVersions({
      least,
      claimedBy: (_, identity) => claims.get(identity),
      whenClaimed: async () => {},
      mayHaveVersion1: () => hasVersion1,
    });
  const reply = (v: 1 | 2) => ({ sender: 'a', v, collective: 'm' });
  const tries = (versions: NodeVersions) => [0, 1, 2, 3].map((count) => versions.of('m', 'a', count));
  beforeEach(() => {
    claims = new Map();
    hasVersion1 = true;
  });

  it('is the one of its presence first, and then each in turn, as anybody may have written that', () => {
    expect(tries(open())).to.deep.equal([2, 1, 2, 1]);
    claims.set('a', 1);
    expect(tries(open())).to.deep.equal([1, 2, 1, 2]);
    claims.set('a', 2);
    expect(tries(open())).to.deep.equal([2, 1, 2, 1]);
  });

  for (const v of [1, 2] as const)
    it(`is ${v} alone once it has signed a reply in it`, () => {
      claims.set('a', v === 1 ? 2 : 1);
      const versions = open();
      versions.heard(reply(v));
      expect(tries(versions)).to.deep.equal([v, v, v, v]);
      expect(versions.signedBy('a')).to.equal(v);
      expect(versions.signedBy('b')).to.equal(undefined);
    });

  it('is not lowered by its presence, nor by an answer to what went out in both', () => {
    const versions = open();
    versions.heard(reply(2), 0);
    claims.set('a', 1);
    versions.heard(reply(1), 9_999);
    expect(versions.signedBy('a')).to.equal(2);
    claims.set('a', 2);
    versions.heard(reply(1), 60_000);
    expect(versions.signedBy('a')).to.equal(2);
  });

  it('is lowered by a reply that it signs after its software was put back', () => {
    const versions = open();
    versions.heard(reply(2), 0);
    claims.set('a', 1);
    versions.heard(reply(1), 10_000);
    expect(tries(versions)).to.deep.equal([1, 1, 1, 1]);
    versions.heard(reply(2), 10_001);
    expect(tries(versions)).to.deep.equal([2, 2, 2, 2]);
  });

  it('is never below the least that is allowed', () => {
    const versions = open(2);
    claims.set('a', 1);
    versions.heard(reply(1));
    expect(tries(versions)).to.deep.equal([2, 2, 2, 2]);
    expect(versions.ofAll('m')).to.deep.equal([2]);
    expect(versions.allowsVersion1).to.equal(false);
  });

  it('is both for a message to all where somebody may speak only the first', () => {
    expect(open().ofAll('m')).to.deep.equal([2, 1]);
    hasVersion1 = false;
    expect(open().ofAll('m')).to.deep.equal([2]);
  });
});

import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compareVersions, isVersion, isVersionLike } from '../../src/filter/version.js';

const ascending = [
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0-rc.2',
  '1.0.0-rc.1a',
  '1.0.0',
  '1.0.0-1',
  '1.0.0-1160.el7.x86_64',
  '1.0.1~rc1',
  '1.0.1',
  '1.2',
  '1.10.0',
  '2',
  'v10.0.0',
];

describe('versions', () => {
  it('come in the order that people expect', () => {
    const backwards = [...ascending].reverse();
    expect(backwards.sort(compareVersions)).to.deep.equal(ascending);
  });

  it('come before all that are later, and after all that are earlier', () => {
    for (const [index, early] of ascending.entries())
      for (const late of ascending.slice(index + 1)) {
        expect(compareVersions(early, late), `${early} ${late}`).to.equal(-1);
        expect(compareVersions(late, early), `${late} ${early}`).to.equal(1);
      }
  });

  it('come after those that have fewer numbers of the same', () => {
    expect(compareVersions('1.2', '1.2.1')).to.equal(-1);
    expect(compareVersions('1.2.1', '1.2')).to.equal(1);
    expect(compareVersions('1.2.0-a', '1.2.0-a')).to.equal(0);
    expect(compareVersions('1.2.0-1', '1.2.0-1')).to.equal(0);
  });

  it('are the same when only zeros, the v or the build differ', () => {
    expect(compareVersions('1.2', '1.2.0')).to.equal(0);
    expect(compareVersions('v1.2.0', '1.2.0')).to.equal(0);
    expect(compareVersions('1.2.0+dfsg', '1.2.0')).to.equal(0);
  });

  it('are distinguished from other strings', () => {
    expect(['1.2.3', '1.2-rc1', 'v1.2.3'].map(isVersion)).to.deep.equal([true, true, true]);
    expect(['1', '1.2', '1-rc1', 'one', '', '1..2'].map(isVersion)).to.deep.equal([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(['7', '5.10', 'jessie'].map(isVersionLike)).to.deep.equal([true, true, false]);
  });
});

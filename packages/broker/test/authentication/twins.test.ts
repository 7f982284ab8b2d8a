import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Twins } from '../../src/authentication/twins.js';

const minute = 60_000;
const [first, clone, third] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('two machines with one identity', () => {
  it('are not seen in one that comes back with a new address', () => {
    const twins = new Twins();
    expect(twins.judge('web1', first, clone, 0)).to.deep.equal({ isAdmitted: true });
    expect(twins.judge('web1', clone, third, 40 * minute)).to.deep.equal({ isAdmitted: true });
  });

  it('are reported with both addresses when the one that was pushed off comes back, which keeps the name', () => {
    const twins = new Twins();
    expect(twins.judge('web1', first, clone, 0)).to.deep.equal({ isAdmitted: true });
    expect(twins.judge('web1', clone, first, 1000)).to.deep.equal({
      isAdmitted: true,
      report: [clone, first],
    });
    for (const now of [2000, 3000, 20 * minute])
      expect(twins.judge('web1', first, clone, now).isAdmitted, `${now}`).to.equal(false);
    expect(twins.judge('web2', first, clone, 2000), 'another name').to.deep.equal({ isAdmitted: true });
  });

  it('are reported every ten minutes only', () => {
    const twins = new Twins();
    twins.judge('web1', first, clone, 0);
    const reports = [1, 2, 3, 9, 12, 13, 25].filter(
      (minutes) => twins.judge('web1', clone, first, minutes * minute).report,
    );
    expect(reports).to.deep.equal([1, 12, 25]);
  });

  it('are forgotten half an hour after they were seen', () => {
    const twins = new Twins();
    twins.judge('web1', first, clone, 0);
    twins.judge('web1', clone, first, 1);
    expect(twins.judge('web1', first, clone, 2).isAdmitted).to.equal(false);
    expect(twins.judge('web1', first, clone, 31 * minute).isAdmitted).to.equal(true);
  });

  it('are seen at one address by connections that end each other more often than restarts', () => {
    const twins = new Twins();
    const verdicts = [0, 1, 2, 3, 4].map((seconds) => twins.judge('web1', first, first, seconds * 1000));
    expect(verdicts.map(({ isAdmitted }) => isAdmitted)).to.deep.equal([true, true, true, false, false]);
    expect(verdicts[3]?.report).to.deep.equal([first, first]);
    const slow = new Twins();
    for (let restart = 0; restart < 20; restart += 1)
      expect(slow.judge('web1', first, first, restart * 2 * minute).isAdmitted).to.equal(true);
  });

  it('do not fill the memory', () => {
    const twins = new Twins(2);
    twins.judge('web1', first, clone, 0);
    for (const name of ['a', 'b']) twins.judge(name, first, clone, 1);
    expect(twins.judge('web1', clone, first, 2), 'forgotten').to.deep.equal({ isAdmitted: true });
    for (let index = 0; index < 1000; index += 1)
      twins.judge('b', `10.1.0.${index}`, `10.1.0.${index + 1}`, 3);
    expect(twins.judge('b', clone, first, 4).isAdmitted).to.equal(true);
  });
});

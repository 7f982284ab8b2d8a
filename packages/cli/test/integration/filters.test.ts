import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';

describe('filters of mco find', function () {
  this.timeout(60_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start();
    await network.addNode('odd.lab', {
      facts: { 'disk #1': { size: '4, 8' }, caf\u00e9: 'a && b', role: 'web' },
      classes: ['my, class', 'web&&db', 'role::web'],
    });
    await network.addNode('plain.lab', { facts: { role: 'db' }, classes: ['role::db'] });
  });
  after(() => network?.stop());

  for (const words of [
    ['-F', '"disk #1.size"="4, 8"'],
    ['-F', '"caf\u00e9"="a && b"'],
    ['-C', '"my, class"'],
    ['-C', "'web&&db'"],
    ['-W', '"my, class" "disk #1.size"=/^4/ role=web'],
    ['-S', '"web&&db" and "disk #1.size" = "4, 8" and not "caf\u00e9"=x'],
  ]) {
    it(`select facts and classes with any name in quotes: ${words.join(' ')}`, async () => {
      const { stdout, code } = await network.mco(['find', '-q', ...words]);
      expect(stdout).to.equal('odd.lab');
      expect(code).to.equal(0);
    });
  }

  for (const [words, advice] of [
    [['-S', 'not (role::web&&profile::base)'], 'unexpected &&: write "and"'],
    [['-S', 'not a||b'], 'unexpected ||: write "or"'],
    [['-F', 'disks.#(name="sda").size=64'], 'the name contains "#"'],
    [['-F', 'role!=web,mail'], 'the value contains ","'],
    [['-W', 'role::db and role::web'], 'use "and" in a compound filter'],
    [['-I', 'web*'], 'write a regular expression'],
  ] as const) {
    it(`select no node by an operator of another language: ${words.join(' ')}`, async () => {
      const { stdout, stderr, code } = await network.mco(['find', ...words]);
      expect(stdout).to.equal('');
      expect(stderr).to.include(advice).and.to.include('[FILTER_INVALID]');
      expect(code).to.equal(1);
    });
  }
});

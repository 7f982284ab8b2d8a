import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { AttackNetwork } from '../../src/attack-network.js';
import { attackTables } from '../../src/attacks/tables.js';
import { tryAttack } from '../../src/trial.js';

describe('attacks', function () {
  this.timeout(30_000);
  let network: AttackNetwork;
  before(async () => {
    network = await AttackNetwork.create();
  });
  after(() => network?.close());
  afterEach(() => network.disperse());

  for (const [where, attacks] of attackTables) {
    describe(where, () => {
      for (const attack of attacks) it(attack.name, () => tryAttack(network, attack));
    });
  }

  it('are as many as promised, each with a name of its own', () => {
    const names = attackTables.flatMap(([, attacks]) => attacks.map(({ name }) => name));
    expect(names.length).to.be.at.least(200);
    expect(new Set(names).size).to.equal(names.length);
  });
});

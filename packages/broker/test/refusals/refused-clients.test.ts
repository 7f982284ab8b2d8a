import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RefusedClients } from '../../src/refusals/refused-clients.js';

const hour = 3_600_000;

describe('RefusedClients', () => {
  it('counts the refusals of a client, and has its last reason', () => {
    const refused = new RefusedClients();
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, 1000);
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'two' }, 5000);
    refused.note({ address: '192.0.2.7', reason: 'no name' }, 6000);
    expect(refused.take(6000)).to.deep.equal([
      { address: '192.0.2.7', name: 'web7', reason: 'two', first: 1000, last: 5000, count: 2 },
      { address: '192.0.2.7', reason: 'no name', first: 6000, last: 6000, count: 1 },
    ]);
  });

  it('reports only news, and the whole count again with them', () => {
    const refused = new RefusedClients();
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, 1000);
    refused.take(1000);
    expect(refused.hasNews).to.equal(false);
    expect(refused.take(2000)).to.deep.equal([]);
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, 3000);
    expect(refused.take(3000)).to.have.length(1).and.have.nested.property('[0].count', 2);
  });

  it('forgets a client that stays away', () => {
    const refused = new RefusedClients();
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, 0);
    refused.take(0);
    refused.take(hour + 1);
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, hour + 2);
    expect(refused.take(hour + 2)).to.have.nested.property('[0].first', hour + 2);
  });

  it('keeps others whatever names one address makes up', () => {
    const refused = new RefusedClients();
    refused.note({ address: '192.0.2.7', name: 'web7', reason: 'one' }, 0);
    for (let number = 0; number < 5000; number += 1)
      refused.note({ address: '198.51.100.1', name: `x${number}`, reason: 'two' }, 1);
    const all = Array.from({ length: 20 }, () => refused.take(2)).flat();
    expect(all.length).to.equal(1000);
    expect(all.map(({ name }) => name))
      .to.include('web7')
      .and.include('x4999');
    expect(refused.hasNews).to.equal(false);
  });
});

import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Lease } from '../../src/record/lease.js';
import { ProvisionRecord } from '../../src/record/record.js';
import { FakeClock } from '../fixtures/fake-clock.js';
import { rejection } from '../fixtures/rejection.js';

describe('Lease', () => {
  let folder: TempFolder;
  let clock: FakeClock;
  let lease: Lease;
  const open = async () => {
    const record = await ProvisionRecord.open(folder.join('record.json'), silentLogger, () => clock.now());
    return new Lease(record, clock);
  };
  beforeEach(async () => {
    folder = await createTempFolder();
    clock = new FakeClock();
    lease = await open();
  });
  afterEach(() => folder.close());

  it('belongs to one owner at a time', async () => {
    await lease.acquire('a', 60);
    const error = await rejection(lease.acquire('b', 60));
    expect(error.message).to.equal('a holds the lease of this node until 2026-03-01T12:01:00.000Z');
  });

  it('is got by one of two who ask at once', async () => {
    const asked = await Promise.allSettled([lease.acquire('a', 60), lease.acquire('b', 60)]);
    expect(asked.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect(lease.holder?.owner).to.equal('a');
  });

  it('passes on when it has ended', async () => {
    await lease.acquire('a', 60);
    clock.pass(59.9);
    await rejection(lease.acquire('b', 60));
    clock.pass(0.1);
    expect(lease.holder).to.equal(undefined);
    expect((await lease.acquire('b', 60)).owner).to.equal('b');
  });

  it('gives the same owner a new token, and the old one is stale', async () => {
    const first = await lease.acquire('a', 60);
    const second = await lease.acquire('a', 60);
    expect(second.token).to.be.greaterThan(first.token);
    expect(() => lease.check({ caller: 'a', token: first.token })).to.throw(
      `token ${first.token} is stale: a holds the lease`,
    );
    lease.check({ caller: 'a', token: second.token });
  });

  it('never gives out a token twice, whatever happens between', async () => {
    const tokens: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const grant = await lease.acquire(`owner${round}`, 60);
      tokens.push(grant.token);
      if (round % 2 === 0) await lease.release({ caller: 'x', token: grant.token });
      else clock.pass(61);
      lease = await open();
    }
    expect(tokens).to.deep.equal([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).to.equal(5);
  });

  it('is renewed by its token only', async () => {
    const { token } = await lease.acquire('a', 60);
    clock.pass(50);
    const renewed = await lease.renew({ caller: 'a', token }, 100);
    expect(renewed).to.deep.equal({ owner: 'a', token, seconds: 100, expires: '2026-03-01T12:02:30.000Z' });
    expect((await rejection(lease.renew({ caller: 'a', token: token - 1 }))).message).to.contain('stale');
    clock.pass(99);
    expect(lease.holder?.owner).to.equal('a');
  });

  it('cannot be renewed after it has expired', async () => {
    const { token } = await lease.acquire('a', 60);
    clock.pass(60);
    expect((await rejection(lease.renew({ caller: 'a', token }))).message).to.contain(
      `token ${token} is stale`,
    );
    expect((await rejection(lease.renew({ caller: 'a' }))).message).to.contain('there is no lease to renew');
  });

  it('is released by its holder, and again without harm', async () => {
    const { token } = await lease.acquire('a', 60);
    expect((await rejection(lease.release({ caller: 'b' }))).message).to.contain('a holds the lease');
    await lease.release({ caller: 'a', token });
    await lease.release({ caller: 'a', token });
    expect(lease.holder).to.equal(undefined);
  });

  it('lets people work by hand while no owner holds it, and its owner always', async () => {
    lease.check({ caller: 'rip.mcollective' });
    await lease.acquire('rip.mcollective', 60);
    lease.check({ caller: 'rip.mcollective' });
    expect(() => lease.check({ caller: 'bob.mcollective' })).to.throw('rip.mcollective holds the lease');
  });

  it('refuses a token when no owner holds the lease', () => {
    expect(() => lease.check({ caller: 'a', token: 1 })).to.throw('token 1 is stale: its lease has expired');
  });

  it('outlives the daemon', async () => {
    const { token } = await lease.acquire('a', 60);
    clock.pass(30);
    lease = await open();
    expect(lease.holder).to.deep.equal({
      owner: 'a',
      token,
      seconds: 60,
      expires: '2026-03-01T12:01:00.000Z',
    });
    clock.pass(31);
    expect(lease.holder).to.equal(undefined);
  });

  for (const [what, time] of [
    ['forward', '2031-01-01T00:00:00.000Z'],
    ['back', '1999-01-01T00:00:00.000Z'],
  ] as const) {
    it(`lasts as long as it should when the clock is set ${what}`, async () => {
      await lease.acquire('a', 60);
      expect(lease.holder?.owner).to.equal('a');
      clock.set(time);
      clock.pass(59);
      expect(lease.holder?.owner).to.equal('a');
      clock.pass(2);
      expect(lease.holder).to.equal(undefined);
    });
  }

  it('does not last for years when the clock was set back while the daemon was down', async () => {
    await lease.acquire('a', 60);
    clock.set('1999-01-01T00:00:00.000Z');
    lease = await open();
    expect(lease.holder?.owner).to.equal('a');
    clock.pass(61);
    expect(lease.holder).to.equal(undefined);
  });

  for (const seconds of [0, -1, 1.5, 86_401, Number.NaN]) {
    it(`does not last ${seconds} seconds`, async () => {
      const error = await rejection(Promise.resolve().then(() => lease.acquire('a', seconds)));
      expect(error.message).to.equal(
        `invalid duration of a lease: ${seconds} seconds; the minimum is 1, the maximum 86400`,
      );
    });
  }
});

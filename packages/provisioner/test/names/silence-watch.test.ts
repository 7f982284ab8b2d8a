import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { SilenceWatch } from '../../src/names/silence-watch.js';
import { ends, StubNetwork, settled } from '../fixtures/stub-network.js';

describe('the watch over names', () => {
  let network: StubNetwork;
  let watch: SilenceWatch;
  let now: number;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    now = 5_000_000;
    network = new StubNetwork();
    network.answers['rpcutil ping'] = ends('no-reply');
    watch = new SilenceWatch(network.peers, 600, () => now);
  });
  afterEach(() => {
    watch.stop();
    mock.timers.reset();
  });
  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      now += 10_000;
      mock.timers.tick(10_000);
      await settled();
    }
  };
  const pings = () => network.of('rpcutil ping');

  it('begins when a name is asked about, and pings it in the main collective once a minute', async () => {
    expect(watch.silence('web1', 'k2')).to.equal(0);
    await settled();
    await pass(600);
    expect(watch.silence('web1', 'k2')).to.equal(600);
    expect(pings()).to.have.length(11);
    expect(pings()[0]).to.deep.nested.include({ target: 'web1', 'options.collective': 'mcollective' });
  });

  it('pings at least ten times in a short silence', () => {
    expect(new SilenceWatch(network.peers, 30).gap).to.equal(3);
  });

  it('begins again with each reply, whatever it says', async () => {
    watch.silence('web1', 'k2');
    await settled();
    await pass(300);
    for (const answer of [ends('denied', 'no', { key: 'k1' }), () => ({ key: 'k1' }), () => ({})]) {
      network.answers['rpcutil ping'] = answer;
      await pass(60);
      network.answers['rpcutil ping'] = ends('offline');
      await pass(60);
      expect(watch.silence('web1', 'k2')).to.equal(60);
    }
  });

  it('does not take the machine that waits for the other host, where it replies in the same collective', async () => {
    network.answers['rpcutil ping'] = () => ({ key: 'k2' });
    watch.silence('web1', 'k2');
    await pass(100);
    expect(watch.silence('web1', 'k2')).to.equal(100);
  });

  it('begins again for another machine that wants the name', async () => {
    watch.silence('web1', 'k2');
    await pass(100);
    expect(watch.silence('web1', 'k3')).to.equal(0);
  });

  it('begins again when the connection was lost, and counts nothing without one', async () => {
    watch.silence('web1', 'k2');
    await pass(300);
    network.isConnected = false;
    expect(watch.silence('web1', 'k2')).to.equal(0);
    await pass(20);
    network.isConnected = true;
    for (const listener of network.connectListeners) listener();
    await pass(40);
    expect(watch.silence('web1', 'k2')).to.equal(40);
  });

  it('begins again when a ping could not be sent', async () => {
    watch.silence('web1', 'k2');
    await pass(100);
    network.answers['rpcutil ping'] = () => Promise.reject(new Error('not connected'));
    await pass(60);
    expect(watch.silence('web1', 'k2')).to.be.below(60);
  });

  it('begins again when this machine was asleep', async () => {
    watch.silence('web1', 'k2');
    await pass(300);
    now += 3_600_000;
    expect(watch.silence('web1', 'k2')).to.equal(0);
  });

  it('watches a thousand names, and makes room when machines that waited have gone', async () => {
    for (let number = 0; number < 1000; number += 1) expect(watch.silence(`web${number}`, 'k')).to.equal(0);
    expect(watch.silence('another', 'k')).to.equal(undefined);
    await pass(1000);
    expect(watch.silence('web1', 'k')).to.equal(1000);
    expect(watch.silence('another', 'k')).to.equal(undefined);
    await pass(210);
    expect(watch.silence('another', 'k')).to.equal(0);
    expect(watch.silence('web1', 'k')).to.equal(1210);
  });

  it('pings no more once it is stopped', async () => {
    watch.silence('web1', 'k2');
    await settled();
    watch.stop();
    await pass(120);
    expect(pings()).to.have.length(1);
  });
});

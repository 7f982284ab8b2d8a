import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { WakeUp } from '../../src/waiting/wake-up.js';

describe('a wake-up', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());
  const turn = () => new Promise(setImmediate);

  it('wakes all that wait for it, once', async () => {
    const wakeUp = new WakeUp();
    let woken = 0;
    const wait = (milliseconds?: number) =>
      void wakeUp.wait(milliseconds).then(() => {
        woken += 1;
      });
    wait();
    wait(1_000);
    await turn();
    expect(woken).to.equal(0);
    wakeUp.notify();
    await turn();
    expect(woken).to.equal(2);
    wait();
    mock.timers.tick(2_000);
    await turn();
    expect(woken).to.equal(2);
    wakeUp.notify();
    await turn();
    expect(woken).to.equal(3);
  });

  it('is waited for no longer than is wanted', async () => {
    const wakeUp = new WakeUp();
    let isOver = false;
    void wakeUp.wait(100).then(() => {
      isOver = true;
    });
    mock.timers.tick(99);
    await turn();
    expect(isOver).to.equal(false);
    mock.timers.tick(1);
    await turn();
    expect(isOver).to.equal(true);
    wakeUp.notify();
  });
});

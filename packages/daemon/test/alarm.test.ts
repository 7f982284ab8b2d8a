import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Alarm } from '../src/alarm.js';

describe('Alarm', () => {
  for (const what of ['reload', 'stop'] as const) {
    it(`wakes a waiting listener with "${what}"`, async () => {
      const alarm = new Alarm();
      const rung = alarm.rung();
      alarm.ring(what);
      expect(await rung).to.equal(what);
    });

    it(`keeps "${what}" for a later listener`, async () => {
      const alarm = new Alarm();
      alarm.ring(what);
      expect(await alarm.rung()).to.equal(what);
    });
  }

  it('keeps a stop despite a later reload and a reset', async () => {
    const alarm = new Alarm();
    alarm.ring('stop');
    alarm.ring('reload');
    alarm.reset();
    expect(await alarm.rung()).to.equal('stop');
  });

  it('drops a pending reload at a reset, and wakes with the next signal', async () => {
    const alarm = new Alarm();
    alarm.ring('reload');
    alarm.reset();
    const rung = alarm.rung();
    alarm.ring('stop');
    expect(await rung).to.equal('stop');
  });
});

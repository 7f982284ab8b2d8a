import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Alarm } from '../../src/daemon/alarm.js';

describe('Alarm', () => {
  for (const what of ['reload', 'stop'] as const) {
    it(`wakes who listens with "${what}"`, async () => {
      const alarm = new Alarm();
      const rung = alarm.rung();
      alarm.ring(what);
      expect(await rung).to.equal(what);
    });

    it(`keeps "${what}" until somebody listens`, async () => {
      const alarm = new Alarm();
      alarm.ring(what);
      expect(await alarm.rung()).to.equal(what);
    });
  }

  it('does not forget a stop because of a reload after it, or because it is reset', async () => {
    const alarm = new Alarm();
    alarm.ring('stop');
    alarm.ring('reload');
    alarm.reset();
    expect(await alarm.rung()).to.equal('stop');
  });

  it('forgets a reload when it is reset, and wakes with what comes then', async () => {
    const alarm = new Alarm();
    alarm.ring('reload');
    alarm.reset();
    const rung = alarm.rung();
    alarm.ring('stop');
    expect(await rung).to.equal('stop');
  });
});

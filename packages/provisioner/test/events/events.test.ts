import type { Client } from '@troupe/client';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventPublisher } from '../../src/events/event-publisher.js';
import { Events } from '../../src/events/events.js';
import type { ProvisionEvent } from '../../src/index.js';
import { logLines } from '../fixtures/log-lines.js';
import { settled } from '../fixtures/stub-network.js';

const left = { identity: 'web1', type: 'left', reason: 'why not' } as const;

describe('the events of a provisioner', () => {
  it('reach all who listen, with the time, until they do not listen any more', () => {
    const events = new Events(logLines().log);
    const heard: ProvisionEvent[] = [];
    const more: ProvisionEvent[] = [];
    const stop = events.on((event) => heard.push(event));
    events.on((event) => more.push(event));
    const before = Date.now();
    events.emit(left);
    stop();
    events.emit(left);
    expect([heard.length, more.length]).to.deep.equal([1, 2]);
    expect(heard[0]).to.include(left);
    expect(heard[0]?.time).to.be.within(before, Date.now());
  });

  it('have the full name of a node with a short identity, once it is known', () => {
    const events = new Events(logLines().log);
    const heard: ProvisionEvent[] = [];
    events.on((event) => heard.push(event));
    events.emit(left);
    events.learnName('web1', 'web1.example.net');
    events.learnName('web2.example.net', 'other.example.net');
    events.emit(left);
    events.emit({ ...left, identity: 'web2.example.net' });
    expect(heard.map(({ name }) => name)).to.deep.equal([undefined, 'web1.example.net', undefined]);
    expect(heard.map(({ identity }) => identity)).to.deep.equal(['web1', 'web1', 'web2.example.net']);
  });

  it('reach the others if one who listens throws, which is logged', () => {
    const { log, lines } = logLines();
    const events = new Events(log);
    const heard: ProvisionEvent[] = [];
    events.on(() => {
      throw new Error('a defect');
    });
    events.on((event) => heard.push(event));
    events.emit(left);
    expect(heard).to.have.length(1);
    expect(lines.map(({ level, reason }) => [level, reason])).to.deep.equal([[50, 'a defect']]);
  });

  describe('on the network', () => {
    const teller = (publishEvent: Client['publishEvent']) => {
      const { log, lines } = logLines();
      return { listener: eventPublisher({ publishEvent }, 'prov/1', log), lines };
    };

    it('carry the owner and no time', () => {
      const told: unknown[] = [];
      const { listener } = teller(async (kind, data) => void told.push([kind, data]));
      listener({ ...left, time: 1 });
      expect(told).to.deep.equal([['provision', { ...left, owner: 'prov/1' }]]);
    });

    it('are none of output, and none that a step begins', () => {
      const { listener } = teller(() => expect.fail('nothing is to be told'));
      listener({ identity: 'web1', time: 1, type: 'output', step: 'lock', text: 'a' });
      listener({ identity: 'web1', time: 1, type: 'step-started', step: 'lock', attempt: 1 });
    });

    it('are lost without a broker, which is logged once for each loss', async () => {
      let isAway = true;
      const { listener, lines } = teller(async () => {
        if (isAway) throw new Error('no broker');
      });
      const tell = async () => {
        listener({ ...left, time: 1 });
        await settled();
      };
      await tell();
      await tell();
      expect(lines.map(({ reason }) => reason)).to.deep.equal(['no broker']);
      isAway = false;
      await tell();
      isAway = true;
      await tell();
      expect(lines).to.have.length(2);
    });
  });
});

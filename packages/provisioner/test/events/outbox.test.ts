import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventId, waitingNotification } from '../../src/events/notification.js';
import type { Delivery } from '../../src/events/notifier.js';
import { Outbox } from '../../src/events/outbox.js';

const about = { identity: 'web1', state: 'clock-wrong', reason: 'its clock is 600 s behind' };

describe('the outbox', () => {
  const outbox = (isOn = true) => {
    const sent: string[] = [];
    const delivery: Delivery = { outcome: 'ok', reason: 'n1 notified' };
    const send = async ({ id }: { id: string }) => {
      sent.push(id);
      return delivery;
    };
    return { box: new Outbox({ send }, isOn), sent };
  };

  it('sends a message with the same id once', async () => {
    const { box, sent } = outbox();
    const message = waitingNotification({ ...about, id: eventId('clock', 'web1') });
    box.post(message);
    expect(await box.send(message)).to.deep.equal({ outcome: 'ok', reason: 'n1 notified' });
    box.post({ ...message, id: 'other' });
    expect(sent).to.deep.equal([message.id, 'other']);
  });

  it('sends nothing when notifications are off', () => {
    const { box, sent } = outbox(false);
    box.post(waitingNotification({ ...about, id: 'm1' }));
    expect(sent).to.deep.equal([]);
  });
});

describe('the id of an event', () => {
  it('is the same wherever it is made, differs between events, and is one that a notifier accepts', () => {
    expect(eventId('clock', 'web1', 'slow')).to.equal(eventId('clock', 'web1', 'slow'));
    expect(eventId('clock', 'web1', 'slow')).not.to.equal(eventId('clock', 'web1slow'));
    expect(eventId('clock', 'wéb 1')).to.match(/^clock-[0-9a-f]{32}$/);
  });
});

describe('the message about a node that waits', () => {
  it('has the state in its subject, the reason in its first line, and what to do', () => {
    const { subject, text, fields } = waitingNotification({ ...about, id: 'm1', advice: 'check NTP' });
    expect(subject).to.equal('web1 is waiting: clock-wrong');
    expect(text.split('\n')).to.deep.equal([
      'web1 is not provisioned yet (clock-wrong): its clock is 600 s behind',
      '',
      'check NTP',
      '',
      '"mcprovision explain web1" shows its history.',
    ]);
    expect(fields).to.deep.equal({
      node: 'web1',
      outcome: 'waiting',
      state: 'clock-wrong',
      reason: 'its clock is 600 s behind',
    });
  });
});

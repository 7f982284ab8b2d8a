import { expect } from 'chai';
import { describe, it } from 'mocha';
import { deliver } from '../src/deliver.js';
import { DeliveryError, type Notification, type Protocol, RecipientError } from '../src/protocol.js';
import { rejection } from './call.js';

const calm = new AbortController().signal;

function notification(recipient: string): Notification {
  return { id: '1', recipient, subject: 's', message: 'm', time: new Date(0) };
}

function recording(delivered: string[]): Protocol {
  return { deliver: async (address, { message }) => void delivered.push(`${address} ${message}`) };
}

describe('a delivery', () => {
  it('goes through the protocol that the recipient names', async () => {
    const mails: string[] = [];
    const hooks: string[] = [];
    const protocols = new Map([
      ['mailto', recording(mails)],
      ['webhook', recording(hooks)],
    ]);
    expect(await deliver(protocols, notification('webhook://ops'), calm)).to.equal('webhook');
    expect({ mails, hooks }).to.deep.equal({ mails: [], hooks: ['ops m'] });
  });

  it('names the protocols that are configured when one is not', async () => {
    const protocols = new Map([['mailto', recording([])]]);
    const error = await rejection(deliver(protocols, notification('sms://123'), calm));
    expect(error).to.be.instanceOf(DeliveryError);
    expect(error.message).to.equal('Protocol "sms" is not configured here; configured are: mailto');
  });

  for (const recipient of ['ops@example.com', '://x', 'mailto:x', 'MAILTO://x', 'mailto://', '']) {
    it(`refuses the recipient ${JSON.stringify(recipient)}`, async () => {
      const error = await rejection(deliver(new Map(), notification(recipient), calm));
      expect(error).to.be.instanceOf(RecipientError);
      expect(error.message).to.equal(
        `Recipient ${JSON.stringify(recipient)} is not of the form protocol://name`,
      );
    });
  }

  it('does not begin when it is cancelled already', async () => {
    const delivered: string[] = [];
    const protocols = new Map([['mailto', recording(delivered)]]);
    await rejection(deliver(protocols, notification('mailto://x'), AbortSignal.abort()));
    expect(delivered).to.deep.equal([]);
  });
});

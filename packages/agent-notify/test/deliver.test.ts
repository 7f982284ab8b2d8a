import { expect } from 'chai';
import { describe, it } from 'mocha';
import { deliver, type Routes } from '../src/deliver.js';
import { DeliveryError, RecipientError } from '../src/delivery-error.js';
import type { Notification } from '../src/notification.js';
import type { Protocol } from '../src/protocols/protocol.js';
import { asIs } from '../src/template/escape.js';
import { rejection } from './call.js';

const calm = new AbortController().signal;

function notification(recipient: string): Notification {
  return {
    id: '1',
    recipient,
    subject: 's',
    message: 'm',
    time: new Date(0),
    caller: 'rip.mcollective',
    host: 'notifier',
    fields: {},
  };
}

function routes(protocols: ReadonlyMap<string, Protocol>): Routes {
  return { protocols, templates: new Map() };
}

function recording(delivered: string[]): Protocol {
  return {
    layout: () => ({
      subject: { template: '{{subject}}', escape: asIs },
      body: { template: '{{message}}', escape: asIs },
    }),
    deliver: async ({ address, body }) => void delivered.push(`${address} ${body}`),
  };
}

describe('a delivery', () => {
  it('goes through the protocol that the recipient names', async () => {
    const mails: string[] = [];
    const hooks: string[] = [];
    const protocols = new Map([
      ['mailto', recording(mails)],
      ['webhook', recording(hooks)],
    ]);
    await deliver(routes(protocols), notification('webhook://ops'), calm);
    expect({ mails, hooks }).to.deep.equal({ mails: [], hooks: ['ops m'] });
  });

  it('names the protocols that are configured when one is not', async () => {
    const protocols = new Map([['mailto', recording([])]]);
    const error = await rejection(deliver(routes(protocols), notification('xmpp://a@b'), calm));
    expect(error).to.be.instanceOf(DeliveryError);
    expect(error.message).to.equal('Protocol "xmpp" is not configured on this notifier; configured: mailto');
  });

  it('names the protocols that there are when one is not', async () => {
    const protocols = new Map([['mailto', recording([])]]);
    const error = await rejection(deliver(routes(protocols), notification('sms://123'), calm));
    expect(error).to.be.instanceOf(RecipientError);
    expect(error.message).to.equal(
      'Unknown protocol "sms"; supported: caldav, exec, mailto, mastodon, ntfy, pushover, slack, stdout, webhook, xmpp',
    );
  });

  it('is made by the template of its recipient, if there is one', async () => {
    const hooks: string[] = [];
    const protocols = new Map([['webhook', recording(hooks)]]);
    const templates = new Map([['webhook://ops', { body: '{{caller}} by {{host}}: {{message}}' }]]);
    await deliver({ protocols, templates }, notification('webhook://ops'), calm);
    await deliver({ protocols, templates }, notification('webhook://other'), calm);
    expect(hooks).to.deep.equal(['ops rip.mcollective by notifier: m', 'other m']);
  });

  for (const recipient of ['ops@example.com', '://x', 'mailto:x', 'MAILTO://x', 'mailto://', '']) {
    it(`refuses the recipient ${JSON.stringify(recipient)}`, async () => {
      const error = await rejection(deliver(routes(new Map()), notification(recipient), calm));
      expect(error).to.be.instanceOf(RecipientError);
      expect(error.message).to.equal(
        `Invalid recipient ${JSON.stringify(recipient)}: expected PROTOCOL://NAME`,
      );
    });
  }

  it('does not begin when it is cancelled already', async () => {
    const delivered: string[] = [];
    const protocols = new Map([['mailto', recording(delivered)]]);
    await rejection(deliver(routes(protocols), notification('mailto://x'), AbortSignal.abort()));
    expect(delivered).to.deep.equal([]);
  });
});

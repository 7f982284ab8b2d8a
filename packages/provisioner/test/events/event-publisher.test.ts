import type { Event } from '@troupe/client';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };

describe('events on the network', () => {
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create({ isSecure: true });
  });
  afterEach(() => testbed.close());

  it('tell each step of a node to whoever listens, signed by the provisioner', async () => {
    await testbed.master('puppet1', eu);
    const heard: Event[] = [];
    await (await testbed.client()).onEvent((event) => heard.push(event));
    const watched = await testbed.provisioner();
    await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    await waitFor('the end', () => heard.some(({ data }) => data.type === 'done'));
    expect(new Set(heard.map(({ kind, sender }) => `${kind} of ${sender}`))).to.deep.equal(
      new Set([`provision of ${watched.client.caller}`]),
    );
    const steps = heard.filter(({ data }) => data.type === 'step-ended').map(({ data }) => data.step);
    expect(steps).to.deep.equal(watched.of('step-ended', 'web1').map(({ step }) => step));
    expect(heard[0]?.data).to.include({ identity: 'web1', owner: watched.provisioner.owner });
  });

  it('are not told where the configuration says so', async () => {
    await testbed.master('puppet1', eu);
    const heard: Event[] = [];
    const listener = await testbed.client();
    await listener.onEvent((event) => heard.push(event));
    const watched = await testbed.provisioner('events: false');
    await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    await (await testbed.client()).publishEvent('other', {});
    await waitFor('the event of somebody else', () => heard.length > 0);
    expect(heard.map(({ kind }) => kind)).to.deep.equal(['other']);
  });
});

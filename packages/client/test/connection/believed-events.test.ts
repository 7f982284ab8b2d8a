import { type Logger, MemoryBroker, type Security, Topics } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { EventChannel } from '../../src/connection/event-channel.js';
import type { Event } from '../../src/index.js';

const topics = new Topics();
const sound: Event = {
  v: 1,
  type: 'event',
  kind: 'provision',
  sender: 'a',
  collective: 'm',
  time: 5,
  data: { x: 1 },
};

describe('an event', () => {
  let broker: MemoryBroker;
  let heard: Event[];
  let rejected: string[];

  beforeEach(async () => {
    broker = new MemoryBroker();
    heard = [];
    rejected = [];
    const security = {
      verifier: {
        verify: async (text: string) => {
          const { payload, name } = JSON.parse(text);
          return { payload: Buffer.from(JSON.stringify(payload)), proof: { key: 'k', name } };
        },
      },
    } as unknown as Security;
    const debug = ({ reason }: { reason: string }) => rejected.push(reason);
    const log = { debug } as unknown as Logger;
    const channel = new EventChannel({ transport: broker.connect(), topics, security, log });
    await channel.subscribe('m', (event) => heard.push(event));
  });

  function tell(
    payload: unknown,
    { name, topic = topics.event('m', 'a') }: { name?: string; topic?: string } = {},
  ) {
    broker.route(topic, Buffer.from(JSON.stringify({ payload, name })), false);
  }
  async function judged(): Promise<readonly Event[]> {
    tell({ ...sound, kind: 'fence' });
    await waitFor('the last event', () => heard.at(-1)?.kind === 'fence', { intervalMs: 1 });
    return heard.slice(0, -1);
  }

  it('is accepted on the topic of its sender, signed by it or unsigned', async () => {
    tell(sound);
    tell(sound, { name: 'a' });
    expect(await judged()).to.deep.equal([sound, sound]);
    expect(rejected).to.deep.equal([]);
  });

  for (const [what, payload] of [
    ['nothing', null],
    ['of another version', { ...sound, v: 2 }],
    ['of another type', { ...sound, type: 'reply' }],
    ['without a kind', { ...sound, kind: undefined }],
    ['of another collective', { ...sound, collective: 'x' }],
    ['without a time', { ...sound, time: 'soon' }],
    ['without data', { ...sound, data: undefined }],
    ['with data that is null', { ...sound, data: null }],
    ['with data that is a text', { ...sound, data: 'x' }],
  ] as const)
    it(`is rejected if it is ${what}`, async () => {
      tell(payload);
      expect(await judged()).to.deep.equal([]);
      expect(rejected).to.deep.equal(['malformed event']);
    });

  for (const [what, payload, how, reason] of [
    ['another has signed it', sound, { name: 'b' }, 'an event from "b" arrived on the topic of "a"'],
    ['its sender is another', { ...sound, sender: 'b' }, {}, 'an event from "b" arrived on the topic of "a"'],
    [
      'another has signed it in its own name',
      { ...sound, sender: 'b' },
      { name: 'b' },
      'an event from "b" arrived on the topic of "a"',
    ],
    [
      'it came on no topic of events',
      sound,
      { topic: 'mco/m/event/a/b' },
      'an event from "a" arrived on the topic of "undefined"',
    ],
  ] as const)
    it(`is rejected if ${what}`, async () => {
      tell(payload, how);
      expect(await judged()).to.deep.equal([]);
      expect(rejected).to.deep.equal([reason]);
    });
});

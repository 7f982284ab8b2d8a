import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createLogger } from '../../src/log/logger.js';
import { announce, offlineWill, parsePresence } from '../../src/message/presence.js';
import { Topics } from '../../src/transport/topics.js';
import type { PublishOptions, Transport } from '../../src/transport/transport.js';

const record = { v: 1, identity: 'web1.lab', since: 1000, version: '1.2.3' } as const;
const topics = new Topics();
const bytes = (text: string) => Buffer.from(text);

describe('the presence of a node', () => {
  it('is read from its record', () => {
    const online = { ...record, online: true };
    expect(parsePresence(bytes(JSON.stringify(online)))).to.deep.equal(online);
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a text', '"web1.lab"'],
    ['no identity', '{"online":true}'],
    ['an identity that is a number', '{"identity":1,"online":true}'],
    ['no state', '{"identity":"web1.lab"}'],
    ['a state that is a text', '{"identity":"web1.lab","online":"yes"}'],
  ] as const) {
    it(`is unknown if the record is ${what}`, () => {
      expect(parsePresence(bytes(text))).to.equal(undefined);
    });
  }

  it('is unknown if the record is larger than 4 KiB', () => {
    const text = JSON.stringify({ ...record, online: false });
    expect(parsePresence(bytes(text.padEnd(4096)))).to.deep.equal({ ...record, online: false });
    expect(parsePresence(bytes(text.padEnd(4097)))).to.equal(undefined);
  });

  it('is offline in the will', () => {
    const { topic, payload } = offlineWill(topics, 'eu', record);
    expect(topic).to.equal('mco/eu/presence/web1.lab');
    expect(parsePresence(payload)).to.deep.equal({ ...record, online: false });
  });

  describe('that is announced', () => {
    function announced(publish: () => Promise<void> = async () => {}) {
      const told: { topic: string; record: unknown; options: PublishOptions | undefined }[] = [];
      const lines: { level: number; msg: string; reason?: string }[] = [];
      const log = createLogger({
        level: 'trace',
        destination: { write: (line) => void lines.push(JSON.parse(line)) },
      });
      let connect = () => {};
      const transport = {
        publish: async (topic: string, payload: Uint8Array, options?: PublishOptions) => {
          await publish();
          told.push({ topic, record: parsePresence(payload) ?? payload.length, options });
        },
        onConnect: (listener: () => void) => {
          connect = listener;
        },
      } as unknown as Transport;
      const { leave, update } = announce({ transport, topics, log }, 'eu', record.identity, () => record);
      return { told, lines, leave, update, transport, connect: () => connect() };
    }
    const topic = 'mco/eu/presence/web1.lab';
    const options = { qos: 1, retain: true };

    it('is online after each connect', async () => {
      const { told, connect } = announced();
      for (const _ of [1, 2]) connect();
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).to.deep.equal(Array(2).fill({ topic, record: { ...record, online: true }, options }));
    });

    it('is published again when it has changed, if there is a connection', async () => {
      const { told, update, transport } = announced();
      await update();
      expect(told).to.deep.equal([]);
      Object.assign(transport, { connected: true });
      await update();
      expect(told).to.deep.equal([{ topic, record: { ...record, online: true }, options }]);
    });

    it('is offline when the node disconnects', async () => {
      const { told, leave } = announced();
      await leave({ forget: false });
      expect(told).to.deep.equal([{ topic, record: { ...record, online: false }, options }]);
    });

    it('is removed when the node disconnects for good', async () => {
      const { told, leave } = announced();
      await leave({ forget: true });
      expect(told).to.deep.equal([{ topic, record: 0, options }]);
    });

    it('is only logged if it cannot be published', async () => {
      const { told, leave, lines } = announced(() => Promise.reject(new Error('not connected')));
      await leave({ forget: false });
      expect(told).to.deep.equal([]);
      expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).to.deep.equal([
        [40, 'cannot publish the presence record', 'not connected'],
      ]);
    });
  });
});

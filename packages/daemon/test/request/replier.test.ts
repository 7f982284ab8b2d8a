import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Reply, type Signer, Topics, type Transport } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { Replier } from '../../src/request/replier.js';
import { newStats, type Stats } from '../../src/request/stats.js';
import { keptLog } from '../agents/external/actor.js';

const most = 751_697;
const plain = { v: 1 } as const;

const result = (parts: object = {}) =>
  ({
    v: 1,
    type: 'reply',
    kind: 'result',
    id: 'a'.repeat(32),
    time: 1,
    seq: 1,
    sender: 'web1.lab',
    caller: 'rip.mcollective',
    session: 's1',
    collective: 'mcollective',
    agent: 'work',
    action: 'do',
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: { text: '' },
    ...parts,
  }) as Reply;

describe('Replier', () => {
  let sent: { topic: string; text: string }[];
  let stats: Stats;
  let replier: Replier;
  let lines: ReturnType<typeof keptLog>['lines'];
  let publish: () => Promise<void>;
  let sign: (text: string) => Promise<string>;
  beforeEach(() => {
    sent = [];
    stats = newStats();
    publish = async () => {};
    sign = async (text) => text;
    const kept = keptLog();
    lines = kept.lines;
    const signer: Signer = {
      name: 'web1.lab',
      sign: (payload, protection) => sign(`${protection?.as ?? 'signed'}:${Buffer.from(payload).toString()}`),
    };
    const transport = {
      publish: async (topic: string, bytes: Uint8Array) => {
        await publish();
        sent.push({ topic, text: Buffer.from(bytes).toString('latin1') });
      },
    } as unknown as Transport;
    replier = new Replier({ security: { signer }, topics: new Topics(), transport, stats, log: kept.log });
  });

  const told = () => sent.map(({ text }) => JSON.parse(text.slice(text.indexOf(':') + 1)) as Reply);

  it('publishes a reply to its session with the given protection, and counts it', async () => {
    replier.send(result(), plain);
    replier.send(result({ session: 's2' }), { v: 1, protection: { as: 'offering' } });
    await replier.idle();
    expect(sent.map(({ topic }) => topic)).to.deep.equal(
      ['s1', 's2'].map((session) => `mco/mcollective/reply/rip.mcollective/${session}/web1.lab`),
    );
    expect(sent.map(({ text }) => text.split(':')[0])).to.deep.equal(['signed', 'offering']);
    expect(told()[0]).to.deep.equal(result());
    expect(stats.replies).to.equal(2);
  });

  it('keeps the order of replies to one session, independently of other sessions', async () => {
    let sign1 = () => {};
    sign = (text) => {
      if (!text.includes('"seq":1') || text.includes('"s2"')) return Promise.resolve(text);
      return new Promise((resolve) => {
        sign1 = () => resolve(text);
      });
    };
    for (const seq of [1, 2]) replier.send(result({ seq }), plain);
    replier.send(result({ session: 's2' }), plain);
    const other = result({ id: 'b'.repeat(32), seq: 3 });
    replier.send(other, plain);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told()).to.deep.equal([result({ session: 's2' }), other]);
    sign1();
    await replier.idle();
    expect(told().slice(2)).to.deep.equal([result({ seq: 1 }), result({ seq: 2 })]);
  });

  it('is idle only after everything is sent', async () => {
    let go = () => {};
    publish = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    replier.send(result(), plain);
    let isIdle = false;
    const idle = replier.idle().then(() => {
      isIdle = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIdle).to.equal(false);
    go();
    await idle;
    expect(sent).to.have.length(1);
    await replier.idle();
  });

  it('logs a reply that cannot be sent, and sends the next one', async () => {
    publish = () => Promise.reject(new Error('not connected to a broker'));
    replier.send(result(), plain);
    await replier.idle();
    publish = async () => {};
    replier.send(result({ seq: 2 }), plain);
    await replier.idle();
    expect(told()).to.deep.equal([result({ seq: 2 })]);
    expect(stats.replies).to.equal(1);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({
      level: 40,
      msg: 'cannot send a reply; it is kept for clients that ask again',
      request: 'a'.repeat(32),
      reason: 'not connected to a broker',
    });
  });

  it('does not retain what it has sent', async () => {
    v8.setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = () => {
      sent.splice(0);
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    for (let index = 0; index < 30_000; index += 1) {
      replier.send(result({ id: index.toString(16).padStart(32, '0') }), plain);
      if (index % 1000 === 0) {
        await replier.idle();
        sent.splice(0);
      }
    }
    await replier.idle();
    expect(heap() - before).to.be.below(3_000_000);
  });

  describe('with a reply that is too large', () => {
    // Two bytes for each letter.
    const sized = (bytes: number, parts: object = {}) => {
      const rest = bytes - Buffer.byteLength(JSON.stringify(result(parts)));
      const text = 'é'.repeat(Math.floor(rest / 2)) + 'x'.repeat(rest % 2);
      const reply = result({ ...parts, data: { text } });
      expect(Buffer.byteLength(JSON.stringify(reply))).to.equal(bytes);
      return reply;
    };
    const words = `the reply has ${most + 1} bytes, more than the limit of ${most}: ask for less`;
    const send = async (reply: Reply) => {
      replier.send(reply, plain);
      await replier.idle();
      // Bytes were told as latin1.
      return Buffer.from(sent.map(({ text }) => text.slice('signed:'.length)).join(), 'latin1').toString();
    };
    beforeEach(() => {
      sign = async (text) => Buffer.from(text).toString('latin1');
    });

    it('sends it if it just fits', async () => {
      const reply = sized(most);
      expect(await send(reply)).to.equal(JSON.stringify(reply));
    });

    it('sends a failure instead of a result', async () => {
      expect(JSON.parse(await send(sized(most + 1)))).to.deep.equal(
        result({ outcome: 'failed', statuscode: 5, statusmsg: words, data: {} }),
      );
    });

    it('sends the reason instead of progress', async () => {
      const parts = { kind: 'progress', outcome: undefined, statuscode: undefined, statusmsg: undefined };
      expect(JSON.parse(await send(sized(most + 1, parts)))).to.deep.equal(
        JSON.parse(JSON.stringify(result({ ...parts, data: `(${words})` }))),
      );
    });
  });

  it('bounds the replies that a slow broker has not taken, for each caller', async () => {
    let take = () => {};
    const taken = new Promise<void>((resolve) => {
      take = resolve;
    });
    publish = () => taken;
    const data = { text: 'x'.repeat(500_000) };
    for (let id = 0; id < 100; id += 1) replier.send(result({ id: `${id}`, data }), plain);
    replier.send(result({ id: 'of another', caller: 'ann.mcollective' }), plain);
    take();
    await replier.idle();
    expect(sent.length).to.be.within(40, 60);
    expect(told().map(({ id }) => id)).to.include('of another');
    expect(lines.length).to.equal(100 + 1 - sent.length);
    replier.send(result({ id: 'later' }), plain);
    await replier.idle();
    expect(told().at(-1)?.id).to.equal('later');
  });
});

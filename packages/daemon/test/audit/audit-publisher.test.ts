import { type PublishOptions, type Signer, Topics, type Transport } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { AuditPublisher } from '../../src/audit/audit-publisher.js';
import { keptLog } from '../agents/external/actor.js';

describe('AuditPublisher', () => {
  const told: { topic: string; line: string; options: PublishOptions | undefined }[] = [];
  const signer: Signer = { name: 'web1.lab', sign: async (payload) => Buffer.from(payload).toString() };

  function publisher(publish: (line: string) => Promise<void>) {
    told.splice(0);
    const { log, lines } = keptLog();
    const transport = {
      publish: async (topic: string, bytes: Uint8Array, options?: PublishOptions) => {
        const { line, time } = JSON.parse(Buffer.from(bytes).toString()) as { line: string; time: number };
        expect(time).to.be.within(Date.now() - 60_000, Date.now());
        await publish(line);
        told.push({ topic, line, options });
      },
    } as unknown as Transport;
    const parts = { signer, topics: new Topics(), transport, collective: 'eu', log };
    return { publisher: new AuditPublisher(parts), lines };
  }
  const sent = (line: string) => ({ topic: 'mco/eu/event/web1.lab', line, options: { qos: 1 } });

  it('publishes lines one after the other, in order', async () => {
    let go = () => {};
    const { publisher: subject } = publisher((line) =>
      line === 'first'
        ? new Promise((resolve) => {
            go = resolve;
          })
        : Promise.resolve(),
    );
    for (const line of ['first', 'second']) subject.publish(line);
    let isIdle = false;
    const idle = subject.idle().then(() => {
      isIdle = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([told, isIdle]).to.deep.equal([[], false]);
    go();
    await idle;
    expect(told).to.deep.equal([sent('first'), sent('second')]);
  });

  it('continues after a line that cannot be published', async () => {
    const { publisher: subject, lines } = publisher(async (line) => {
      if (line === 'first') throw new Error('not connected');
    });
    for (const line of ['first', 'second']) subject.publish(line);
    await subject.idle();
    expect(told).to.deep.equal([sent('second')]);
    expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).to.deep.equal([
      [40, 'cannot publish an audit entry; it is still in the audit file', 'not connected'],
    ]);
  });

  it('drops lines that a slow broker does not take, and says how many', async () => {
    let go = () => {};
    const slow = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { publisher: subject, lines } = publisher(() => slow);
    for (let count = 0; count < 20; count += 1) subject.publish(`${count} ${'x'.repeat(1024 * 1024)}`);
    go();
    await subject.idle();
    expect(told.map(({ line }) => Number(line.split(' ')[0]))).to.deep.equal([...Array(15).keys()]);
    expect(lines.map(({ level, entries }) => [level, entries])).to.deep.equal([[40, 5]]);
    subject.publish('later');
    await subject.idle();
    expect(told.at(-1)).to.deep.equal(sent('later'));
  });
});

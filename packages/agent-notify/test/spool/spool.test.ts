import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@troupe/core';
import { replaceFile } from '@troupe/core/durable-file';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DeliveryError } from '../../src/delivery-error.js';
import type { Notification } from '../../src/notification.js';
import { SpoolFolder } from '../../src/spool/folder.js';
import type { SpoolPolicy } from '../../src/spool/policy.js';
import { encode, keyOf } from '../../src/spool/record.js';
import { Spool } from '../../src/spool/spool.js';

const policy: SpoolPolicy = {
  first_delay: 0.02,
  max_delay: 0.05,
  give_up_after: 3600,
  keep_dead: 3600,
  remember: 3600,
  max_messages: 3,
  concurrency: 2,
};
// Nothing comes again by itself within a test.
const patient: SpoolPolicy = { ...policy, first_delay: 3600, max_delay: 3600 };

function notification(id: string, recipient = 'stdout://a'): Notification {
  const about = { subject: 's', time: new Date(0), caller: 'rip.mcollective', host: 'notifier', fields: {} };
  return { id, recipient, message: `text of ${id}`, ...about };
}

describe('the spool', () => {
  let folder: TempFolder;
  let spool: Spool;
  let log: Record<string, unknown>[];
  /** The ids that were delivered, in order. */
  let delivered: string[];
  /** What happens instead of a delivery. */
  let trouble: ((id: string, signal: AbortSignal) => Promise<void>) | undefined;
  let replace: typeof replaceFile;
  /** Ends what `holdWriting` began. */
  let writeDown: () => void;

  beforeEach(async () => {
    folder = await createTempFolder();
    log = [];
    delivered = [];
    trouble = undefined;
    replace = replaceFile;
    writeDown = () => {};
  });
  afterEach(async () => {
    writeDown();
    await spool.close();
    await folder.close();
  });

  async function open(how: SpoolPolicy = patient, now?: () => number): Promise<Spool> {
    const logger = createLogger({
      level: 'debug',
      destination: { write: (line) => void log.push(JSON.parse(line)) },
    });
    const write: typeof replaceFile = (...words) => replace(...words);
    spool = await Spool.open({
      folder: await SpoolFolder.open(folder.join('spool'), logger, write),
      policy: how,
      deliver: async ({ id }, signal) => {
        await trouble?.(id, signal);
        delivered.push(id);
      },
      log: logger,
      ...(now && { now }),
    });
    return spool;
  }

  function send(id: string, more: { keep?: boolean; remember?: boolean; signal?: AbortSignal } = {}) {
    const { keep = true, remember = false, signal = new AbortController().signal } = more;
    return spool.send(notification(id), { keep, remember, signal });
  }

  /** Lets nothing be written from now on until `writeDown` is called. */
  function holdWriting(): void {
    const released = new Promise<void>((resolve) => {
      writeDown = resolve;
    });
    replace = async (...words) => {
      await released;
      return replaceFile(...words);
    };
  }

  const files = () => readdirSync(folder.join('spool')).filter((name) => name.endsWith('.message'));
  const down = async () => {
    throw new DeliveryError('the server is down');
  };
  const refused = async () => {
    throw new DeliveryError('nobody lives there', { isFinal: true });
  };

  it('delivers, and keeps nothing of what is delivered', async () => {
    await open();
    trouble = async () => {
      expect(files()).to.have.length(1);
    };
    expect(await send('1')).to.deep.equal({ state: 'delivered', isRepeat: false });
    expect(delivered).to.deep.equal(['1']);
    expect(files()).to.deep.equal([]);
  });

  it('tries again until it is delivered', async () => {
    await open(policy);
    let attempts = 0;
    trouble = async () => {
      attempts += 1;
      if (attempts < 4) await down();
    };
    const outcome = await send('1');
    expect(outcome).to.include({ state: 'waiting', reason: 'the server is down' });
    await waitFor('the delivery', () => delivered.length === 1);
    await waitFor('an empty spool', () => spool.records().length === 0);
    expect(files()).to.deep.equal([]);
    expect(attempts).to.equal(4);
  });

  it('says since when, how often, why, and when again', async () => {
    const at = Date.parse('2030-01-01T00:00:00Z');
    await open(patient, () => at);
    trouble = down;
    await send('1');
    const [record] = spool.records();
    expect(record).to.include({ state: 'waiting', since: at, attempts: 1, reason: 'the server is down' });
    expect(record?.next).to.be.within(at + 1_800_000, at + 3_600_000);
  });

  it('waits as long as the other side has asked for', async () => {
    const at = Date.parse('2030-01-01T00:00:00Z');
    await open(policy, () => at);
    trouble = async () => {
      throw new DeliveryError('too many', { retryAfterSeconds: 120 });
    };
    expect(await send('1')).to.include({ state: 'waiting', next: at + 120_000 });
  });

  it('leaves to its caller what nobody will ever take, and keeps nothing of it', async () => {
    await open();
    trouble = refused;
    const outcome = await send('1');
    expect(outcome.state === 'failed' && outcome.error.message).to.equal('nobody lives there');
    expect(files()).to.deep.equal([]);
  });

  it('keeps nothing where that is not wanted', async () => {
    await open();
    trouble = async () => {
      expect(files()).to.deep.equal([]);
      await down();
    };
    expect((await send('1', { keep: false })).state).to.equal('failed');
    expect(spool.records()).to.deep.equal([]);
  });

  it('makes a dead letter of what was accepted and cannot be delivered in time', async () => {
    let now = Date.now();
    await open({ ...patient, give_up_after: 60 }, () => now);
    trouble = down;
    await send('1');
    now += 61_000;
    await spool.retry('1');
    // A retry gives it its whole time again.
    await waitFor('the second attempt', () => spool.records()[0]?.attempts === 2);
    expect(spool.records()[0]?.state).to.equal('waiting');
    now += 61_000;
    await waitFor('the dead letter', async () => {
      await send('1');
      return spool.records()[0]?.state === 'dead';
    });
    expect(spool.records()[0]?.reason).to.equal('the server is down');
    expect(log.some(({ level, msg }) => level === 50 && String(msg).includes('dead letter'))).to.equal(true);
  });

  it('makes a dead letter of what was accepted and then refused for good', async () => {
    await open();
    trouble = down;
    await send('1');
    trouble = refused;
    expect(await spool.retry('1')).to.equal(1);
    await waitFor('the end', () => spool.records()[0]?.state === 'dead');
    expect(spool.records()[0]?.reason).to.equal('nobody lives there');
  });

  it('delivers dead letters when it is told to try again', async () => {
    await open();
    trouble = down;
    for (const id of ['1', '2']) await send(id);
    trouble = refused;
    await spool.retry(undefined);
    await waitFor('the dead letters', () => spool.records().every(({ state }) => state === 'dead'));
    trouble = undefined;
    expect(await spool.retry(undefined)).to.equal(2);
    // Its file is gone a moment before what is known of it.
    await waitFor('the deliveries', () => files().length === 0 && spool.records().length === 0);
    expect(delivered.sort()).to.deep.equal(['1', '2']);
    expect(await spool.retry('1')).to.equal(0);
  });

  it('tries a dead letter again even while it is written down as one', async () => {
    await open();
    trouble = down;
    await send('1');
    trouble = () => {
      holdWriting();
      return refused();
    };
    await spool.retry('1');
    await waitFor('the dead letter', () => spool.records()[0]?.state === 'dead', { intervalMs: 1 });
    trouble = undefined;
    const retried = spool.retry('1');
    writeDown();
    expect(await retried).to.equal(1);
    await waitFor('the delivery', () => delivered.length === 1);
  });

  it('leaves no file of what is delivered while a retry is written down', async () => {
    await open();
    trouble = down;
    for (const id of ['1', '2']) await send(id);
    trouble = undefined;
    holdWriting();
    const retried = spool.retry(undefined);
    await send('2');
    const sent = send('1');
    await waitFor('the delivery', () => delivered.length === 2, { intervalMs: 1 });
    writeDown();
    await Promise.all([sent, retried]);
    expect(delivered.sort()).to.deep.equal(['1', '2']);
    expect(files()).to.deep.equal([]);
    expect(spool.records()).to.deep.equal([]);
  });

  it('throws away what it is told to', async () => {
    await open();
    trouble = down;
    for (const id of ['1', '2']) await send(id);
    expect(await spool.discard('1')).to.equal(1);
    // Without an id it means dead letters only.
    expect(await spool.discard(undefined)).to.equal(0);
    expect(spool.records().map(({ notification: { id } }) => id)).to.deep.equal(['2']);
    expect(files()).to.have.length(1);
  });

  it('deletes dead letters that are older than keep_dead, and logs it', async () => {
    let now = Date.now();
    await open({ ...patient, keep_dead: 60 }, () => now);
    trouble = down;
    await send('1');
    trouble = refused;
    await spool.retry('1');
    await waitFor('the dead letter', () => spool.records()[0]?.state === 'dead');
    now += 61_000;
    await spool.retry('none');
    await waitFor('it to go', () => spool.records().length === 0);
    expect(log.some(({ msg }) => String(msg).includes('dead letter deleted'))).to.equal(true);
  });

  describe('and a restart', () => {
    it('goes on where it was', async () => {
      await open();
      trouble = down;
      await send('1');
      const [before] = spool.records();
      await spool.close();
      await open();
      expect(spool.records()).to.deep.equal([before]);
    });

    it('delivers what was due in between', async () => {
      await open(policy);
      trouble = down;
      await send('1');
      await spool.close();
      trouble = undefined;
      await open(policy);
      await waitFor('the delivery', () => delivered.length === 1);
    });

    it('keeps what was under way', async () => {
      await open();
      trouble = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
      const sent = send('1');
      await waitFor('the file', () => files().length === 1);
      await spool.close();
      expect(await sent).to.include({ state: 'waiting', reason: 'mcod on this notifier is shutting down' });
      trouble = undefined;
      await open();
      await waitFor('the delivery', () => delivered.length === 1);
    });

    it('remembers what it has delivered, if the id is its caller’s', async () => {
      await open();
      await send('1', { remember: true });
      await spool.close();
      await open();
      expect(await send('1', { remember: true })).to.deep.equal({ state: 'delivered', isRepeat: true });
      expect(delivered).to.deep.equal(['1']);
      const [file = ''] = files();
      expect(readFileSync(folder.join('spool', file), 'utf8')).to.not.include('text of 1');
    });

    it('forgets it after a while', async () => {
      let now = Date.now();
      await open({ ...patient, remember: 60 }, () => now);
      await send('1', { remember: true });
      now += 61_000;
      await spool.close();
      await open({ ...patient, remember: 60 }, () => now);
      await waitFor('the file to go', () => files().length === 0);
      await waitFor('another delivery', async () => {
        await send('1', { remember: true });
        return delivered.length === 2;
      });
    });
  });

  describe('and two copies of the same message', () => {
    it('delivers one when both come at once', async () => {
      await open();
      const outcomes = await Promise.all([send('1', { remember: true }), send('1', { remember: true })]);
      expect(outcomes.map(({ state }) => state)).to.deep.equal(['delivered', 'delivered']);
      expect(delivered).to.deep.equal(['1']);
    });

    it('delivers one when the second comes while the first is written down', async () => {
      await open();
      holdWriting();
      const first = send('1');
      const second = send('1');
      // A message that nobody keeps overtakes the two: what the second could do before the first is on disk is done then.
      await send('2', { keep: false });
      expect(delivered).to.deep.equal(['2']);
      writeDown();
      await Promise.all([first, second]);
      expect(delivered).to.deep.equal(['2', '1']);
    });

    it('delivers one when the first waits', async () => {
      await open();
      trouble = down;
      await send('1', { remember: true });
      trouble = undefined;
      expect(await send('1', { remember: true })).to.deep.equal({ state: 'delivered', isRepeat: false });
      expect(await send('1', { remember: true })).to.deep.equal({ state: 'delivered', isRepeat: true });
      expect(delivered).to.deep.equal(['1']);
    });

    it('takes the same id for another recipient as another message', async () => {
      await open();
      const signal = new AbortController().signal;
      const more = { keep: true, remember: true, signal };
      await spool.send(notification('1', 'stdout://a'), more);
      await spool.send(notification('1', 'stdout://b'), more);
      expect(delivered).to.deep.equal(['1', '1']);
    });
  });

  describe('and a full disk', () => {
    const full: typeof replaceFile = async (file) => {
      throw Object.assign(new Error(`ENOSPC: no space left on device, write '${file}'`), { code: 'ENOSPC' });
    };

    it('delivers all the same', async () => {
      await open();
      replace = full;
      expect((await send('1', { remember: true })).state).to.equal('delivered');
      expect(await send('1', { remember: true })).to.include({ isRepeat: true });
      expect(delivered).to.deep.equal(['1']);
    });

    it('says that it cannot keep what it cannot deliver', async () => {
      await open();
      replace = full;
      trouble = down;
      const outcome = await send('1');
      expect(outcome.state === 'failed' && outcome.error.message).to.match(
        /^the server is down; it cannot be kept in the spool either: ENOSPC/,
      );
      expect(spool.records()).to.deep.equal([]);
    });

    it('goes on with what it has', async () => {
      await open(policy);
      trouble = down;
      await send('1');
      replace = full;
      await waitFor('more attempts', () => (spool.records()[0]?.attempts ?? 0) > 3);
      trouble = undefined;
      await waitFor('the delivery', () => delivered.length === 1);
      await waitFor('the file to go', () => files().length === 0);
    });
  });

  it('keeps at most max_messages, and reports that the spool is full', async () => {
    await open();
    trouble = down;
    for (const id of ['1', '2', '3']) expect((await send(id)).state).to.equal('waiting');
    const outcome = await send('4');
    expect(outcome.state === 'failed' && outcome.error.message).to.equal(
      'the server is down; it cannot be kept in the spool either: the spool is full (max_messages: 3)',
    );
  });

  it('lets a protocol that hangs delay no other', async () => {
    await open();
    const hanging = new Set<string>();
    trouble = (id, signal) =>
      id.startsWith('hang')
        ? new Promise((_resolve, reject) => {
            hanging.add(id);
            signal.addEventListener('abort', reject);
          })
        : Promise.resolve();
    const controller = new AbortController();
    const { signal } = controller;
    // As many as may be attempted at a time for one protocol.
    const sent = ['hang1', 'hang2'].map((id) =>
      spool.send(notification(id, 'mailto://a@b.c'), { keep: true, remember: false, signal }),
    );
    expect((await send('1')).state).to.equal('delivered');
    await waitFor('all that hang', () => hanging.size === sent.length);
    controller.abort();
    for (const outcome of await Promise.all(sent))
      expect(outcome).to.include({ state: 'waiting', reason: 'delivery is still in progress' });
  });

  it('answers in time what waits behind a server that hangs, and does not deliver it later', async () => {
    await open();
    const hanging: (() => void)[] = [];
    trouble = () => new Promise((resolve) => hanging.push(resolve));
    const others = ['1', '2'].map((id) => send(id, { keep: false }));
    await waitFor('those that hang', () => hanging.length === 2);
    const outcome = await send('3', { keep: false, signal: AbortSignal.timeout(10) });
    expect(outcome.state === 'failed' && outcome.error.message).to.equal(
      'Not delivered before the timeout of the call',
    );
    for (const go of hanging) go();
    await Promise.all(others);
    await spool.close();
    expect(delivered).to.deep.equal(['1', '2']);
  });

  it('withdraws what its caller cancels', async () => {
    await open();
    trouble = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
    const controller = new AbortController();
    const sent = send('1', { signal: controller.signal });
    await waitFor('the file', () => files().length === 1);
    controller.abort(Object.assign(new Error('cancelled by the caller'), { code: 'CALLER_DENIED' }));
    expect((await sent).state).to.equal('failed');
    expect(files()).to.deep.equal([]);
  });

  describe('and damaged files', () => {
    const record = (id: string) => ({
      state: 'waiting' as const,
      notification: notification(id),
      since: 1,
      attempts: 1,
      reason: 'r',
      next: Date.now() + 3_600_000,
      giveUpAt: Date.now() + 7_200_000,
      remember: false,
    });
    const whole = encode(record('1'));

    for (const [title, text] of [
      ['an empty file', ''],
      ['a file that ends early', whole.slice(0, -20)],
      ['a file with one byte changed', whole.replace('text of 1', 'text of 2')],
      ['a file of zeros', '\0'.repeat(100)],
      ['a file of somebody else', '{"hello": "world"}'],
    ] as const) {
      it(`puts ${title} aside, says so, and goes on with the others`, async () => {
        mkdirSync(folder.join('spool'));
        const name = (id: string) => join(folder.path, 'spool', `${keyOf(notification(id))}.message`);
        writeFileSync(name('1'), text);
        writeFileSync(name('2'), encode(record('2')));
        await open();
        expect(spool.records().map(({ notification: { id } }) => id)).to.deep.equal(['2']);
        expect(spool.damaged).to.equal(1);
        const [aside = ''] = readdirSync(folder.join('spool', 'damaged'));
        expect(readFileSync(folder.join('spool', 'damaged', aside), 'utf8')).to.equal(text);
        expect(log.some(({ level, msg }) => level === 50 && String(msg).includes('damaged'))).to.equal(true);
      });
    }

    it('puts a second copy of a file aside', async () => {
      mkdirSync(folder.join('spool'));
      writeFileSync(folder.join('spool', `${keyOf(notification('1'))}.message`), whole);
      writeFileSync(folder.join('spool', 'copy.message'), whole);
      await open();
      expect(spool.records()).to.have.length(1);
      expect(spool.damaged).to.equal(1);
    });

    it('removes what was never finished', async () => {
      mkdirSync(folder.join('spool'));
      writeFileSync(folder.join('spool', '.x.message.123.tmp'), whole.slice(0, 10));
      await open();
      expect(readdirSync(folder.join('spool'))).to.deep.equal([]);
    });
  });

  describe('that gets digests', () => {
    const digest = (id: string, covers: readonly string[], recipient?: string) =>
      spool.send(
        { ...notification(id, recipient), covers },
        {
          keep: true,
          remember: true,
          signal: new AbortController().signal,
        },
      );

    it('does not deliver what a digest has told, nor a digest without news, also after a restart', async () => {
      await open();
      await send('a', { remember: true });
      await digest('d1', ['a', 'b']);
      for (let n = 0; n < 2; n += 1) {
        expect(await send('b', { remember: true })).to.include({ state: 'delivered', isRepeat: true });
        expect(await digest('d2', ['b', 'a'])).to.include({ state: 'delivered', isRepeat: true });
        expect(delivered).to.deep.equal(n === 0 ? ['a', 'd1'] : []);
        await spool.close();
        delivered = [];
        await open();
      }
      await digest('d3', ['b', 'c']);
      expect(delivered).to.deep.equal(['d3']);
    });

    it('delivers it to other recipients, and one that is not delivered yet covers nothing', async () => {
      await open();
      await digest('d1', ['a']);
      await digest('d2', ['a'], 'stdout://b');
      expect(delivered).to.deep.equal(['d1', 'd2']);
      trouble = () => Promise.reject(new DeliveryError('down'));
      await digest('d3', ['x']);
      trouble = undefined;
      await send('x', { remember: true });
      expect(delivered).to.deep.equal(['d1', 'd2', 'x']);
    });

    it('forgets it when it forgets the digest', async () => {
      let now = 1000;
      await open({ ...patient, remember: 60 }, () => now);
      await digest('d1', ['a']);
      await spool.close();
      now += 61_000;
      await open({ ...patient, remember: 60 }, () => now);
      await waitFor('the digest to be forgotten', () => readdirSync(folder.join('spool')).length === 0);
      await send('a');
      expect(delivered).to.deep.equal(['d1', 'a']);
    });
  });
});

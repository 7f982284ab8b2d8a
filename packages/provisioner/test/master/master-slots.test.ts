import { expect } from 'chai';
import { describe, it } from 'mocha';
import { MasterSlots } from '../../src/master/master-slots.js';
import { settled } from '../fixtures/stub-network.js';

/** Tasks that run until they are told to end. */
class Tasks {
  readonly running: string[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();
  readonly #slots: MasterSlots;

  constructor(slots: MasterSlots) {
    this.#slots = slots;
  }

  begin(master: string, name: string): Promise<string> {
    return this.#slots.run(master, async () => {
      this.running.push(name);
      await new Promise<void>((resolve, reject) => {
        this.#ends.set(name, (error) => (error ? reject(error) : resolve()));
      });
      this.running.splice(this.running.indexOf(name), 1);
      return name;
    });
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#ends.get(name)?.(error);
    await settled();
  }
}

describe('the places on masters', () => {
  it('are so many for each master, first come first served', async () => {
    const tasks = new Tasks(new MasterSlots({ perMaster: 2, workers: 10 }));
    const all = ['a1', 'a2', 'a3', 'a4'].map((name) => tasks.begin('a', name));
    await settled();
    expect(tasks.running).to.deep.equal(['a1', 'a2']);
    await tasks.end('a1');
    expect(tasks.running).to.deep.equal(['a2', 'a3']);
    for (const name of ['a2', 'a3', 'a4']) await tasks.end(name);
    expect(await Promise.all(all)).to.deep.equal(['a1', 'a2', 'a3', 'a4']);
  });

  it('are so many in all, and one that waits for its master keeps no worker from others', async () => {
    const tasks = new Tasks(new MasterSlots({ perMaster: 1, workers: 2 }));
    const all = ['a1', 'a2', 'b1', 'c1'].map((name) => tasks.begin(name.charAt(0), name));
    await settled();
    expect(tasks.running).to.deep.equal(['a1', 'b1']);
    await tasks.end('b1');
    expect(tasks.running).to.deep.equal(['a1', 'c1']);
    await tasks.end('a1');
    expect(tasks.running).to.deep.equal(['c1', 'a2']);
    for (const name of ['a2', 'c1']) await tasks.end(name);
    await Promise.all(all);
  });

  it('tell how many have or wait for one, also after some have failed', async () => {
    const slots = new MasterSlots({ perMaster: 1, workers: 2 });
    const tasks = new Tasks(slots);
    expect(slots.loadOf('a')).to.equal(0);
    const first = tasks.begin('a', 'a1').catch((error: Error) => error.message);
    const second = tasks.begin('a', 'a2');
    await settled();
    expect([slots.loadOf('a'), slots.loadOf('b')]).to.deep.equal([2, 0]);
    await tasks.end('a1', new Error('out of luck'));
    expect(await first).to.equal('out of luck');
    expect(slots.loadOf('a')).to.equal(1);
    await tasks.end('a2');
    await second;
    expect(slots.loadOf('a')).to.equal(0);
  });
});

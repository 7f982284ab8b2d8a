import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, MemoryTransport } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ddlOf } from '../agents/external/actor.js';
import { Bench } from '../fixture.js';

describe('a daemon that shuts down', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(async () => {
    bench.release();
    await bench.close();
  });

  /** A request whose action runs until it is let go, and its result. */
  const hold = async () => {
    const result = bench.ask(bench.request({ action: 'hold' }));
    await until('the action runs', () => bench.count === 1);
    return { result };
  };

  it('aborts running actions, and sends their results before it disconnects', async () => {
    const done: string[] = [];
    const { connect } = bench.broker;
    const slowly = async (what: string) => {
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      // On a busy machine it is accepted first.
      if (done.at(-1) !== what) done.push(what);
    };
    bench.broker.connect = (options) => {
      const transport = connect.call(bench.broker, options);
      const { publish, close } = MemoryTransport.prototype;
      if (options?.will) {
        transport.publish = async (topic, ...rest) => {
          await slowly(topic.split('/')[2] ?? '');
          await publish.call(transport, topic, ...rest);
        };
        transport.close = async () => {
          await slowly('close');
          await close.call(transport);
        };
      }
      return transport;
    };
    await bench.start();
    const { result } = await hold();
    await until('it is online', () => done.length === 1);
    await bench.stop();
    expect(done).to.deep.equal(['presence', 'reply', 'presence', 'close']);
    expect(await result).to.include({
      outcome: 'cancelled',
      statuscode: 1,
      statusmsg: 'the daemon of this node is shutting down',
    });
  });

  it('lets running actions finish within the grace period', async () => {
    await bench.start();
    const { result } = await hold();
    const { daemon } = bench;
    const stopped = bench.stop({ patience: new AbortController().signal });
    expect(daemon.status().state).to.equal('ending');
    bench.release();
    expect(await result).to.include({ outcome: 'ok' });
    await stopped;
    expect(daemon.status().state).to.equal('ended');
  });

  it('aborts running actions after the grace period', async () => {
    await bench.start();
    const { result } = await hold();
    const patience = new AbortController();
    const stopped = bench.stop({ patience: patience.signal });
    patience.abort();
    await stopped;
    expect((await result).outcome).to.equal('cancelled');
  });

  it('closes its agents after the last action has ended', async () => {
    let running = -1;
    const probe: Agent = {
      ddl: ddlOf('probe', {}),
      setup: async (_, host) => {
        host.onClose(() => {
          running = bench.daemon.jobs.running().length;
        });
        return {};
      },
    };
    await bench.start('', [probe]);
    const { result } = await hold();
    await bench.daemon.close();
    expect(running).to.equal(0);
    await result;
  });

  it('stops its facter', async () => {
    const program = join(bench.folder, 'facter');
    const file = join(bench.folder, 'pid');
    writeFileSync(program, `#!/bin/sh\necho $$ > ${file}\nexec sleep 600\n`, { mode: 0o755 });
    await bench.start('', [], `, facter: { command: [${program}] }`);
    let pid = 0;
    await until('facter runs', () => {
      try {
        pid = Number(readFileSync(file, 'utf8'));
      } catch {}
      return pid > 0;
    });
    await bench.stop();
    expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });
});

import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { type Twin, TwinWatch } from '../../src/node/twin-watch.js';
import { keptLog, type LogLine } from '../agents/external/actor.js';

const started = 1_800_000_000_000;

describe('a machine with the identity of this node', () => {
  let watch: TwinWatch;
  let found: { twin: Twin; mustYield: boolean }[];
  let lines: LogLine[];
  let now: number;
  let strays: number;

  beforeEach(() => {
    found = [];
    now = started;
    strays = 0;
    const kept = keptLog();
    lines = kept.lines;
    watch = new TwinWatch({
      identity: 'web1.lab',
      since: started,
      ownAddress: () => '10.0.0.1',
      log: kept.log,
      instance: 'own',
      now: () => now,
      onStrayWill: () => {
        strays += 1;
      },
      onTwin: (twin, { mustYield }) => found.push({ twin, mustYield }),
    });
  });

  const record = (instance: string | undefined, more: object = {}) =>
    Buffer.from(
      JSON.stringify({
        v: 2,
        identity: 'web1.lab',
        online: true,
        since: started + 5000,
        ...(instance !== undefined && { 'x-instance': instance }),
        'x-address': '10.0.0.2',
        ...more,
      }),
    );

  it('is recognized by its record where this one had written its own, and named with both addresses', () => {
    watch.connected();
    watch.take(record('own'), false);
    watch.disconnected();
    watch.take(record('other', { online: false }), true);
    const twin = { address: '10.0.0.2', since: started + 5000, seen: started };
    expect(found).to.deep.equal([{ twin, mustYield: false }]);
    expect(watch.twin).to.deep.equal(twin);
    expect(lines[0]?.msg).to.match(
      /^another machine uses .* this one has the address 10\.0\.0\.1, the other 10\.0\.0\.2; /,
    );
  });

  it('is the one that yields if it started later, otherwise this one does', () => {
    const yields = () => found.map(({ mustYield }) => mustYield);
    watch.connected();
    watch.disconnected();
    watch.take(record('other', { since: started - 1, online: false }), true);
    watch.take(record('other', { since: started + 1, online: false }), true);
    expect(yields()).to.deep.equal([true, false]);
    watch.take(record('a', { since: started }), true);
    watch.take(record('z', { since: started }), true);
    expect(yields().slice(2)).to.deep.equal([true, false]);
    watch.take(record('other', { since: started - 1 }), false);
    watch.take(record('other', { since: started - 1, online: false }), false);
    expect(yields().slice(4), 'it has left').to.deep.equal([true, false]);
  });

  it('is recognized at once if both are connected, to different brokers', () => {
    watch.connected();
    watch.take(record('other'), false);
    expect(found).to.have.length(1);
  });

  it('is not seen in the daemon before this one, nor in its last will, which is corrected', () => {
    watch.disconnected();
    watch.take(record('before'), true);
    watch.connected();
    watch.take(record('before', { online: false }), false);
    watch.disconnected();
    watch.take(record('before', { online: false }), false);
    expect(found).to.deep.equal([]);
    expect(strays).to.equal(2);
  });

  it('is seen in the daemon before this one if it has connected again', () => {
    watch.connected();
    watch.take(record('before', { online: false, since: 5 }), true);
    watch.disconnected();
    watch.take(record('before', { online: false, since: 5 }), true);
    expect(found.map(({ mustYield }) => mustYield)).to.deep.equal([true]);
  });

  it('is known to be the one before this one if the broker refuses this one', () => {
    watch.refused();
    expect(found).to.deep.equal([]);
    watch.connected();
    watch.take(record('before', { online: false }), true);
    watch.refused();
    expect(found).to.deep.equal([
      { twin: { address: '10.0.0.2', since: started + 5000, seen: started }, mustYield: false },
    ]);
  });

  it('is not seen in records without an instance, of other nodes, or that are none', () => {
    watch.connected();
    watch.disconnected();
    for (const payload of [
      record(undefined),
      record('other', { identity: 'web2.lab' }),
      Buffer.from('x'),
      Buffer.alloc(0),
    ])
      watch.take(payload, true);
    expect(found).to.deep.equal([]);
  });

  it('is reported every hour, and forgotten when it is not seen for an hour', () => {
    watch.connected();
    watch.disconnected();
    for (const minutes of [0, 10, 59, 61]) {
      now = started + minutes * 60_000;
      watch.take(record('other'), true);
    }
    expect(lines).to.have.length(2);
    now += 59 * 60_000;
    expect(watch.twin).to.include({ address: '10.0.0.2' });
    now += 60_000;
    expect(watch.twin).to.equal(undefined);
  });
});

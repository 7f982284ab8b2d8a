import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Arrivals } from '../../src/arrivals/arrivals.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';

describe('Arrivals', () => {
  let folder: string;
  let journal: PendingJournal;
  let now: number;
  let arrivals: Arrivals;
  const open = () => {
    journal = PendingJournal.open(join(folder, 'pending'), silentLogger);
    arrivals = new Arrivals(journal, () => now);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arrivals-'));
    now = 1_800_000_000_000;
    open();
  });
  afterEach(async () => {
    await journal.close();
    rmSync(folder, { recursive: true });
  });
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  const stateOf = (identity = 'web1') => {
    const { state, reason } = arrivals.get(identity) ?? { state: undefined, reason: undefined };
    return [state, reason];
  };

  it('begin when a machine is seen, once', () => {
    expect(arrivals.seen('web1', 'provisioning')).to.equal(true);
    expect(arrivals.seen('web1', 'provisioning')).to.equal(false);
    expect(stateOf()).to.deep.equal(['new', 'it came online']);
  });

  it('have one state with a count for what repeats', () => {
    arrivals.seen('web1', 'provisioning');
    for (let time = 0; time < 200; time += 5) {
      pass(5);
      arrivals.note('web1', 'provisioning', 'silent', 'it does not reply');
    }
    expect(arrivals.get('web1')).to.include({ state: 'silent', count: 40 });
    expect(arrivals.list()).to.have.nested.property('[0].count', 40);
  });

  it('are remembered over a restart', async () => {
    arrivals.seen('web1', 'provisioning');
    arrivals.note('web1', 'provisioning', 'waiting', 'send_node_csr: no route to host');
    arrivals.failed('web1', 'send_node_csr', 2);
    arrivals.told('web1', 'waiting');
    const before = arrivals.get('web1');
    await journal.close();
    open();
    expect(arrivals.get('web1')).to.deep.equal(before);
    expect(arrivals.failuresOf('web1', 'send_node_csr')).to.include({ count: 2, at: now });
  });

  it('name a machine that comes and goes, and what failed last', () => {
    arrivals.seen('web1', 'provisioning');
    arrivals.note('web1', 'provisioning', 'waiting', 'no route to host');
    for (let count = 0; count < 2; count += 1) {
      arrivals.left('web1');
      expect(stateOf()).to.deep.equal(['offline', 'it went offline; last error: no route to host']);
      arrivals.seen('web1', 'provisioning');
    }
    arrivals.left('web1');
    const since = new Date(now).toISOString();
    expect(stateOf()).to.deep.equal([
      'unstable',
      `it comes and goes: it went offline 3 times since ${since}; last error: no route to host`,
    ]);
    arrivals.seen('web1', 'provisioning');
    arrivals.note('web1', 'provisioning', 'silent', 'it does not reply');
    expect(stateOf()[0], 'it is online for a moment').to.equal('unstable');
  });

  it('begin again with each step that succeeds', () => {
    arrivals.seen('web1', 'provisioning');
    for (let count = 0; count < 2; count += 1) {
      arrivals.left('web1');
      arrivals.seen('web1', 'provisioning');
    }
    arrivals.interrupted('web1', 'provisioning');
    arrivals.failed('web1', 'send_node_csr', 2);
    arrivals.told('web1', 'offline');
    arrivals.progressed('web1', 'send_node_csr');
    expect(arrivals.get('web1')).to.deep.include({ goings: 0, interruptions: 0, told: [], state: 'working' });
    expect(arrivals.failuresOf('web1', 'send_node_csr')).to.equal(undefined);
    expect(arrivals.interrupted('web1', 'provisioning')).to.equal(1);
  });

  it('keep the failures of another step that succeeded', () => {
    arrivals.seen('web1', 'provisioning');
    arrivals.failed('web1', 'sign_node_csr', 2);
    arrivals.progressed('web1', 'send_node_csr');
    expect(arrivals.failuresOf('web1', 'sign_node_csr')?.count).to.equal(2);
  });

  it('hold a quarantine that the node cannot record, whatever else is noted', () => {
    arrivals.seen('web1', 'provisioning');
    arrivals.hold('web1', 'provisioning', 'lock: ENOSPC');
    for (const state of ['waiting', 'silent', 'working'] as const)
      arrivals.note('web1', 'provisioning', state, 'something else');
    arrivals.left('web1');
    arrivals.seen('web1', 'provisioning');
    expect(stateOf()).to.deep.equal(['quarantined', 'lock: ENOSPC']);
    expect(arrivals.get('web1')?.hold).to.deep.equal({ reason: 'lock: ENOSPC', since: now });
    arrivals.unhold('web1');
    arrivals.note('web1', 'provisioning', 'working', 'lock');
    expect(stateOf()).to.deep.equal(['working', 'lock']);
  });

  it('are forgotten when a machine is done, or a month after it was seen last', () => {
    arrivals.seen('web1', 'provisioning');
    arrivals.seen('web2', 'provisioning');
    arrivals.forget('web1');
    pass(29 * 86_400);
    arrivals.sweep();
    expect(arrivals.list().map(({ identity }) => identity)).to.deep.equal(['web2']);
    pass(2 * 86_400);
    arrivals.sweep();
    expect(arrivals.list()).to.deep.equal([]);
  });

  it('are bounded: the one noted longest ago goes', () => {
    for (let number = 0; number < 20_010; number += 1) arrivals.seen(`x${number}`, 'provisioning');
    expect(arrivals.list().length).to.equal(20_000);
    expect(arrivals.get('x0')).to.equal(undefined);
    expect(arrivals.get('x20009')).to.be.an('object');
  });
});

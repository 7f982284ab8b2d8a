import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ActionError, defineAgent } from '@troupe/core';
import { expect, use } from 'chai';
import { after, before, describe, it } from 'mocha';
import { actionAssertions, type HostedAgent, hostAgent, mockAgent, startNetwork } from '../../src/index.js';
import { gauge } from './gauge.js';

const inSource = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const readings: Readonly<Record<string, number>> = { boiler: 351.5, freezer: 255 };
const agent = defineAgent(gauge, (config) => ({
  read: ({ name = 'boiler' }, { log }) => {
    const value = readings[name];
    if (value === undefined) throw new ActionError(`unknown instrument "${name}"`, 4);
    log.info({ name }, 'read');
    return config.unit === undefined ? { value } : { value, unit: String(config.unit) };
  },
  watch: (_, { signal, progress }) => {
    progress({ value: 351 });
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  },
}));

// The code from here to the next such line is in docs/guides/testing-agents.md, unchanged; the last test compares them.
use(actionAssertions);

describe('the gauge agent', () => {
  let hosted: HostedAgent<typeof gauge>;

  before(async () => {
    hosted = await hostAgent(gauge, agent, { config: { unit: 'K' }, facts: { site: 'plant-1' } });
  });

  after(() => hosted.close());

  it('reads an instrument', async () => {
    expect(await hosted.call('read', { name: 'freezer' })).to.succeed({ value: 255, unit: 'K' });
  });

  it('reports an unknown instrument', async () => {
    expect(await hosted.call('read', { name: 'dial' })).to.failWith('invalidData', 'unknown instrument');
  });

  it('rejects a name that the DDL does not permit', async () => {
    expect(await hosted.callAnyway('read', { name: 'a; reboot' })).to.failWith(4, /name/);
  });

  it('stops when the caller cancels', async () => {
    const stop = new AbortController();
    const watching = hosted.call('watch', {}, { signal: stop.signal });
    stop.abort();
    expect(await watching).to.endAs('cancelled');
  });

  it('logs what it reads', async () => {
    await hosted.call('read', { name: 'boiler' });
    expect(hosted.log.some((line) => line.msg === 'read' && line.name === 'boiler')).to.equal(true);
  });
});

describe('three nodes, one of them on a faulty connection', () => {
  it('replies when its connection works again', async () => {
    await using network = await startNetwork({
      nodes: 3,
      agents: [mockAgent(gauge, { read: { value: 300 }, watch: new ActionError('no display here') })],
      faults: (index) => (index === 2 ? { lose: 1 } : undefined),
    });
    const read = (identity: string) =>
      network.call({ identity, agent: 'gauge', action: 'read', giveUpAfter: 1 });
    expect(await read('node-1.fleet')).to.succeed({ value: 300, unit: 'K' });
    expect(await read('node-3.fleet').catch(String)).to.contain('timeout: no result of');
    network.fleet.node('node-3.fleet').faults = {};
    expect(await read('node-3.fleet')).to.succeed();
  });
});
// Up to here.

describe('the guide for testing agents', () => {
  it('shows these tests and nothing else', async () => {
    const guide = await readFile(inSource('../../docs/guides/testing-agents.md'), 'utf8');
    const here = flat(await readFile(inSource('test/author/guide.test.ts'), 'utf8'));
    const all = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
    // What boots emulated hosts is in a test of the emulator.
    const blocks = all.filter((code) => !code.includes('makeSite'));
    expect(blocks.length).to.be.greaterThan(3);
    for (const block of blocks) {
      // The imports of a reader's own test are those of a package.
      const code = block.replaceAll(/^import .*\n/gm, '');
      expect(here).to.contain(flat(code));
    }
  });
});

function flat(code: string): string {
  return code.replaceAll(/\s+/g, ' ').trim();
}

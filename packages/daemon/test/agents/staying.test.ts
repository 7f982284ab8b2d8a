import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBroker, silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseDaemonConfig } from '../../src/config.js';
import { type Daemon, startDaemon } from '../../src/daemon.js';

// Stays as long as its section says so when it is set up; answers with that section.
const agent = `export default {
  ddl: {
    metadata: { name: 'worker', description: 'x', author: 'x', license: 'x', version: '1.0.0', url: 'https://example.com', timeout: 5 },
    actions: [{ action: 'get', description: 'x', input: {}, output: {} }],
  },
  setup: async (section, host) => {
    host.stay(section.busy);
    host.provideData('worker', () => ({ busy: section.busy }));
    return { get: () => ({}) };
  },
};
`;

describe('an agent that has not finished', () => {
  let folder: string;
  let daemon: Daemon | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-staying-'));
    writeFileSync(join(folder, 'worker.mjs'), agent);
  });
  afterEach(async () => {
    await daemon?.close();
    rmSync(folder, { recursive: true });
  });

  async function agentsWith(configuration: string): Promise<readonly string[]> {
    await daemon?.close();
    const config = parseDaemonConfig(
      `{ identity: web1.lab, security: { mode: none }, state_dir: ${folder}/state, ${configuration} }`,
    );
    const broker = new MemoryBroker();
    daemon = await startDaemon({
      config,
      configFile: join(folder, 'mcod.yaml'),
      log: silentLogger,
      connect: ({ will }) => broker.connect({ will }),
    });
    return daemon.node.registry.names();
  }

  it('stays at the next start, with its section, although the configuration does not name it', async () => {
    await agentsWith('agents: [./worker.mjs], plugins: { worker: { busy: true } }');
    for (const _ of [1, 2]) {
      expect(await agentsWith('agents: []')).to.include('worker');
      expect(await daemon?.node.data.get('worker')?.(undefined)).to.deep.equal({ busy: true });
    }
  });

  it('goes when it has said that it has finished', async () => {
    await agentsWith('agents: [./worker.mjs], plugins: { worker: { busy: true } }');
    await agentsWith('agents: [], plugins: { worker: { busy: false } }');
    expect(await agentsWith('agents: []')).to.not.include('worker');
  });

  it('is loaded once where the configuration names it', async () => {
    for (const _ of [1, 2]) {
      const names = await agentsWith('agents: [./worker.mjs], plugins: { worker: { busy: true } }');
      expect(names.filter((name) => name === 'worker')).to.have.length(1);
    }
  });

  it('costs nobody the daemon when it is not there any more', async () => {
    await agentsWith('agents: [./worker.mjs], plugins: { worker: { busy: true } }');
    rmSync(join(folder, 'worker.mjs'));
    expect(await agentsWith('agents: []')).to.not.include('worker');
  });

  it('is forgotten when what is known of it is damaged', async () => {
    await agentsWith('agents: [./worker.mjs], plugins: { worker: { busy: true } }');
    writeFileSync(join(folder, 'state', 'staying-agents.json'), '[{"name":');
    expect(await agentsWith('agents: []')).to.not.include('worker');
  });
});

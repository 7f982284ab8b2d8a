import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PauseFile } from '@troupe/core/internal';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { nodeAgent } from '../../src/agents/node-agent.js';
import { type Trial, tryAgent } from '../../src/agents/trial.js';

describe('the agent node', () => {
  let folder: string;
  let file: PauseFile;
  let trial: Trial;
  let changes: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-node-'));
    file = new PauseFile(join(folder, 'paused.json'));
    changes = 0;
    const onChange = () => {
      changes += 1;
    };
    trial = await tryAgent(nodeAgent(file, onChange), { caller: 'rip.mcollective' });
  });

  afterEach(async () => {
    await trial.close();
    rmSync(folder, { recursive: true });
  });

  const call = async (action: string, input: Record<string, unknown> = {}) => {
    const { statusmsg, data } = await trial.call(action, input);
    return { statusmsg, ...(data as Record<string, unknown>) };
  };

  it('pauses the node once, and resumes it', async () => {
    expect(await call('state')).to.include({ paused: false, by: '' });
    const paused = await call('pause', { reason: 'disk' });
    expect(paused).to.include({ paused: true, by: 'rip.mcollective', reason: 'disk', statusmsg: 'OK' });
    expect(await call('pause', { reason: 'other' })).to.deep.equal({
      ...paused,
      statusmsg: 'the node was paused already; the earlier pause stays in force',
    });
    expect(new PauseFile(file.path).read(), 'after a restart').to.include({ reason: 'disk' });
    expect(await call('resume')).to.include({ paused: false, was_paused: true });
    expect(await call('resume')).to.include({ paused: false, was_paused: false });
    expect(await call('state')).to.include({ paused: false });
    expect(changes).to.equal(2);
  });

  it('is paused by a file that is empty or damaged', async () => {
    writeFileSync(file.path, '');
    expect(await call('state')).to.include({ paused: true, reason: `${file.path} exists` });
  });
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, defineAgent } from '@troupe/core';
import ddl from '@troupe/ddl/discovery.json' with { type: 'json' };
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { tryAgent } from '../../src/agents/trial.js';

describe('a trial of an agent', () => {
  it('leaves nothing of its state behind', async () => {
    let folder = '';
    const agent = defineAgent(ddl, (_, host) => {
      folder = host.stateDir;
      writeFileSync(join(folder, 'kept'), '');
      return { ping: () => ({}), ddl: () => ({}), jobs: () => ({}) } as never;
    }) as Agent;
    const trial = await tryAgent(agent);
    expect(existsSync(join(folder, 'kept'))).to.equal(true);
    await trial.close();
    expect(existsSync(folder)).to.equal(false);
  });

  it('leaves nothing of it where its set-up fails', async () => {
    let folder = '';
    const agent = defineAgent(ddl, (_, host) => {
      folder = host.stateDir;
      throw new Error('not today');
    }) as Agent;
    expect(await tryAgent(agent).catch(({ message }: Error) => message)).to.include('not today');
    expect(existsSync(folder)).to.equal(false);
  });
});

import { copyFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { actorProgram, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ddlOf } from '../external/actor.js';
import { Lab, root } from './lab.js';

const agentText = `
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent } from '@troupe/core';
import ddl from './ddl.json' with { type: 'json' };
import { word } from './word.js';

export default defineAgent(ddl, (config, host) => ({
  show: () => ({ out: word }),
  wait: async (_, { progress, signal }) => {
    progress('waiting');
    while (!existsSync(config.gate)) await pause(20, undefined, { signal });
    return { out: word };
  },
}));
`;

describe('mcod', function () {
  this.timeout(30_000);
  let lab: Lab;

  beforeEach(async () => {
    lab = new Lab();
    await lab.startBroker();
  });

  afterEach(() => lab.close());

  const ddl = (file: string, name: string, actions: readonly string[], version = '1.0.0') =>
    lab.write(
      file,
      JSON.stringify(ddlOf(name, Object.fromEntries(actions.map((action) => [action, {}])), version)),
    );

  async function startWithAgent(): Promise<void> {
    lab.write('agent/package.json', '{ "type": "module" }');
    lab.write('agent/agent.js', agentText);
    lab.write('agent/word.js', "export const word = 'one';");
    lab.write('agent/node_modules/.keep', '');
    symlinkSync(join(root, 'node_modules/@troupe'), join(lab.folder, 'agent/node_modules/@troupe'));
    ddl('agent/ddl.json', 'word', ['show', 'wait']);
    await lab.startMcod(`agents: [./agent/agent.js]\nplugins: { word: { gate: '${lab.folder}/gate' } }`);
  }

  it('loads a changed agent at SIGHUP, when what runs has ended', async () => {
    await startWithAgent();
    let isWaiting = false;
    const waiting = lab.ask('word', 'wait', {}, () => {
      isWaiting = true;
    });
    await until('the call waits', () => isWaiting);

    lab.write('agent/word.js', "export const word = 'two';");
    ddl('agent/ddl.json', 'word', ['show', 'wait'], '2.0.0');
    lab.hangUp();
    await lab.logged('reloading the configuration after running actions have ended');
    const meanwhile = await lab.ask('word', 'show');
    expect(meanwhile.statusmsg).to.equal('the daemon of this node is restarting: try again in a moment');

    lab.write('gate', '');
    const waited = await waiting;
    expect([waited.outcome, waited.data.out, waited.ddl?.version]).to.deep.equal(['ok', 'one', '1.0.0']);
    await lab.logged('ready', 2);
    const shown = await lab.ask('word', 'show');
    expect([shown.data.out, shown.ddl?.version]).to.deep.equal(['two', '2.0.0']);
  });

  it('keeps an agent that works when the changed one does not', async () => {
    await startWithAgent();
    for (const [index, broken] of ['export const word = ;', 'export const nothing = 1;'].entries()) {
      lab.write('agent/word.js', broken);
      lab.hangUp();
      await lab.logged('ready', index + 2);
      expect((await lab.ask('word', 'show')).data.out).to.equal('one');
    }
    const reasons = lab.log.filter(
      ({ msg }) => msg === 'cannot load the changed agent: the previous version stays in use',
    );
    expect(reasons).to.have.length(2);
    lab.write('agent/word.js', "export const word = 'mended';");
    lab.hangUp();
    await lab.logged('ready', 4);
    expect((await lab.ask('word', 'show')).data.out).to.equal('mended');
  });

  it('takes external agents that come, change and go, without being told', async function () {
    // Each change is seen at one look and loaded at the next, two seconds later.
    this.timeout(60_000);
    const actor = (name: string, actions: readonly string[], version = '1.0.0') => {
      copyFileSync(actorProgram, join(lab.folder, `external/${name}`));
      ddl(`external/${name}.json`, name, actions, version);
    };
    const names = async () => {
      const { data } = await lab.ask('rpcutil', 'agent_inventory');
      return (data.agents as { name: string }[]).map(({ name }) => name);
    };
    lab.write('external/notes.txt', '');
    await lab.startMcod('external_agents: [{ folder: external }]');
    expect(await names()).not.to.include('one');

    actor('one', ['show']);
    await until('the agent comes', async () => (await names()).includes('one'));
    expect(await lab.ask('one', 'show')).to.deep.include({ outcome: 'ok', ddl: { version: '1.0.0' } });

    actor('one', ['show', 'refuse'], '1.1.0');
    await until('the agent changes', async () => (await lab.ask('one', 'show')).ddl?.version === '1.1.0');
    expect(await lab.ask('one', 'refuse')).to.include({ statuscode: 4, statusmsg: 'no such thing' });

    rmSync(join(lab.folder, 'external/one.json'));
    await until('the agent goes', async () => !(await names()).includes('one'));
    expect((await lab.ask('one', 'show')).statusmsg).to.match(/^agent "one" not found on this node/);
  });

  it('suffers nothing from external agents that crash, flood or hang', async () => {
    lab.write('external/notes.txt', '');
    copyFileSync(actorProgram, join(lab.folder, 'external/bad'));
    const actions = { crash: {}, flood: {}, garbage: {}, nothing: {}, hang: { timeout: 1 } };
    lab.write('external/bad.json', JSON.stringify(ddlOf('bad', actions)));
    await lab.startMcod(
      `external_agents: [{ ddl: external/bad.json }]\nplugins: { bad: { pids: '${lab.folder}/pids' } }`,
    );
    const replies = await Promise.all(
      Object.keys(actions).map(async (action) => {
        const { outcome, statuscode } = await lab.ask('bad', action);
        return [action, outcome, statuscode];
      }),
    );
    expect(replies).to.deep.equal([
      ['crash', 'failed', 1],
      ['flood', 'failed', 1],
      ['garbage', 'failed', 1],
      ['nothing', 'failed', 1],
      ['hang', 'timeout', 1],
    ]);
    expect((await lab.ask('rpcutil', 'ping')).outcome).to.equal('ok');
    expect(lab.log.filter(({ level }) => level === 60)).to.deep.equal([]);
  });
});

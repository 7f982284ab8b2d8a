import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, ddlHash, defineAgent } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Client, ddlCache, ddlCacheOf, localDdl, refreshDdl, resolveDdl } from '../../src/index.js';
import { Network } from '../network.js';

const ddlOf = (version: string) =>
  ({
    metadata: {
      name: 'fleetonly',
      description: 'd',
      author: 'a',
      license: 'l',
      version,
      url: 'u',
      timeout: 5,
    },
    actions: [{ action: 'go', description: 'd', input: {}, output: {} }],
  }) as const;

const agentOf = (version: string): Agent => defineAgent(ddlOf(version), () => ({ go: () => ({}) }));

describe('the DDL of an agent that only nodes have', () => {
  let network: Network;
  let client: Client;
  let folder: TempFolder;
  const cacheBefore = process.env.XDG_CACHE_HOME;
  /** What nodes were asked outright, as agent and action. */
  let asked: string[];

  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CACHE_HOME = folder.path;
    network = new Network();
    client = await network.client();
    asked = [];
    const observer = network.broker.connect();
    await observer.subscribe('mco/+/node/+', (payload) => {
      const [, body = ''] = Buffer.from(payload).toString('latin1').split('.');
      const { agent, action } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
      asked.push(`${agent} ${action}`);
    });
  });
  afterEach(async () => {
    if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cacheBefore;
    await network.close();
    await folder.close();
  });

  const resolve = () => resolveDdl(client, 'fleetonly', 'mcollective');
  const fetches = () => asked.filter((words) => words === 'discovery ddl').length;
  const age = () => utimesSync(join(ddlCacheOf(client.config), 'fleetonly.json'), 0, 0);

  it('is fetched once, and not asked for again within the hour', async () => {
    await network.node('a', [agentOf('1.0.0')]);
    expect((await resolve()).metadata.version).to.equal('1.0.0');
    expect(fetches()).to.equal(1);
    asked = [];
    expect((await resolve()).metadata.version).to.equal('1.0.0');
    expect(asked).to.deep.equal([]);
  });

  it('is not fetched again after the hour where its hash is still the same', async () => {
    await network.node('a', [agentOf('1.0.0')]);
    await resolve();
    age();
    expect(await localDdl(client.config, 'fleetonly', { isFresh: true })).to.equal(undefined);
    expect(await localDdl(client.config, 'fleetonly')).to.have.nested.property('metadata.version', '1.0.0');
    asked = [];
    await resolve();
    expect(asked).to.deep.equal(['rpcutil agent_inventory']);
    expect(await localDdl(client.config, 'fleetonly', { isFresh: true })).to.have.nested.property(
      'metadata.version',
    );
    asked = [];
    await resolve();
    expect(asked).to.deep.equal([]);
  });

  it('is fetched when it changed, and the one before is known when a node has it again', async () => {
    const first = await network.node('a', [agentOf('1.0.0')]);
    await resolve();
    await first.close();
    const second = await network.node('a', [agentOf('2.0.0')]);
    age();
    expect((await resolve()).metadata.version).to.equal('2.0.0');
    expect(fetches()).to.equal(2);
    await second.close();
    await network.node('a', [agentOf('1.0.0')]);
    expect((await refreshDdl(client, 'fleetonly', 'mcollective')).metadata.version).to.equal('1.0.0');
    expect(fetches()).to.equal(2);
    expect(readdirSync(join(ddlCache(), 'hash'))).to.have.length(2);
  });

  it('comes from the node that is meant', async () => {
    await network.node('a', [agentOf('1.0.0')]);
    await network.node('b', [agentOf('2.0.0')]);
    const versions = [];
    for (const node of ['a', 'b', 'a'])
      versions.push((await refreshDdl(client, 'fleetonly', 'mcollective', node)).metadata.version);
    expect(versions).to.deep.equal(['1.0.0', '2.0.0', '1.0.0']);
    expect(fetches()).to.equal(2);
  });

  it('is fetched again where the copy was damaged', async () => {
    await network.node('a', [agentOf('1.0.0')]);
    const ddl = await resolve();
    const copy = join(ddlCache(), 'hash', `${ddlHash(ddl)}.json`);
    expect(existsSync(copy)).to.equal(true);
    writeFileSync(copy, JSON.stringify(ddlOf('6.6.6')));
    expect((await refreshDdl(client, 'fleetonly', 'mcollective')).metadata.version).to.equal('1.0.0');
    expect(fetches()).to.equal(2);
  });

  it('is the copy where no node answers any more, and unknown where there never was one', async () => {
    const node = await network.node('a', [agentOf('1.0.0')]);
    await resolve();
    await node.close();
    age();
    expect((await resolve()).metadata.version).to.equal('1.0.0');
    const reason = await resolveDdl(client, 'fletonly', 'mcollective').catch(String);
    expect(reason).to.include('unknown agent "fletonly" (did you mean "fleetonly"?): no DDL');
    expect(reason).to.include('no node has this agent');
  });
});

import { writeFileSync } from 'node:fs';
import { type Ddl, ddlHash } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { keepDdl } from '../../src/ddl/ddl-cache.js';
import { localDdl, localDdls, refreshDdl, resolveDdl } from '../../src/ddl/ddls.js';
import { ddlOfNode } from '../../src/ddl/node-ddl.js';
import type { Client, Result } from '../../src/index.js';
import { workDdl } from '../work-agent.js';

const ddl = workDdl as unknown as Ddl;
const named = (name: string, version = '1.0.0'): Ddl => ({
  ...ddl,
  metadata: { ...ddl.metadata, name, version },
});

const here = { broker: { urls: ['mqtts://broker.lab:8883'], keepalive: 30 } };
const places = (...ddl_dirs: string[]) => ({ ...here, ddl_dirs });

/** A result, or what is known where the node said nothing. */
type Answer = Partial<Omit<Result, 'statuscode'>> & { readonly statuscode?: number | undefined };

/** How a node answers to the two questions. */
interface Answers {
  readonly inventory?: Answer;
  readonly ddl?: Answer;
}
const gives = (one: Ddl): Answers => ({ ddl: { data: { ddl: JSON.stringify(one), hash: ddlHash(one) } } });

describe('a DDL', () => {
  let folder: TempFolder;
  let nodes: Map<string, Answers>;
  let asked: string[];
  let searches: unknown[];
  let dirs: string[];
  const before = process.env.XDG_CACHE_HOME;

  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CACHE_HOME = folder.path;
    nodes = new Map();
    asked = [];
    searches = [];
    dirs = [];
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    await folder.close();
  });

  /** A client whose nodes answer as the test says. */
  const client = () => {
    const ask = (
      what: keyof Answers,
      input: unknown,
      options: { targets: string[]; collective: string },
    ) => ({
      one: async () => {
        const [node = ''] = options.targets;
        asked.push(`${what} ${node} ${options.collective}`);
        if (what === 'ddl') expect(input).to.deep.equal({ agent: 'worker' });
        return { ok: true, statuscode: 0, data: {}, ...nodes.get(node)?.[what] };
      },
    });
    return {
      config: places(...dirs),
      filter: (parts: unknown) => parts,
      discover: async (options: unknown) => {
        searches.push(options);
        return { nodes: [...nodes.keys()] };
      },
      call: (_: Ddl, action: string, input: unknown, options: { targets: string[]; collective: string }) =>
        ask(action === 'agent_inventory' ? 'inventory' : 'ddl', input, options),
    } as unknown as Client;
  };
  const write = (name: string, text: string) => writeFileSync(folder.join(`${name}.json`), text);
  const version = (one: Ddl | undefined) => one?.metadata.version;

  describe('of this machine', () => {
    it('is taken from a configured folder first, then from Troupe, then from the cache', async () => {
      keepDdl(named('rpcutil', '0.0.1'), here);
      expect(version(await localDdl(places(), 'rpcutil'))).to.equal(rpcutil.metadata.version);
      write('rpcutil', JSON.stringify(named('rpcutil', '9.9.9')));
      expect(version(await localDdl(places(folder.path), 'rpcutil'))).to.equal('9.9.9');
      keepDdl(ddl, here);
      expect(version(await localDdl(places(), 'worker'))).to.equal('1.0.0');
      expect(await localDdl(places(), 'unknown')).to.equal(undefined);
    });

    it('is none for the manifest of a package', async () => {
      expect((await localDdls(places())).has('package')).to.equal(false);
      expect((await localDdls(places())).has('rpcutil')).to.equal(true);
    });

    it('is checked where it is a configured one', async () => {
      write('worker', '{}');
      const error = await localDdl(places(folder.path), 'worker').catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'DDL_INVALID');
    });

    it('is used without a request, even if it is old', async () => {
      dirs = [folder.path];
      write('worker', JSON.stringify(named('worker', '3.0.0')));
      expect(version(await resolveDdl(client(), 'worker', 'm'))).to.equal('3.0.0');
      expect({ asked, searches }).to.deep.equal({ asked: [], searches: [] });
    });
  });

  describe('of the nodes', () => {
    it('is fetched from the first of three nodes that sends it, and is kept', async () => {
      nodes.set('a', { inventory: { ok: false, statuscode: undefined } });
      nodes.set('b', { ddl: { ok: false } });
      nodes.set('c', gives(named('worker', '2.0.0')));
      expect(version(await refreshDdl(client(), 'worker', 'm'))).to.equal('2.0.0');
      expect(asked).to.deep.equal(['inventory a m', 'inventory b m', 'ddl b m', 'inventory c m', 'ddl c m']);
      expect(searches).to.deep.equal([{ collective: 'm', filter: { agents: ['worker'] }, most: 3 }]);
      expect(version(await localDdl(places(), 'worker'))).to.equal('2.0.0');
    });

    it('is asked of no more than one once that gave it', async () => {
      for (const node of ['a', 'b']) nodes.set(node, gives(ddl));
      await refreshDdl(client(), 'worker', 'm');
      expect(asked).to.deep.equal(['inventory a m', 'ddl a m']);
    });

    it('is unknown if three do not give it', async () => {
      for (const node of ['a', 'b', 'c', 'd']) nodes.set(node, { ddl: { ok: false } });
      const error = await refreshDdl(client(), 'worker', 'm').catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'DDL_UNKNOWN');
      expect(String(error)).to.include(
        'unknown agent "worker": no DDL (agent description) on this machine, and could not get it from a, b, c; mco plugin list lists the agents',
      );
      expect(asked.filter((words) => words.includes(' d '))).to.deep.equal([]);
    });

    it('is the cached copy if no node sends it', async () => {
      keepDdl(ddl, here);
      nodes.set('a', { ddl: { data: {} } });
      expect(version(await refreshDdl(client(), 'worker', 'm'))).to.equal('1.0.0');
    });

    it('is neither the cached copy nor that of another node if one node was named', async () => {
      keepDdl(ddl, here);
      nodes.set('b', gives(ddl));
      nodes.set('a', { ddl: { ok: false } });
      const error = await refreshDdl(client(), 'worker', 'm', 'a').catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'DDL_UNKNOWN');
      expect(String(error)).to.include('could not get it from a');
      expect(searches).to.deep.equal([]);
      expect(asked).to.deep.equal(['inventory a m', 'ddl a m']);
    });
  });

  describe('of one node', () => {
    const get = (answers: Answers) => {
      nodes.set('a', answers);
      return ddlOfNode(client(), 'worker', { node: 'a', collective: 'm' });
    };
    const inventory = (agents: unknown): Partial<Result> => ({ data: { agents } });

    it('is not fetched if a copy with its hash is kept', async () => {
      keepDdl(ddl, here);
      const agents = [null, { agent: 'other', ddl: 'x' }, { agent: 'worker', ddl: ddlHash(ddl) }];
      expect(await get({ inventory: inventory(agents) })).to.deep.equal(ddl);
      expect(asked).to.deep.equal(['inventory a m']);
    });

    for (const [what, agents] of [
      ['names another hash', [{ agent: 'worker', ddl: 'a'.repeat(64) }]],
      ['names the hash of another agent', [{ agent: 'other', ddl: ddlHash(ddl) }]],
      ['names a hash that is no text', [{ agent: 'worker', ddl: 7 }]],
      ['lists no agents', undefined],
    ] as const)
      it(`is fetched if the node ${what}`, async () => {
        keepDdl(ddl, here);
        expect(
          version(await get({ ...gives(named('worker', '2.0.0')), inventory: inventory(agents) })),
        ).to.equal('2.0.0');
        expect(asked).to.deep.equal(['inventory a m', 'ddl a m']);
      });

    it('is fetched although a policy forbids to ask for the inventory', async () =>
      expect(await get({ ...gives(ddl), inventory: { ok: false, statuscode: 1 } })).to.deep.equal(ddl));

    it('is taken without a hash too', async () =>
      expect(await get({ ddl: { data: { ddl: JSON.stringify(ddl) } } })).to.deep.equal(ddl));

    for (const [what, data] of [
      ['is that of another agent', gives(named('other')).ddl?.data],
      ['does not have the hash that goes with it', { ddl: JSON.stringify(ddl), hash: 'a'.repeat(64) }],
    ] as const)
      it(`is rejected if it ${what}`, async () => {
        const error = await get({ ddl: { data: data ?? {} } }).catch((thrown: unknown) => thrown);
        expect(error).to.have.property('code', 'DDL_INVALID');
        expect(String(error)).to.include(
          'a sent a DDL that is damaged, or not the one of the agent "worker"',
        );
      });
  });
});

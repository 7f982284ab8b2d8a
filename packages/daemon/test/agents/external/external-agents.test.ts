import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mock } from 'node:test';
import type { TroupeError } from '@troupe/core';
import { actorProgram, skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { commandsOf, ExternalAgents } from '../../../src/agents/external/index.js';
import type { ExternalEntry } from '../../../src/config.js';
import { ddlOf, keptLog } from './actor.js';

const program = (name: string) =>
  `${name}-${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;

describe('external agents', () => {
  let folder: string;
  let events: string[];
  let removed: Promise<void> | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'external-'));
    events = [];
    removed = undefined;
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const ddl = (file: string, name: string, version = '1.0.0') =>
    write(file, JSON.stringify(ddlOf(name, { show: {} }, version)));

  function agents(entries: readonly ExternalEntry[], put = async () => true) {
    const { log, lines } = keptLog();
    const leftOut = new Map<string, TroupeError>();
    const external = new ExternalAgents({
      entries,
      configFile: join(folder, 'mcod.yaml'),
      log,
      put: async (agent, _where, instead) => {
        const { name, version } = agent.ddl.metadata;
        events.push(`put ${name} ${version}${instead === undefined ? '' : ` instead of ${instead}`}`);
        return await put();
      },
      remove: async (name) => {
        events.push(`remove ${name}`);
        await removed;
      },
      leave: (file, error) => {
        if (error === undefined) leftOut.delete(file);
        else leftOut.set(file, error as TroupeError);
      },
    });
    return { external, lines, leftOut };
  }

  const reasonFor = async (entries: readonly ExternalEntry[]) => {
    const { external, leftOut } = agents(entries);
    await external.load();
    return [...leftOut].map(([where, { code, message }]) =>
      [where, code, message].map((text) => text.replaceAll(folder, '')),
    );
  };

  it('are those that the configuration names, and those of the folders that it names', async () => {
    ddl('one.json', 'one');
    ddl('agents/two.json', 'two');
    ddl('agents/three/three.json', 'three');
    ddl('agents/three/other.json', 'other');
    write('agents/notes.txt', 'x');
    mkdirSync(join(folder, 'agents/empty'));
    const { external } = agents([{ ddl: 'one.json' }, { folder: 'agents' }]);
    await external.load();
    expect(events.sort()).to.deep.equal(['put one 1.0.0', 'put three 1.0.0', 'put two 1.0.0']);
  });

  it('from a folder are those whose DDL says external', async () => {
    const { metadata, actions } = ddlOf('ruby', { show: {} });
    write('agents/ruby.json', JSON.stringify({ metadata: { ...metadata, provider: 'ruby' }, actions }));
    await agents([{ folder: 'agents' }]).external.load();
    expect(events).to.deep.equal([]);
    await agents([{ ddl: 'agents/ruby.json' }]).external.load();
    expect(events).to.deep.equal(['put ruby 1.0.0']);
  });

  it('that are named and wrong are left out with the reason, and the others are loaded', async () => {
    write('broken.json', '{');
    ddl('rpcutil.json', 'rpcutil');
    ddl('good.json', 'good');
    write('agents', '');
    const wrong = ['none.json', 'broken.json', 'rpcutil.json', 'good.json'].map((file) => ({ ddl: file }));
    const reasons = await reasonFor([
      ...wrong,
      {},
      { folder: 'x', command: 'y' },
      { folder: 'agents' },
      { folder: 'none' },
    ]);
    expect(reasons.map(([where, code]) => `${where} ${code}`)).to.have.members([
      'external_agents.4 CONFIG_INVALID',
      'external_agents.5 CONFIG_INVALID',
      '/agents FILE_UNREADABLE',
      '/none.json FILE_UNREADABLE',
      '/broken.json DDL_INVALID',
      '/rpcutil.json AGENT_INVALID',
    ]);
    expect(reasons.map(([, , message]) => message)).to.include.members([
      'cannot read the DDL /none.json: ENOENT: no such file or directory',
      '/rpcutil.json: the name "rpcutil" is reserved: rename the external agent',
      'external_agents.4: set exactly one of ddl and folder',
      'external_agents.5: command, config and role cannot be combined with folder',
      'external_agents: cannot read the folder /agents: ENOTDIR: not a directory',
    ]);
    expect(events).to.deep.equal(['put good 1.0.0']);
  });

  it('are no longer left out when they have been corrected', async () => {
    write('one.json', '{');
    const { external, leftOut } = agents([{ ddl: 'one.json' }]);
    await external.load();
    expect([...leftOut.keys()]).to.deep.equal([join(folder, 'one.json')]);
    ddl('one.json', 'one');
    await external.look();
    await external.look();
    expect([...leftOut.keys()]).to.deep.equal([]);
    expect(events).to.deep.equal(['put one 1.0.0']);
  });

  it('from a folder are left out when they are wrong, and the log says so', async () => {
    write('agents/broken.json', '{');
    ddl('agents/discovery.json', 'discovery');
    ddl('agents/good.json', 'good');
    const { external, lines } = agents([{ folder: 'agents' }, { folder: 'none' }]);
    await external.load();
    expect(events).to.deep.equal(['put good 1.0.0']);
    expect(lines.map(({ msg }) => msg)).to.deep.equal(
      Array.from({ length: 2 }, () => 'cannot load an external agent: it is left out'),
    );
  });

  it('are loaded anew when a file has changed and then stayed the same', async () => {
    ddl('agents/one.json', 'one');
    const { external } = agents([{ folder: 'agents' }]);
    await external.load();
    await external.look();
    expect(events.splice(0)).to.deep.equal(['put one 1.0.0']);

    ddl('agents/one.json', 'one', '1.0.1');
    await external.look();
    expect(events).to.deep.equal([]);
    ddl('agents/one.json', 'one', '1.10.0');
    await external.look();
    expect(events, 'it changed again').to.deep.equal([]);
    await external.look();
    expect(events.splice(0)).to.deep.equal(['put one 1.10.0 instead of one']);

    copyFileSync(actorProgram, join(folder, 'agents/one'));
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events.splice(0), 'its program came').to.deep.equal(['put one 1.10.0 instead of one']);
  });

  it('come and go with their DDLs', async () => {
    const { external } = agents([{ folder: 'agents' }]);
    await external.load();
    ddl('agents/one.json', 'one');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events.splice(0)).to.deep.equal(['put one 1.0.0']);
    rmSync(join(folder, 'agents/one.json'));
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events.splice(0)).to.deep.equal(['remove one']);
  });

  it('stay as they are when the new file is wrong, until it is right', async () => {
    ddl('one.json', 'one');
    const { external, lines } = agents([{ ddl: 'one.json' }]);
    await external.load();
    events.splice(0);
    write('one.json', '{');
    for (let look = 0; look < 4; look += 1) await external.look();
    expect(events).to.deep.equal([]);
    expect(lines.map(({ msg }) => msg)).to.deep.equal([
      'cannot load an external agent: the previous version stays in use',
    ]);
    ddl('one.json', 'one', '2.0.0');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events).to.deep.equal(['put one 2.0.0 instead of one']);
  });

  it('that get another name or do not apply any more are taken away', async () => {
    ddl('one.json', 'one');
    let applies = true;
    const { external } = agents([{ ddl: 'one.json' }], async () => applies);
    await external.load();
    ddl('one.json', 'uno');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events.splice(0)).to.deep.equal(['put one 1.0.0', 'put uno 1.0.0', 'remove one']);
    applies = false;
    ddl('one.json', 'uno', '1.1.0');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events.splice(0)).to.deep.equal(['put uno 1.1.0 instead of uno', 'remove uno']);
  });

  it('are looked at until told otherwise', async () => {
    ddl('one.json', 'one');
    const { external } = agents([{ ddl: 'one.json' }]);
    await external.load();
    const stop = external.watch(5);
    ddl('one.json', 'one', '2.0.0');
    const end = Date.now() + 10_000;
    while (events.length < 2 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    await stop();
    expect(events).to.deep.equal(['put one 1.0.0', 'put one 2.0.0 instead of one']);
  });

  it('from a folder are logged with file and reason if they cannot be loaded', async () => {
    write('agents/one.json', '{');
    const { external, lines } = agents([{ folder: 'agents' }]);
    await external.load();
    expect(lines[0]).to.include({ level: 50, file: join(folder, 'agents/one.json') });
    expect(lines[0]?.reason).to.match(/one\.json/);
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(lines, 'once, as long as the file stays').to.have.length(1);
    ddl('agents/one.json', 'one');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events).to.deep.equal(['put one 1.0.0']);
    expect(lines, 'it is new and not loaded anew').to.have.length(1);
  });

  it('are removed silently if they were not loaded', async () => {
    write('agents/one.json', '{');
    const { external, lines } = agents([{ folder: 'agents' }]);
    await external.load();
    rmSync(join(folder, 'agents/one.json'));
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events).to.deep.equal([]);
    expect(lines).to.have.length(1);
  });

  it('are removed with the DDL that the configuration names', async () => {
    ddl('one.json', 'one');
    const { external, lines } = agents([{ ddl: 'one.json' }]);
    await external.load();
    events.splice(0);
    rmSync(join(folder, 'one.json'));
    for (let look = 0; look < 4; look += 1) await external.look();
    expect(events).to.deep.equal(['remove one']);
    expect(lines.map(({ level, msg, agent }) => [level, msg, agent])).to.deep.equal([
      [30, 'external agent removed: its DDL no longer exists', 'one'],
    ]);
    ddl('one.json', 'one');
    for (let look = 0; look < 3; look += 1) await external.look();
    expect(events).to.deep.equal(['remove one', 'put one 1.0.0']);
  });

  for (const [what, change] of [
    ['whose DDL is gone', () => rmSync(join(folder, 'agents/one.json'))],
    ['that has another name', () => ddl('agents/one.json', 'uno')],
  ] as const) {
    it(`are checked until one ${what} is removed`, async () => {
      ddl('agents/one.json', 'one');
      const { external } = agents([{ folder: 'agents' }]);
      await external.load();
      let go = () => {};
      removed = new Promise((resolve) => {
        go = resolve;
      });
      change();
      await external.look();
      let isOver = false;
      const look = external.look().then(() => {
        isOver = true;
      });
      await until('it is being removed', () => events.includes('remove one'));
      expect(isOver).to.equal(false);
      go();
      await look;
    });
  }

  it('are not reloaded for a change that is undone before the next check', async () => {
    ddl('agents/one.json', 'one');
    utimesSync(join(folder, 'agents/one.json'), 1000, 1000);
    const { external } = agents([{ folder: 'agents' }]);
    await external.load();
    const change = (time: number) => utimesSync(join(folder, 'agents/one.json'), time, time);
    for (const time of [2000, 1000, 2000, 1000]) {
      change(time);
      await external.look();
    }
    expect(events).to.deep.equal(['put one 1.0.0']);
  });

  it('are still watched if reloading one fails, which is logged', async () => {
    ddl('agents/one.json', 'one');
    ddl('agents/two.json', 'two');
    let fails = false;
    const { external, lines } = agents([{ folder: 'agents' }], async () => {
      if (fails) throw new Error('it is taken already');
      return true;
    });
    await external.load();
    events.splice(0);
    fails = true;
    for (const name of ['one', 'two']) ddl(`agents/${name}.json`, name, '2.0.0');
    for (let look = 0; look < 4; look += 1) await external.look();
    expect(events).to.deep.equal(['put one 2.0.0 instead of one', 'put two 2.0.0 instead of two']);
    expect(lines.map(({ msg, reason }) => [msg, reason])).to.deep.equal(
      Array(2).fill([
        'cannot load an external agent: the previous version stays in use',
        'it is taken already',
      ]),
    );
  });

  it('are not watched if the configuration names none', async () => {
    const { external } = agents([]);
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const looks: string[] = [];
      external.look = async () => void looks.push('look');
      const stop = external.watch(5);
      mock.timers.tick(100);
      await stop();
      expect(looks).to.deep.equal([]);
    } finally {
      mock.timers.reset();
    }
  });

  it('are checked one check after the other until stopped', async () => {
    const { external } = agents([{ folder: 'agents' }]);
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      let looks = 0;
      let go = () => {};
      external.look = () => {
        looks += 1;
        return new Promise((resolve) => {
          go = resolve;
        });
      };
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const stop = external.watch(5);
      mock.timers.tick(4);
      await turn();
      expect(looks).to.equal(0);
      mock.timers.tick(20);
      await turn();
      expect(looks).to.equal(1);
      go();
      await turn();
      expect(looks).to.equal(2);
      let isStopped = false;
      const stopped = stop().then(() => {
        isStopped = true;
      });
      await turn();
      expect(isStopped, 'it waits for the look').to.equal(false);
      go();
      await stopped;
      mock.timers.tick(100);
      await turn();
      expect(looks).to.equal(2);
    } finally {
      mock.timers.reset();
    }
  });

  it('have a program named like them, or like Go names what it builds', () => {
    const place = { ddlFile: '/a/go/go.json', isNamed: true };
    expect(commandsOf(place, 'go')).to.deep.equal([
      '/a/go/go',
      `/a/go/${program('go')}`,
      `/a/go/go/${program('go')}`,
    ]);
    expect(commandsOf({ ...place, command: '/opt/go' }, 'go')[2]).to.equal(`/opt/go/${program('go')}`);
  });

  it('are left out if others can write their files, also if the configuration names them', async () => {
    ddl('safe.json', 'safe');
    ddl('open.json', 'open');
    ddl('open.d/one.json', 'one');
    chmodSync(join(folder, 'open.json'), 0o666);
    chmodSync(join(folder, 'open.d'), 0o777);
    const entries = [{ ddl: 'safe.json' }, { ddl: 'open.json' }, { folder: 'open.d' }];
    const { external, lines } = agents(entries);
    await external.load();
    expect(events).to.deep.equal(['put safe 1.0.0']);
    const told = lines.map(({ msg, reason, code }) => [msg, String(reason).split(' (')[0], code]);
    expect(told).to.have.deep.members([
      [
        'cannot load an external agent: it is left out',
        `any user can write ${folder}/open.json`,
        'FILE_UNSAFE',
      ],
      ['cannot load an external agent: it is left out', `any user can write ${folder}/open.d`, 'FILE_UNSAFE'],
    ]);
  });

  it('are left out if others can write the program that the name in the DDL means', async () => {
    ddl('other-name.json', 'tool');
    write('tool', '#!/bin/sh\n');
    chmodSync(join(folder, 'tool'), 0o777);
    const { external, lines } = agents([{ ddl: 'other-name.json' }]);
    await external.load();
    expect(events).to.deep.equal([]);
    expect(lines.map(({ reason }) => String(reason).split(' (')[0])).to.deep.equal([
      `any user can write ${folder}/tool`,
    ]);
  });

  it('are left out if others can write the program of the provision agent', async () => {
    write('provision.json', JSON.stringify(ddlOf('provision', { status: {} })));
    write('run', '#!/bin/sh\n');
    const entry = { ddl: 'provision.json', command: 'run', role: 'provision' } as const;
    const safe = agents([entry]);
    await safe.external.load();
    expect(events).to.deep.equal(['put provision 1.0.0']);
    chmodSync(join(folder, 'run'), 0o777);
    const { external, lines } = agents([entry]);
    await external.load();
    expect(events).to.have.length(1);
    expect(lines.map(({ code }) => code)).to.deep.equal(['FILE_UNSAFE']);
  });

  it('are removed if others can write their files from now on', async () => {
    ddl('one.json', 'one');
    const { external } = agents([{ ddl: 'one.json' }]);
    await external.load();
    chmodSync(join(folder, 'one.json'), 0o666);
    await external.look();
    await external.look();
    expect(events).to.deep.equal(['put one 1.0.0', 'remove one']);
  });

  it('are not waited for if a FIFO is in the place of a DDL', async function () {
    ddl('d/one.json', 'one');
    if (spawnSync('mkfifo', [join(folder, 'd/two.json')]).status !== 0) skip(this, 'there is no mkfifo here');
    const { external, lines } = agents([{ folder: 'd' }]);
    await external.load();
    expect(events).to.deep.equal(['put one 1.0.0']);
    expect(lines.map(({ reason }) => reason)).to.deep.equal([
      `cannot read the DDL ${folder}/d/two.json: it is a FIFO, not a regular file`,
    ]);
  });
});

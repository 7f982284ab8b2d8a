import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { Agent, AgentConfig, DataLookup, Host, TroupeError } from '@troupe/core';
import { actorProgram, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Agents, type AgentsOptions } from '../../src/agents/agents.js';
import { Registry } from '../../src/agents/registry.js';
import { parseDaemonConfig } from '../../src/config.js';
import { ddlOf, keptLog } from './external/actor.js';

describe('the agents of a daemon', () => {
  let folder: string;
  let events: string[];
  let registry: Registry;
  let data: Map<string, DataLookup>;
  let kept: ReturnType<typeof keptLog>;
  let opened: Agents[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-agents-'));
    mkdirSync(join(folder, 'state'));
    events = [];
    registry = new Registry();
    data = new Map();
    kept = keptLog();
    opened = [];
  });
  afterEach(async () => {
    for (const agents of opened) await agents.close();
    rmSync(folder, { recursive: true });
  });

  /** The agents of a daemon that starts anew, with more of its configuration. */
  function agents(more = '', mode = 'none', options: Partial<AgentsOptions> = {}): Agents {
    registry = new Registry();
    const made = new Agents({
      config: parseDaemonConfig(`{ security: { mode: ${mode} }, state_dir: ${folder}/state ${more} }`),
      configFile: join(folder, 'mcod.yaml'),
      log: kept.log,
      registry,
      data,
      node: { identity: 'web1.lab', facts: () => ({ region: 'eu' }), classes: () => ['role::web'] },
      reload: () => events.push('reload'),
      ...options,
    });
    opened.push(made);
    return made;
  }
  const agent = (name: string, setup: (config: AgentConfig, host: Host) => unknown = () => ({})): Agent => ({
    ddl: ddlOf(name, {}),
    setup: async (config, host) => {
      host.onClose(() => void events.push(`close ${name}`));
      return (await setup(config, host)) as never;
    },
  });
  /** Writes an agent whose file is called like it; `setup` is the body of its set-up. */
  const write = (name: string, setup: string) =>
    writeFileSync(
      join(folder, `${name}.mjs`),
      `export default { ddl: ${JSON.stringify(ddlOf(name, {}))}, setup: async (config, host) => { ${setup} } };`,
    );
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'it was loaded',
      ({ code, message }: TroupeError) => `${code}: ${message}`,
    );
  const logged = (level: number) =>
    kept.lines
      .filter((line) => line.level === level)
      .map(({ msg, agent: name, reason }) => [msg, name, reason]);

  it('give each agent its host: identity, facts, classes, state folder, log and reload', async () => {
    let host: Host | undefined;
    let config: AgentConfig | undefined;
    await agents(', plugins: { one: { depth: 3 } }').load([
      agent('one', (...given) => {
        [config, host] = given;
        return {};
      }),
    ]);
    expect(config).to.deep.equal({ depth: 3 });
    expect(host?.identity).to.equal('web1.lab');
    expect(host?.facts()).to.deep.equal({ region: 'eu' });
    expect(host?.classes()).to.deep.equal(['role::web']);
    expect(host?.stateDir).to.equal(join(folder, 'state/agents/one'));
    expect(statSync(host?.stateDir ?? '').mode & 0o777).to.equal(0o700);
    host?.provideData('disk', () => ({ free: 1 }));
    expect(data.get('disk')?.(undefined)).to.deep.equal({ free: 1 });
    host?.reload();
    expect(events).to.deep.equal(['reload']);
    host?.log.info('hello');
    expect(kept.lines.at(-1)).to.include({ msg: 'hello', agent: 'one' });
    expect(host, 'what is given in code is there anyway').to.not.have.property('stay');
  });

  it('get an empty section if the configuration has none for them', async () => {
    let config: AgentConfig | undefined;
    await agents(', plugins: { two: { depth: 3 } }').load([
      agent('one', (given) => {
        config = given;
        return {};
      }),
    ]);
    expect(config).to.deep.equal({});
  });

  it('are loaded in order, those of the configuration last, and closed in reverse order', async () => {
    write('three', "host.onClose(() => config.events.push('close three')); return {};");
    const subject = agents(', agents: [./three.mjs], plugins: { three: { events: [] } }');
    await subject.load([agent('one'), agent('two')]);
    expect(registry.names()).to.deep.equal(['one', 'three', 'two']);
    await subject.close();
    expect(events).to.deep.equal(['close two', 'close one']);
    await subject.close();
    expect(events).to.have.length(2);
  });

  it('are closed if one of them fails to load', async () => {
    const faulty = agent('faulty', () => {
      throw new Error('no such device');
    });
    expect(await refusal(agents().load([agent('one'), faulty]))).to.equal(
      'AGENT_INVALID: faulty: setup failed: no such device',
    );
    expect(events).to.deep.equal(['close faulty', 'close one']);
  });

  it('must have different names', async () => {
    expect(await refusal(agents().load([agent('one'), agent('one')]))).to.equal(
      'AGENT_INVALID: one: an agent named "one" is already loaded',
    );
  });

  it('are left out if they do not apply to the host', async () => {
    await agents().load([agent('one', () => undefined)]);
    expect(registry.names()).to.deep.equal([]);
    expect(logged(30)).to.deep.equal([['the agent does not apply to this host', 'one', undefined]]);
  });

  describe('of a machine without a certificate', () => {
    for (const name of ['rpcutil', 'discovery', 'provision']) {
      it(`may include ${name}`, async () => {
        await agents('', 'token').load([agent(name)]);
        expect(registry.names()).to.deep.equal([name]);
      });
    }

    it('may include no others', async () => {
      write('one', 'return {};');
      const words = (where: string) =>
        `CONFIG_INVALID: agents: "${where}" is not permitted with security.mode token: a machine without a certificate may run only provision`;
      expect(await refusal(agents('', 'token').load([agent('one')]))).to.equal(words('one'));
      const subject = agents(', agents: [./one.mjs]', 'token');
      await subject.load([]);
      expect(subject.leftOut).to.deep.equal([
        { what: './one.mjs', reason: words('./one.mjs').replace('CONFIG_INVALID: ', '') },
      ]);
      expect(registry.names()).to.deep.equal([]);
    });

    it('may include an external agent only as the provision agent that the configuration names', async () => {
      mkdirSync(join(folder, 'more'));
      for (const place of ['provision', 'more/provision'])
        writeFileSync(join(folder, `${place}.json`), JSON.stringify(ddlOf('provision', { status: {} })));
      writeFileSync(join(folder, 'one.json'), JSON.stringify(ddlOf('one', {})));
      const entry = (more: string) => `, external_agents: [{ ${more} }]`;
      const command = `command: ${actorProgram}`;
      const load = async (more: string) => {
        const subject = agents(entry(more), 'token');
        await subject.load([]);
        return subject.leftOut.map(({ reason }) => reason).join();
      };
      expect(await load(`ddl: one.json, ${command}`)).to.match(/may run only provision/);
      expect(await load(`ddl: provision.json, ${command}`)).to.match(/is reserved/);
      await load('folder: more');
      expect(registry.names()).to.deep.equal([]);
      await load(`ddl: provision.json, ${command}, role: provision`);
      expect(registry.names()).to.deep.equal(['provision']);
      expect([...data.keys()]).to.deep.equal(['provision']);
    });

    it('do not include unfinished agents of an earlier configuration', async () => {
      write('one', 'host.stay(true); return {};');
      await agents(', agents: [./one.mjs]').load([]);
      await agents('', 'token').load([]);
      expect(registry.names()).to.deep.equal([]);
      await agents().load([]);
      expect(registry.names()).to.deep.equal(['one']);
    });
  });

  describe('whose files have changed', () => {
    it('are loaded in their new version', async () => {
      write('one', "host.provideData('one', () => ({ version: 1 })); return {};");
      await agents(', agents: [./one.mjs]').load([]);
      write('one', "host.provideData('one', () => ({ version: 22 })); return {};");
      await agents(', agents: [./one.mjs]').load([]);
      expect(data.get('one')?.(undefined)).to.deep.equal({ version: 22 });
    });

    it('stay in their last working version if the new one fails', async () => {
      write('one', "host.provideData('one', () => ({ version: config.version })); return {};");
      const more = ', agents: [./one.mjs], plugins: { one: { version: 1 } }';
      await agents(more).load([]);
      write('one', "throw new Error('not today');");
      await agents(more).load([]);
      expect(registry.names()).to.deep.equal(['one']);
      expect(data.get('one')?.(undefined)).to.deep.equal({ version: 1 });
      expect(logged(50)).to.deep.equal([
        [
          'cannot load the changed agent: the previous version stays in use',
          './one.mjs',
          './one.mjs: setup failed: not today',
        ],
      ]);
    });

    it('are left out if they never worked', async () => {
      write('one', "throw new Error('not today');");
      const subject = agents(', agents: [./one.mjs]');
      await subject.load([]);
      expect(registry.names()).to.deep.equal([]);
      expect(subject.leftOut).to.deep.equal([
        { what: './one.mjs', reason: './one.mjs: setup failed: not today' },
      ]);
    });
  });

  describe('that are unfinished', () => {
    it('are loaded with their last section, which is logged', async () => {
      write('one', 'host.provideData("one", () => config); host.stay(true); return {};');
      await agents(', agents: [./one.mjs], plugins: { one: { depth: 3 } }').load([]);
      data.clear();
      await agents().load([]);
      expect(data.get('one')?.(undefined)).to.deep.equal({ depth: 3 });
      expect(logged(30)).to.deep.equal([
        [
          'the agent is no longer in the configuration: it stays loaded until it has finished its work',
          'one',
          undefined,
        ],
      ]);
    });

    it('get the section of the new configuration if it has one', async () => {
      write('one', 'host.provideData("one", () => config); host.stay(true); return {};');
      await agents(', agents: [./one.mjs], plugins: { one: { depth: 3 } }').load([]);
      await agents(', plugins: { one: { depth: 4 } }').load([]);
      expect(data.get('one')?.(undefined)).to.deep.equal({ depth: 4 });
    });

    it('are released when they ask for it', async () => {
      write('one', 'host.stay(true); host.stay(false); return {};');
      await agents(', agents: [./one.mjs]').load([]);
      await agents().load([]);
      expect(registry.names()).to.deep.equal([]);
    });

    it('are released if they can no longer be loaded, which is logged once', async () => {
      write('one', 'host.stay(true); return {};');
      await agents(', agents: [./one.mjs]').load([]);
      rmSync(join(folder, 'one.mjs'));
      await agents().load([]);
      expect(logged(40).map(([msg, name]) => [msg, name])).to.deep.equal([
        ['cannot load an agent that has unfinished work: it will not be tried again', 'one'],
      ]);
      await agents().load([]);
      expect(logged(40)).to.have.length(1);
    });
  });

  describe('that are served', () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const subscribe = async (name: string) => {
      await turn();
      events.push(`subscribe ${name}`);
      return async () => {
        await turn();
        events.push(`stop ${name}`);
      };
    };
    beforeEach(() => {
      mkdirSync(join(folder, 'agents'));
    });
    const external = ', external_agents: [{ folder: agents }]';
    const put = (name: string, version = '1.0.0') => {
      writeFileSync(join(folder, `agents/${name}.json`), JSON.stringify(ddlOf(name, { show: {} }, version)));
      copyFileSync(actorProgram, join(folder, 'agents', name));
    };

    it('are each subscribed to once', async () => {
      put('actor');
      const subject = agents(external);
      await subject.load([agent('one')]);
      expect(events).to.deep.equal([]);
      await subject.serve(subscribe);
      expect(events).to.deep.equal(['subscribe actor', 'subscribe one']);
    });

    it('are subscribed to as external agents are added, and no longer when they are removed', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        const subject = agents(external);
        await subject.load([]);
        await subject.serve(subscribe);
        const look = async (what: string, isThere: () => boolean) =>
          until(what, () => {
            mock.timers.tick(2000);
            return isThere();
          });
        put('actor');
        // The first look sees the change, the second that it has settled.
        mock.timers.tick(4000);
        await until('it is subscribed', () => events.length === 1);
        expect(events).to.deep.equal(['subscribe actor']);
        const [before] = registry.all();
        put('actor', '1.1.0');
        await look('it is another', () => registry.get('actor') !== before);
        expect(registry.get('actor')?.compiled.ddl.metadata.version).to.equal('1.1.0');
        expect(events).to.deep.equal(['subscribe actor']);
        rmSync(join(folder, 'agents/actor.json'));
        await look('it is gone', () => events.length === 2);
        expect(events).to.deep.equal(['subscribe actor', 'stop actor']);
        expect(registry.names()).to.deep.equal([]);
        put('actor');
        await look('it is there again', () => events.length === 3);
        expect(events.at(-1)).to.equal('subscribe actor');
        await subject.close();
      } finally {
        mock.timers.reset();
      }
    });

    it('are closed only after pending removals are complete', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        put('actor');
        let stop = () => {};
        let isStopping = false;
        const subject = agents(external);
        await subject.load([]);
        await subject.serve(async () => () => {
          isStopping = true;
          return new Promise((resolve) => {
            stop = resolve;
          });
        });
        rmSync(join(folder, 'agents/actor.json'));
        await until('it stops', () => {
          mock.timers.tick(2000);
          return isStopping;
        });
        let isClosed = false;
        const closed = subject.close().then(() => {
          isClosed = true;
        });
        await turn();
        expect(isClosed).to.equal(false);
        stop();
        await closed;
      } finally {
        mock.timers.reset();
      }
    });

    it('are no longer watched after they are closed', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        const subject = agents(external);
        await subject.load([]);
        await subject.serve(subscribe);
        await subject.close();
        put('actor');
        for (let look = 0; look < 5; look += 1) mock.timers.tick(2000);
        await subject.close();
        expect(events).to.deep.equal([]);
      } finally {
        mock.timers.reset();
      }
    });

    it('do not replace another agent of the same name', async () => {
      put('actor');
      const subject = agents(external);
      await subject.load([agent('actor')]);
      expect(logged(50)[0]?.[2]).to.include('an agent named "actor" is already loaded');
      expect(registry.names()).to.deep.equal(['actor']);
      expect(existsSync(join(folder, 'agents/actor'))).to.equal(true);
    });
  });

  it('leave out those that are at fault, each with its reason, and load the rest', async () => {
    write('good', 'return {};');
    write('throws', "throw new Error('no such device');");
    write('handles', 'return { other: () => ({}) };');
    write('exits', 'process.exit(0);');
    writeFileSync(join(folder, 'broken.mjs'), 'export default {');
    writeFileSync(join(folder, 'nothing.mjs'), 'export const agent = 1;');
    const { exit } = process;
    process.exit = () => {
      throw new Error('exit is blocked');
    };
    try {
      const names = ['throws', 'gone', 'handles', 'broken', 'nothing', 'exits', 'good'];
      const subject = agents(`, agents: [${names.map((name) => `./${name}.mjs`).join(', ')}]`);
      await subject.load([agent('given')]);
      expect(registry.names()).to.deep.equal(['given', 'good']);
      expect(subject.leftOut.map(({ what }) => what)).to.deep.equal(
        names.slice(0, -1).map((name) => `./${name}.mjs`),
      );
      const reasons = subject.leftOut.map(({ reason }) => reason);
      expect(reasons[0]).to.equal('./throws.mjs: setup failed: no such device');
      expect(reasons[1]).to.include('agents: cannot load "./gone.mjs"');
      expect(reasons[5]).to.include('exit is blocked');
      expect(logged(50).map(([msg, name]) => [msg, name])).to.deep.equal(
        subject.leftOut.map(({ what }) => ['an agent is left out: the daemon serves without it', what]),
      );
    } finally {
      process.exit = exit;
    }
  });

  describe('of the configuration that take long', () => {
    // What modules wait for, and with what they go on.
    const gate = globalThis as { opened?: Promise<void>; open?: () => void; closings?: string[] };
    beforeEach(() => {
      gate.opened = new Promise((resolve) => {
        gate.open = resolve;
      });
    });
    afterEach(() => {
      gate.open?.();
      delete gate.opened;
      delete gate.open;
      delete gate.closings;
    });
    const writeModule = (file: string, before: string, name: string, setup: string) =>
      writeFileSync(
        join(folder, `${file}.mjs`),
        `${before}\nexport default { ddl: ${JSON.stringify(ddlOf(name, {}))}, setup: async (config, host) => { ${setup} } };`,
      );

    it('are imported at the same time', async () => {
      writeModule('one', 'await globalThis.opened;', 'one', 'return {};');
      writeModule('two', 'globalThis.open();', 'two', 'return {};');
      const subject = agents(', agents: [./one.mjs, ./two.mjs]');
      await subject.load([]);
      expect(subject.leftOut).to.deep.equal([]);
      expect(registry.names()).to.deep.equal(['one', 'two']);
    });

    it('are set up at the same time, and closed, replaced and named in the order of the configuration', async () => {
      const record = (name: string) =>
        `host.onClose(() => globalThis.closings.push('${name}')); host.provideData('shared', () => '${name}');`;
      const closed: string[] = [];
      gate.closings = closed;
      write('one', `await globalThis.opened; ${record('one')} return {};`);
      write('two', `${record('two')} globalThis.open(); return {};`);
      write('bad', "await globalThis.opened; throw new Error('no such device');");
      write('worse', "throw new Error('no such port');");
      const subject = agents(', agents: [./one.mjs, ./bad.mjs, ./worse.mjs, ./two.mjs]');
      await subject.load([]);
      expect(registry.names()).to.deep.equal(['one', 'two']);
      expect(subject.leftOut.map(({ what }) => what)).to.deep.equal(['./bad.mjs', './worse.mjs']);
      expect(logged(50).map(([, name]) => name)).to.deep.equal(['./bad.mjs', './worse.mjs']);
      expect(data.get('shared')?.(undefined)).to.equal('two');
      await subject.close();
      expect(closed).to.deep.equal(['two', 'one']);
    });

    it('come before later ones of the same name', async () => {
      writeModule(
        'slow',
        'await globalThis.opened;',
        'same',
        "host.provideData('which', () => 'slow'); return {};",
      );
      writeModule(
        'fast',
        'globalThis.open();',
        'same',
        "host.provideData('which', () => 'fast'); return {};",
      );
      const subject = agents(', agents: [./slow.mjs, ./fast.mjs]');
      await subject.load([]);
      expect(data.get('which')?.(undefined)).to.equal('slow');
      expect(subject.leftOut).to.deep.equal([
        { what: './fast.mjs', reason: './fast.mjs: an agent named "same" is already loaded' },
      ]);
    });

    it('are named in the log while they are being loaded', async () => {
      writeModule('imports', 'await globalThis.opened;', 'imports', 'return {};');
      write('quick', 'return {};');
      writeModule('more', 'await globalThis.opened;', 'more', 'return {};');
      const subject = agents(', agents: [./imports.mjs, ./quick.mjs, ./more.mjs]', 'none', { longLoad: 1 });
      const loaded = subject.load([]);
      const named = (what: string) =>
        logged(40).filter(([, , reason]) => `${reason}`.includes(`${what} is not finished after 0.001 s`));
      const isNamed = (name: string) => named('importing it').some(([, agent]) => agent === name);
      await until('both are named', () => isNamed('./imports.mjs') && isNamed('./more.mjs'));
      gate.open?.();
      await loaded;
      expect(named('importing it')[0]?.slice(0, 2)).to.deep.equal([
        'an agent takes long to load: the daemon serves only when it is loaded or left out',
        './imports.mjs',
      ]);
      expect(registry.names()).to.deep.equal(['imports', 'more', 'quick']);
    });

    it('are named in the log while they are set up', async () => {
      write('slow', 'await globalThis.opened; return {};');
      const loaded = agents(', agents: [./slow.mjs]', 'none', { longLoad: 1 }).load([]);
      await until('it is named', () =>
        logged(40).some(
          ([, , reason]) => reason === '"./slow.mjs": its set-up is not finished after 0.001 s',
        ),
      );
      gate.open?.();
      await loaded;
      expect(registry.names()).to.deep.equal(['slow']);
    });
  });

  it('leave out one that does not finish its set-up, and load the rest', async () => {
    write('hangs', 'return new Promise(() => {});');
    write('good', 'return {};');
    const subject = agents(', agents: [./hangs.mjs, ./good.mjs]', 'none', { setUpTime: 500 });
    await subject.load([]);
    expect(subject.leftOut[0]?.reason).to.equal('./hangs.mjs: setup failed: it did not finish within 0.5 s');
    expect(registry.names()).to.deep.equal(['good']);
  });

  it('leave out one that others can write, and load the rest', async () => {
    write('safe', 'return {};');
    write('open', 'return {};');
    chmodSync(join(folder, 'open.mjs'), 0o666);
    await agents(', agents: [./open.mjs, ./safe.mjs]').load([]);
    expect(registry.names()).to.deep.equal(['safe']);
    const [line] = kept.lines.filter(({ level }) => level === 50);
    expect(line).to.include({ agent: './open.mjs', code: 'FILE_UNSAFE' });
    expect(line?.reason).to.include(`any user can write ${folder}/open.mjs (mode 0666`);
    expect(line?.reason).to.match(/: chmod g?o-w .*open\.mjs$/);
  });

  it('leave out one that has a file in its package that others can write', async () => {
    write('own', 'return {};');
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'helper.js'), '');
    chmodSync(join(folder, 'helper.js'), 0o666);
    await agents(', agents: [./own.mjs]').load([]);
    expect(registry.names()).to.deep.equal([]);
  });
});

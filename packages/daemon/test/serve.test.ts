import { EventEmitter } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '@troupe/core';
import { openFiles, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ExitRefused } from '../src/exit.js';
import { serve } from '../src/serve.js';
import { readStatusFile } from '../src/status/status.js';
import { ddlOf, type LogLine } from './agents/external/actor.js';
import { Bench } from './fixture.js';
import { Realm } from './realm.js';

const taken = [
  'SIGHUP',
  'SIGTERM',
  'SIGINT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'uncaughtException',
  'unhandledRejection',
] as const;
const { exit } = process;

describe('mcod in this process', () => {
  let bench: Bench;
  let folder: string;
  let served: Promise<void> | undefined;
  let before: Map<string, unknown[]>;
  beforeEach(() => {
    bench = new Bench();
    folder = mkdtempSync(join(tmpdir(), 'troupe-serve-'));
    before = new Map(taken.map((name) => [name, process.listeners(name as never)]));
    // The runner of these tests must not end with what is signalled here.
    for (const name of taken) process.removeAllListeners(name);
    served = undefined;
  });
  afterEach(async () => {
    bench.release();
    process.emit('SIGTERM');
    await served?.catch(() => {});
    process.exit = exit;
    for (const [name, listeners] of before) {
      process.removeAllListeners(name);
      for (const listener of listeners) process.on(name, listener as never);
    }
    rmSync(folder, { recursive: true });
    await bench.close();
  });

  const file = (name: string) => join(folder, name);
  const configure = (more = '', identity = 'web1.lab', security = 'security: { mode: none }') =>
    writeFileSync(
      file('mcod.yaml'),
      `{ identity: ${identity}, ${security}, state_dir: ${file('state')}, facts: { paths: [] }, log: { file: ${file('log')} } ${more} }`,
    );
  const lines = (msg: string): readonly LogLine[] =>
    readFileSync(file('log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => line.msg === msg);
  const logged = (msg: string, times = 1) =>
    until(`"${msg}" in the log`, () => existsSync(file('log')) && lines(msg).length >= times);
  const begin = async (more = '') => {
    configure(more);
    served = serve(file('mcod.yaml'), {
      agents: [bench.counter()],
      connect: ({ will }) => bench.broker.connect({ will }),
    });
    await logged('ready');
  };
  const names = () => lines('ready').map(({ identity }) => identity);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`serves until ${signal}, and updates its pid and status files`, async () => {
      await begin(`, pid_file: ${file('pid')}`);
      expect(readFileSync(file('pid'), 'utf8')).to.equal(`${process.pid}\n`);
      await until('it has a status', () => existsSync(file('state/status.json')));
      expect(readStatusFile(file('state/status.json'))).to.include({
        state: 'running',
        identity: 'web1.lab',
      });
      process.emit(signal);
      await served;
      expect(existsSync(file('pid'))).to.equal(false);
      expect(readStatusFile(file('state/status.json')).state).to.equal('ended');
      expect(lines('shutting down')).to.have.length(1);
      expect(names()).to.deep.equal(['web1.lab']);
    });
  }

  it('ends at SIGTERM while an agent is being loaded that hangs', async () => {
    const gate = globalThis as { importing?: Promise<void>; isImported?: () => void; hang?: Promise<void> };
    let release = () => {};
    gate.hang = new Promise((resolve) => {
      release = resolve;
    });
    gate.importing = new Promise((resolve) => {
      gate.isImported = resolve;
    });
    try {
      writeFileSync(file('hangs.mjs'), 'globalThis.isImported(); await globalThis.hang;');
      configure(`, agents: [./hangs.mjs], pid_file: ${file('pid')}`);
      served = serve(file('mcod.yaml'), { connect: ({ will }) => bench.broker.connect({ will }) });
      await gate.importing;
      process.emit('SIGTERM');
      await served;
      expect(lines('shutting down: the daemon had not finished its start')).to.have.length(1);
      expect(lines('ready')).to.deep.equal([]);
      expect(existsSync(file('pid'))).to.equal(false);
    } finally {
      release();
      delete gate.hang;
      delete gate.importing;
      delete gate.isImported;
    }
  });

  it('reloads its configuration at SIGHUP', async () => {
    await begin();
    configure('', 'web2.lab');
    process.emit('SIGHUP');
    await logged('ready', 2);
    expect(names()).to.deep.equal(['web1.lab', 'web2.lab']);
    expect(lines('reloading the configuration after running actions have ended')).to.have.length(1);
    expect(lines('shutting down')).to.deep.equal([]);
    await until(
      'the status is that of the new one',
      () => readStatusFile(file('state/status.json')).identity === 'web2.lab',
    );
  });

  it('keeps the old configuration if the new one is invalid', async () => {
    await begin();
    configure(', nonsense: true', 'web2.lab');
    process.emit('SIGHUP');
    await logged('ready', 2);
    expect(names()).to.deep.equal(['web1.lab', 'web1.lab']);
    const [line] = lines('invalid configuration: the previous one stays in use');
    expect(line).to.include({ level: 50 });
    expect(line?.reason).to.include('nonsense');
  });

  it('returns to the old configuration if it cannot start with the new one', async () => {
    await begin();
    configure(', main_collective: elsewhere', 'web2.lab');
    process.emit('SIGHUP');
    await logged('ready', 2);
    expect(names()).to.deep.equal(['web1.lab', 'web1.lab']);
    const [line] = lines('cannot start with the new configuration: the previous one stays in use');
    expect(line).to.include({ level: 50 });
    expect(line?.reason).to.include('"elsewhere" is not in collectives');
    configure('', 'web3.lab');
    process.emit('SIGHUP');
    await logged('ready', 3);
    expect(names()[2]).to.equal('web3.lab');
  });

  it('writes to a new log file after a rotation, and closes the rotated one', async function () {
    await begin();
    const rotated = file('log.1');
    renameSync(file('log'), rotated);
    process.emit('SIGHUP');
    await logged('ready');
    const open = openFiles(folder);
    if (open === undefined) return this.skip();
    await until('the rotated log is closed', () => !openFiles(folder)?.includes(rotated));
    expect(openFiles(folder)).to.include(file('log'));
  });

  it('keeps the old log if the new one cannot be opened', async () => {
    await begin();
    writeFileSync(
      file('mcod.yaml'),
      readFileSync(file('mcod.yaml'), 'utf8').replace(file('log'), '/dev/null/log').replace('web1', 'web4'),
    );
    process.emit('SIGHUP');
    await logged('ready', 2);
    expect(names()[1]).to.equal('web4.lab');
    const [line] = lines('cannot open the new log: the previous one stays in use');
    expect(line?.reason).to.match(/^log\.file: cannot write \/dev\/null\/log: /);
  });

  for (const [what, more, path] of [
    ['pid_file', 'pid_file: /dev/null/pid', '/dev/null/pid'],
    ['audit.file', 'audit: { file: /dev/null/audit }', '/dev/null/audit'],
    ['state_dir', 'collectives: [mcollective]', '/state'],
    ['the agent ./gone.mjs', 'agents: [./gone.mjs]', './gone.mjs'],
  ] as const) {
    it(`starts without ${what} if it cannot be used, and says so in log and status`, async () => {
      if (what === 'state_dir') writeFileSync(file('state'), '');
      await begin(`, status_file: ${file('status.json')}, ${more}`);
      await until('it has a status', () => existsSync(file('status.json')));
      const { without } = readStatusFile(file('status.json'));
      const loss = without.find((each) => each.what === what);
      expect(loss?.reason).to.include(path);
      const logLines = readFileSync(file('log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(path));
      expect(logLines.map((line) => JSON.parse(line).level)).to.include(50);
    });
  }

  it('starts without log.file if it cannot be opened, and says so in its status', async () => {
    writeFileSync(
      file('mcod.yaml'),
      `{ identity: web1.lab, security: { mode: none }, state_dir: ${file('state')}, facts: { paths: [] }, log: { file: ${file('a/log')}, level: fatal } }`,
    );
    writeFileSync(file('a'), '');
    served = serve(file('mcod.yaml'), { agents: [], connect: ({ will }) => bench.broker.connect({ will }) });
    await until('it has a status', () => existsSync(file('state/status.json')));
    const { without } = readStatusFile(file('state/status.json'));
    expect(without.map(({ what }) => what)).to.deep.equal(['log.file']);
    expect(without[0]?.reason).to.match(/^cannot write .*\/a\/log: (EEXIST|ENOTDIR): /);
  });

  it('does not replace a device that is its pid file or its status file', async () => {
    await begin(`, pid_file: /dev/null, status_file: /dev/null`);
    process.emit('SIGTERM');
    await served;
    expect(statSync('/dev/null').isCharacterDevice()).to.equal(true);
  });

  for (const signal of ['SIGUSR2', 'SIGWINCH'] as const) {
    it(`opens its log again at ${signal}, without waiting for anything`, async () => {
      await begin();
      const rotated = file('log.1');
      renameSync(file('log'), rotated);
      process.emit(signal);
      expect(lines('log opened again')).to.have.length(1);
      expect(readFileSync(rotated, 'utf8')).to.include('ready').and.not.include('log opened again');
    });
  }

  it('continues as it is if it could not start again at SIGHUP', async () => {
    const realm = await Realm.create('web1.lab', 'rip.mcollective');
    try {
      const files = `certificate: ${file('cert.pem')}, key: ${file('key.pem')}, ca: ${realm.file('ca.pem')}`;
      copyFileSync(realm.file('web1.lab.pem'), file('cert.pem'));
      copyFileSync(realm.file('web1.lab.key'), file('key.pem'));
      configure('', 'web1.lab', `security: { ${files} }`);
      served = serve(file('mcod.yaml'), {
        agents: [],
        connect: ({ will }) => bench.broker.connect({ will }),
      });
      await logged('ready');
      rmSync(file('key.pem'));
      process.emit('SIGHUP');
      await logged('cannot reload: the daemon continues as it is');
      expect(readStatusFile(file('state/status.json')).state).to.equal('running');
      copyFileSync(realm.file('web1.lab.key'), file('key.pem'));
      process.emit('SIGHUP');
      await logged('ready', 2);
    } finally {
      process.emit('SIGTERM');
      await served;
      realm.remove();
    }
  });

  it('does not start with an invalid configuration', async () => {
    configure(', nonsense: true');
    served = serve(file('mcod.yaml'));
    expect(await served.catch((error: Error) => error.message)).to.include('nonsense');
  });

  it('fails if its first start fails', async () => {
    configure(', main_collective: elsewhere');
    served = serve(file('mcod.yaml'));
    expect(await served.catch((error: Error) => error.message)).to.include('"elsewhere" is not in');
  });

  it('ends normally if its pid file is gone', async () => {
    await begin(`, pid_file: ${file('pid')}`);
    rmSync(file('pid'));
    process.emit('SIGTERM');
    await served;
  });

  const attach = async ({ id, ...rest }: ReturnType<Bench['request']>) => {
    const { agent: _, action, filter, input, ...common } = rest;
    return (await bench.ask({ ...common, id, type: 'attach', after: 0 })).outcome;
  };

  it('keeps replies over a reload', async () => {
    await begin();
    const request = bench.request();
    expect((await bench.ask(request)).outcome).to.equal('ok');
    process.emit('SIGHUP');
    await logged('ready', 2);
    expect(await attach(request)).to.equal('ok');
    expect((await bench.ask(request)).outcome).to.equal('ok');
    expect(bench.count).to.equal(1);
  });

  for (const [what, more] of [
    ['limits have', ', limits: { keep_requests: 7 }'],
    ['collectives have', ', collectives: [mcollective, eu]'],
    ['security has', ', security: { mode: none, callers: { match: "/x$/" } }'],
  ] as const) {
    it(`drops replies at a reload if its ${what} changed, and runs no request again`, async () => {
      await begin();
      const request = bench.request();
      await bench.ask(request);
      if (what === 'security has') configure('', 'web1.lab', more.slice(2));
      else configure(more);
      process.emit('SIGHUP');
      await logged('ready', 2);
      expect(await attach(request)).to.equal('unknown');
      expect((await bench.ask(request)).outcome).to.equal('unknown');
      expect(bench.count).to.equal(1);
    });
  }

  describe('while an action runs', () => {
    const { timeout } = AbortSignal;
    let times: number[];
    beforeEach(() => {
      times = [];
      AbortSignal.timeout = (milliseconds) => {
        times.push(milliseconds);
        return timeout(milliseconds);
      };
    });
    afterEach(() => {
      AbortSignal.timeout = timeout;
    });
    const hold = async () => {
      const result = bench.ask(bench.request({ action: 'hold' }));
      await until('the action runs', () => bench.count === 1);
      return { result };
    };
    const busy = async () => {
      const { outcome, statusmsg } = await bench.ask(bench.request());
      expect([outcome, statusmsg]).to.deep.equal([
        'busy',
        'the daemon of this node is restarting: try again in a moment',
      ]);
    };

    it('reloads when that has ended, after an hour at most', async () => {
      await begin();
      const { result } = await hold();
      process.emit('SIGHUP');
      await busy();
      expect(names()).to.have.length(1);
      bench.release();
      expect((await result).outcome).to.equal('ok');
      await logged('ready', 2);
      expect(times[0]).to.equal(3_600_000);
    });

    it('waits ten seconds for it at SIGTERM', async () => {
      await begin();
      const { result } = await hold();
      process.emit('SIGTERM');
      await busy();
      bench.release();
      expect((await result).outcome).to.equal('ok');
      await served;
      expect(times[0]).to.equal(10_000);
    });

    it('aborts it at SIGTERM during a pending reload', async () => {
      await begin();
      const { result } = await hold();
      process.emit('SIGHUP');
      await busy();
      process.emit('SIGTERM');
      expect(await result).to.include({
        outcome: 'cancelled',
        statusmsg: 'the daemon of this node is shutting down',
      });
      await served;
      expect(names()).to.have.length(1);
    });
  });

  it('ends at SIGTERM during a reload', async () => {
    await begin();
    process.emit('SIGHUP');
    process.emit('SIGTERM');
    await served;
    expect(names()).to.deep.equal(['web1.lab']);
  });

  it('changes the level of its log at SIGUSR1: to debug, to trace, and back', async () => {
    await begin();
    const levels = () => lines('log level changed').map(({ from, to }) => [from, to]);
    for (const count of [1, 2, 3, 4]) {
      process.emit('SIGUSR1');
      expect(levels()).to.have.length(count);
    }
    expect(levels()).to.deep.equal([
      ['info', 'debug'],
      ['debug', 'trace'],
      ['trace', 'info'],
      ['info', 'debug'],
    ]);
  });

  it('survives what an agent throws in its timers and listeners', async () => {
    const bursts = (what: string, work: () => void): Agent => ({
      ddl: ddlOf(what, {}),
      setup: async () => {
        work();
        return {};
      },
    });
    const thrown = (what: string) => {
      throw new Error(what);
    };
    configure();
    served = serve(file('mcod.yaml'), {
      agents: [
        bursts('timer', () => void setTimeout(() => thrown('of a timer'), 0)),
        bursts('tick', () => process.nextTick(() => thrown('of a tick'))),
        bursts(
          'emitter',
          () => void setImmediate(() => new EventEmitter().emit('error', new Error('of an emitter'))),
        ),
        bursts('promise', () => void Promise.reject(new Error('of a promise'))),
        bursts('socket', () => void connect(1, '127.0.0.1')),
      ],
      connect: ({ will }) => bench.broker.connect({ will }),
    });
    await logged('uncaught exception of an agent: the daemon continues', 4);
    await logged('unhandled promise rejection');
    const names = lines('uncaught exception of an agent: the daemon continues').map(({ agent }) => agent);
    expect([...names].sort()).to.deep.equal(['emitter', 'socket', 'tick', 'timer']);
    expect(lines('unhandled promise rejection')[0]).to.include({ agent: 'promise' });
    await logged('ready');
  });

  it('does not let an agent end the process', async () => {
    await begin();
    expect(() => process.exit(3)).to.throw(ExitRefused, 'process.exit is blocked');
    process.emit('uncaughtException', new ExitRefused());
    expect(lines('an agent called process.exit: blocked')[0]).to.include({ level: 50 });
    process.emit('unhandledRejection', new Error('forgotten'), Promise.resolve());
    expect(lines('unhandled promise rejection')[0]).to.include({ level: 50 });
    expect(process.listenerCount('uncaughtException')).to.equal(1);
    expect(process.listenerCount('unhandledRejection')).to.equal(1);
  });

  it('reloads its configuration when an agent requests it', async () => {
    const metadata = `{ name: 'asker', description: 'x', author: 'x', license: 'x', version: '1.0.0', url: 'https://example.com', timeout: 5 }`;
    writeFileSync(
      file('asker.mjs'),
      `export default { ddl: { metadata: ${metadata}, actions: [] }, setup: async (_, host) => { globalThis.askAgain = host.reload; return {}; } };`,
    );
    await begin(', agents: [./asker.mjs]');
    configure('', 'web2.lab');
    const shared = globalThis as { askAgain?: () => void };
    shared.askAgain?.();
    delete shared.askAgain;
    await logged('ready', 2);
    expect(names()).to.deep.equal(['web1.lab', 'web2.lab']);
  });
});

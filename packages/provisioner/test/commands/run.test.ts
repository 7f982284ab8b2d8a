import { writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import { TroupeError } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { runProgram } from '../../src/commands/program.js';
import { statusWith } from '../fixtures/node-record.js';
import { infoOf } from '../fixtures/step-context.js';
import { StubIo } from '../fixtures/stub-io.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';

const oneStep = 'steps: { set_puppet_hostname: true }';

describe('mcprovision run', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let io: StubIo;
  before(async () => {
    folder = await createTempFolder();
  });
  after(() => folder.close());
  beforeEach(() => {
    network = new StubNetwork();
    network.nodes = ['puppet1', 'web1', 'web2'];
    network.answers['puppetca info'] = ({ target }) =>
      target === 'puppet1' ? { data: infoOf(target) } : { state: 'failed' };
    network.answers['provision status'] = ({ target }) =>
      target.startsWith('web') ? { data: statusWith() } : { state: 'failed', statuscode: 2 };
    io = new StubIo(async () => network.client);
  });
  afterEach(() => mock.restoreAll());

  const call = (yaml: string, ...args: readonly string[]) => {
    const file = folder.join('provisioner.yaml');
    const quiet = /^http:/m.test(yaml) ? '' : '\nhttp: { enabled: false }';
    const journal = `\njournal: ${folder.join(`journal-${Math.random()}`)}`;
    const pause = /^pause_file:/m.test(yaml) ? '' : `\npause_file: ${folder.join('paused')}`;
    writeFileSync(file, `security: { mode: none }${quiet}${pause}${journal}\n${yaml}`);
    return runProgram(['run', ...args, '--config', file], io);
  };
  const logged = () =>
    io.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  const find = (words: string) => logged().find(({ msg }) => msg === words);
  const ends = () =>
    io.stdout
      .split('\n')
      .filter((line) => /"type":"(done|quarantined)"/.test(line))
      .map((line) => JSON.parse(line).identity);

  for (const [what, yaml, args, code] of [
    ['well when nothing is left to do', '', ['--until-idle'], 0],
    ['well when as many have ended as were wanted', '', ['--once', '2'], 0],
    [
      'with 2 if one is in quarantine and nothing is left to do',
      '\npolicy: { deny: [web2] }\nattempts: 1',
      ['--until-idle'],
      2,
    ],
    ['with 2 if one of those that were wanted is in quarantine', '\nattempts: 1', ['--once', '2'], 2],
  ] as const) {
    it(`ends ${what}`, async () => {
      if (code === 2) network.answers['provision set_puppet_host'] = () => ({ state: 'failed' });
      expect(await call(`${oneStep}${yaml}`, '--json', ...args)).to.equal(code);
      expect(ends()).to.include('web1');
      expect([network.closed, io.stoppedListening]).to.deep.equal([1, 1]);
    });
  }

  it('does not end before as many have ended as were wanted', async () => {
    await call(oneStep, '--json', '--once', '1');
    expect(ends().length).to.be.at.least(1);
    io.stdout = '';
    const code = call(oneStep, '--json', '--once', '3');
    await waitFor('two ends', () => ends().length === 2, { intervalMs: 1 });
    io.press();
    expect(await code).to.equal(0);
  });

  it('as a daemon ends well although a node is in quarantine, when it is told to', async () => {
    network.answers['provision set_puppet_host'] = () => ({ state: 'failed' });
    const code = call(`${oneStep}\nattempts: 1`, '--json');
    await waitFor('the end of two', () => ends().length === 2, { intervalMs: 1 });
    io.press();
    expect(await code).to.equal(0);
    expect(find('waiting for nodes')).to.include.keys('owner').and.not.include.keys('url');
    expect(find('stopping: Puppet runs on nodes continue')).to.include({ level: 30 });
    expect([network.closed, io.stoppedListening]).to.deep.equal([1, 1]);
  });

  it('ends at once when it is told to twice', async () => {
    const codes: unknown[] = [];
    mock.method(process, 'exit', (code: number) => codes.push(code));
    const code = call(oneStep);
    await waitFor('the start', () => find('waiting for nodes') !== undefined, { intervalMs: 1 });
    io.press();
    expect(codes).to.deep.equal([]);
    io.press();
    expect(codes).to.deep.equal([130]);
    expect(await code).to.equal(0);
  });

  it('writes no events unless JSON is wanted', async () => {
    expect(await call(oneStep, '--until-idle')).to.equal(0);
    expect(io.stdout).to.equal('');
  });

  it('says that there is a pause, and how it ends', async () => {
    const file = folder.join('there');
    writeFileSync(file, '{"by":"ops","reason":"new racks"}');
    await call(`${oneStep}\npause_file: ${file}`, '--until-idle');
    expect(find('provisioning is paused: no new nodes are started until "mcprovision resume"')).to.include({
      level: 40,
      reason: 'paused by ops: new racks',
    });
    expect(ends()).to.deep.equal([]);
    io.stderr = '';
    await call(oneStep, '--until-idle');
    expect(find('provisioning is paused: no new nodes are started until "mcprovision resume"')).to.equal(
      undefined,
    );
  });

  it('serves its status, and goes on without if it cannot', async () => {
    const first = call(`${oneStep}\nhttp: { port: 0 }`);
    await waitFor('the start', () => find('waiting for nodes') !== undefined, { intervalMs: 1 });
    const { url } = find('waiting for nodes');
    const end = io.press;
    expect(await (await fetch(`${url}/metrics`)).text()).to.match(/^troupe_provisioner_arrivals_total \d/m);
    io.stderr = '';
    expect(await call(`${oneStep}\nhttp: { port: ${new URL(url).port} }`, '--until-idle')).to.equal(0);
    expect(find('cannot serve metrics over HTTP')).to.include({ level: 40 });
    end();
    expect(await first).to.equal(0);
    await fetch(`${url}/metrics`).then(
      () => expect.fail('it must be closed'),
      () => {},
    );
  });

  describe('without a broker', () => {
    let tries: number;
    beforeEach(() => {
      tries = 0;
    });
    const failing = (code: 'BROKER_UNREACHABLE' | 'NOT_CONNECTED' | 'CONFIG_INVALID') => {
      io.connect = async () => {
        tries += 1;
        throw new TroupeError(code, 'no broker');
      };
    };

    for (const code of ['BROKER_UNREACHABLE', 'NOT_CONNECTED'] as const) {
      it(`waits for it as a daemon (${code}), until it is told to end`, async () => {
        failing(code);
        const end = call(oneStep);
        await waitFor('a try', () => find('cannot connect to the broker: retrying every 5 s') !== undefined, {
          intervalMs: 1,
        });
        io.press();
        expect(await end).to.equal(0);
        expect([tries, io.stoppedListening]).to.deep.equal([1, 1]);
      });

      it(`fails if it is not a daemon (${code})`, async () => {
        failing(code);
        expect(await call(oneStep, '--until-idle')).to.equal(1);
        expect(await call(oneStep, '--once', '1')).to.equal(1);
        expect(io.stderr).to.equal(`mcprovision: no broker [${code}]\n`.repeat(2));
      });
    }

    it('does not wait for what waiting does not mend', async () => {
      failing('CONFIG_INVALID');
      expect(await call(oneStep)).to.equal(1);
      expect(io.stderr).to.equal('mcprovision: no broker [CONFIG_INVALID]\n');
    });

    for (const [what, error, isDaemon, code] of [
      ['waits', new TroupeError('NOT_CONNECTED', 'lost'), true, 0],
      ['fails if it is not a daemon', new TroupeError('NOT_CONNECTED', 'lost'), false, 1],
      ['fails after a defect', new TypeError('lost'), true, 1],
    ] as const) {
      it(`that goes away while it begins: ${what}, and takes its leave`, async () => {
        network.client.presence = () => Promise.reject(error);
        const end = call(oneStep, ...(isDaemon ? [] : ['--until-idle']));
        if (code === 0) {
          await waitFor(
            'a try',
            () => find('cannot connect to the broker: retrying every 5 s') !== undefined,
            {
              intervalMs: 1,
            },
          );
          io.press();
        }
        expect(await end).to.equal(code);
        expect(network.closed).to.equal(1);
      });
    }
  });

  for (const [yaml, args, isRefused] of [
    ['daemonize: true', [], true],
    ['daemonize: true', ['--foreground', '--until-idle'], false],
    ['daemonize: true', ['--until-idle'], false],
    ['daemonize: true', ['--once', '2'], false],
  ] as const) {
    it(`${isRefused ? 'refuses' : 'needs'} ${isRefused ? 'to go to the background without' : 'no'} a logfile with ${args.join(' ') || 'nothing'}`, async () => {
      expect(await call(`${oneStep}\n${yaml}`, ...args)).to.equal(isRefused ? 1 : 0);
      expect(/daemonize requires logfile/.test(io.stderr)).to.equal(isRefused);
    });
  }

  it('has the master that the network says', async () => {
    network.answers['provision set_puppet_host'] = says({ file: 'f' });
    await call(oneStep, '--json', '--until-idle');
    expect(new Set(network.of('provision set_puppet_host').map(({ input }) => input.master))).to.deep.equal(
      new Set(['puppet1']),
    );
  });
});

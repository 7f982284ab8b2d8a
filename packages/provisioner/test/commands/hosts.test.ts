import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import type { Event } from '@troupe/client';
import { createCa, createCrl } from '@troupe/core/pki';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runProgram } from '../../src/commands/program.js';
import { findConfig } from '../../src/commands/session.js';
import { statusWith } from '../fixtures/node-record.js';
import { StubIo } from '../fixtures/stub-io.js';
import { type Answer, isPending, StubNetwork, settled } from '../fixtures/stub-network.js';

describe('mcprovision on a host', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let io: StubIo;
  beforeEach(async () => {
    folder = await createTempFolder();
    network = new StubNetwork();
    io = new StubIo(async () => network.client);
  });
  afterEach(async () => {
    mock.timers.reset();
    await folder.close();
  });

  const write = (yaml: string) => {
    const file = folder.join('provisioner.yaml');
    writeFileSync(
      file,
      `security: { mode: none }\npause_file: ${folder.join('paused')}\njournal: ${folder.join('journal')}\n${yaml}`,
    );
    return file;
  };
  const call = (args: readonly string[], yaml = '', more: Partial<StubIo> = {}) => {
    io.stdout = '';
    io.stderr = '';
    return runProgram([...args, '--config', write(yaml)], Object.assign(io, more));
  };

  describe('finds its configuration', () => {
    const variable = process.env.TROUPE_PROVISIONER_CONFIG;
    afterEach(() => {
      if (variable === undefined) delete process.env.TROUPE_PROVISIONER_CONFIG;
      else process.env.TROUPE_PROVISIONER_CONFIG = variable;
    });

    it('by the option, then by the variable', () => {
      process.env.TROUPE_PROVISIONER_CONFIG = '/a';
      expect([findConfig('/b'), findConfig(undefined)]).to.deep.equal(['/b', '/a']);
    });
  });

  describe('check', () => {
    it('warns of a revocation list that has expired', async () => {
      const ca = await createCa({ commonName: 'a CA' });
      const files = { ca: folder.join('check-ca.pem'), crl: folder.join('check-crl.pem') };
      writeFileSync(files.ca, ca.certificatePem);
      writeFileSync(files.crl, createCrl({ ca, number: 1, revoked: [], days: -1 }));
      const config = { broker: { urls: ['mqtts://a:1'] }, security: files, steps: { lock: true } };
      const file = folder.join('with-list.yaml');
      writeFileSync(file, JSON.stringify(config));
      expect(await runProgram(['check', '--config', file], io)).to.equal(0);
      expect(io.stdout).to.match(
        /warning: the revocation list \(CRL\) of a CA expired on .* and stays in use/,
      );
    });

    it('says what the configuration means', async () => {
      const yaml =
        'broker: { urls: ["mqtt://a:1", "mqtt://b:2"] }\nsteps: { lock: true, notify: true, puppet_daemonize: true }';
      expect(await call(['check'], yaml)).to.equal(0);
      expect(io.stdout.split('\n').slice(1, 5)).to.deep.equal([
        '  steps        lock, puppet_daemonize, done, notify',
        '  disabled     set_puppet_hostname, clean_node_certname, send_node_csr, sign_node_csr, puppet_bootstrap_stage, puppet_final_run, restart, verify',
        '  collectives  provisioning (new machines), mcollective (masters, notifiers)',
        '  broker       mqtt://a:1, mqtt://b:2',
      ]);
      expect(io.stdout)
        .to.match(/is valid\n/)
        .and.to.match(/\n {2}note: steps does not list/);
      expect([io.stderr, network.closed]).to.deep.equal(['', 0]);
    });

    it('says it in JSON', async () => {
      expect(await call(['check', '--json'], 'steps: { lock: true }')).to.equal(0);
      const { file, steps, off, collectives, brokers, notes } = JSON.parse(io.stdout);
      expect([file, steps, brokers]).to.deep.equal([folder.join('provisioner.yaml'), ['lock', 'done'], []]);
      expect(off).to.include('notify').and.not.include('lock');
      expect(collectives).to.deep.equal({ enrolment: 'provisioning', main: 'mcollective' });
      expect(notes).to.be.an('array').that.is.not.empty;
    });

    it('has nothing to say of steps that are off if none is', async () => {
      const all =
        'lock: true, set_puppet_hostname: true, clean_node_certname: true, send_node_csr: true, sign_node_csr: true, puppet_bootstrap_stage: true, puppet_final_run: true, puppet_daemonize: true, notify: true';
      await call(['check'], `steps: { ${all} }`);
      expect(io.stdout).to.not.match(/ off /);
    });

    it('warns of recipients whose service no longer exists, and fails if a protocol is unknown', async () => {
      const yaml = (targets: string) => `notify: { targets: [${targets}] }\nbroker: { urls: ["mqtt://a:1"] }`;
      expect(await call(['check'], yaml('"boxcar://me", "mailto://a@b.c"'))).to.equal(0);
      expect(io.stdout).to.include('\n  warning: notify.targets: nothing is sent to boxcar://me: ');
      expect(await call(['check'], yaml('"boxcars://me"'))).to.equal(1);
      expect(io.stderr).to.include('unknown protocol in boxcars://me');
    });

    it('fails if the fallback cannot send', async () => {
      const yaml = (fallback: string) =>
        `notify: { targets: [], fallback: ${fallback} }\nbroker: { urls: ["mqtt://a:1"] }`;
      const mailto = 'mailto: { server: m, from: a@b.c }';
      for (const [fallback, reason] of [
        [
          '{ targets: ["webhook://x"] }',
          'notify.fallback.targets: webhook://x: only mailto and exec work without a notifier',
        ],
        ['{ targets: ["mailto://a@b.c"] }', 'mailto://a@b.c needs the section notify.fallback.mailto'],
        [
          `{ targets: ["mailto://nobody"], ${mailto} }`,
          'notify.fallback.targets: "nobody" is not a mail address',
        ],
        [
          '{ targets: ["mailto://a@b.c"], mailto: { server: m, from: a@b.c, ca: /nowhere/ca.pem } }',
          'notify.fallback.mailto.ca: ENOENT',
        ],
        [
          '{ targets: ["exec://x"], exec: { programs: { x: { command: [/nowhere/page] } } } }',
          'notify.fallback.exec.programs.x.command: ENOENT',
        ],
      ] as const) {
        io.stderr = '';
        expect(await call(['check'], yaml(fallback)), fallback).to.equal(1);
        expect(io.stderr).to.include(reason);
      }
      expect(await call(['check'], yaml(`{ targets: ["mailto://a@b.c"], ${mailto} }`))).to.equal(0);
    });

    for (const args of [[], ['--json']]) {
      it(`fails if it is not known how to reach a broker${args.length > 0 ? ', also in JSON' : ''}`, async () => {
        const file = folder.join('bare.yaml');
        writeFileSync(file, 'client: /nowhere/at/all.yaml');
        expect(await runProgram(['check', ...args, '--config', file], io)).to.equal(1);
        if (args.length > 0) expect(JSON.parse(io.stdout).fault).to.match(/\/nowhere\/at\/all\.yaml/);
        else {
          expect(io.stdout).to.match(/ {2}broker {7}unknown\n/);
          expect(io.stderr).to.match(/^mcprovision: .*\/nowhere\/at\/all\.yaml/);
        }
      });
    }
  });

  describe('pause and resume', () => {
    const answers = (given: Record<string, Awaited<ReturnType<Answer>>>) => {
      network.nodes = Object.keys(given);
      for (const action of ['pause', 'resume']) {
        network.answers[`provisioner ${action}`] = ({ target }) => given[target] ?? {};
      }
    };

    for (const [action, lines] of [
      ['pause', ['a: paused', 'b: was already paused', 'c: not paused: no']],
      ['resume', ['a: resumed', 'b: was not paused', 'c: not resumed: no']],
    ] as const) {
      it(`${action} tells what became of it on each host, and fails if it did on one`, async () => {
        const a = { data: { changed: true } };
        const b = { data: { changed: false } };
        answers({ a, b, c: { state: 'failed', statusmsg: 'no' } });
        expect(await call([action])).to.equal(1);
        expect(io.stdout.trim().split('\n')).to.deep.equal(lines);
        expect(network.asked[0]).to.deep.nested.include({ input: {}, 'options.collective': 'mcollective' });
        answers({ a, b });
        expect(await call([action, '--json'])).to.equal(0);
        expect(JSON.parse(io.stdout)).to.deep.equal({
          action,
          provisioners: [
            { host: 'a', ok: true, changed: true, reason: null },
            { host: 'b', ok: true, changed: false, reason: null },
          ],
        });
      });
    }

    it('pause tells the reason', async () => {
      answers({ a: {} });
      await call(['pause', '--reason', 'new racks']);
      expect(network.asked[0]?.input).to.deep.equal({ reason: 'new racks' });
    });

    for (const action of ['pause', 'resume']) {
      it(`${action} asks nobody, and fails, if no host has the agent`, async () => {
        expect(await call([action, '--json'])).to.equal(3);
        expect(JSON.parse(io.stdout)).to.deep.equal({ action, provisioners: [] });
        expect(network.asked).to.deep.equal([]);
        expect(io.stderr).to.match(/no host with the agent provisioner found in the collective mcollective/);
      });
    }

    it('with --here are of this host, which is not asked by the network', async () => {
      const file = folder.join('paused');
      expect(await call(['pause', '--here'])).to.equal(0);
      expect(io.stdout).to.equal(`this host: paused (${file})\n`);
      expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ reason: '' });
      await call(['pause', '--here']);
      expect(io.stdout).to.equal(`this host: was already paused (${file})\n`);
      await call(['resume', '--here', '--json']);
      expect(JSON.parse(io.stdout)).to.deep.equal({ action: 'resume', file, changed: true });
      await call(['resume', '--here']);
      expect(io.stdout).to.equal(`this host: was not paused (${file})\n`);
      expect([existsSync(file), network.closed]).to.deep.equal([false, 0]);
    });
  });

  describe('status --watch', () => {
    let happen: (kind: string) => void;
    let unsubscribed: number;
    const begin = (args: readonly string[], more: Partial<StubIo> = {}) => {
      unsubscribed = 0;
      network.answers['provision status'] = () => ({ data: statusWith() });
      Object.assign(network.client, {
        onEvent: async (listener: (event: Event) => void) => {
          happen = (kind) => listener({ kind } as Event);
          return async () => {
            unsubscribed += 1;
          };
        },
      });
      mock.timers.enable({ apis: ['setTimeout'] });
      return call(['status', '--watch', ...args], '', more);
    };
    const pictures = () => io.stdout.split('no nodes with a provision agent').length - 1;
    const pass = async (milliseconds: number) => {
      mock.timers.tick(milliseconds);
      for (let n = 0; n < 3; n += 1) await settled();
    };

    for (const [args, seconds] of [
      [[], 5],
      [['2'], 2],
    ] as const) {
      it(`shows a picture every ${seconds} s until it is told to end, and listens no more then`, async () => {
        const end = begin(args);
        await pass(0);
        expect(pictures()).to.equal(1);
        await pass(seconds * 1000 - 1);
        expect(pictures()).to.equal(1);
        await pass(1);
        expect(pictures()).to.equal(2);
        expect(await isPending(end)).to.equal(true);
        io.press();
        expect(await end).to.equal(0);
        await pass(60_000);
        expect([pictures(), unsubscribed, io.stoppedListening, network.closed]).to.deep.equal([2, 1, 1, 1]);
      });
    }

    it('shows a picture soon after an event, one for several, and none for events of others', async () => {
      const end = begin(['60']);
      await pass(0);
      happen('other');
      await pass(1_000);
      expect(pictures()).to.equal(1);
      happen('provision');
      happen('provision');
      await pass(199);
      expect(pictures()).to.equal(1);
      await pass(1);
      expect(pictures()).to.equal(2);
      await pass(1_000);
      expect(pictures()).to.equal(2);
      happen('provision');
      await pass(200);
      expect(pictures()).to.equal(3);
      io.press();
      await end;
    });

    it('shows what happened while a picture was made on the next one', async () => {
      const { discover } = network.client;
      let isFirst = true;
      network.client.discover = async (options) => {
        if (isFirst) happen('provision');
        isFirst = false;
        return discover(options);
      };
      const end = begin(['60']);
      await pass(0);
      expect(pictures()).to.equal(1);
      await pass(200);
      expect(pictures()).to.equal(2);
      io.press();
      await end;
    });

    for (const [what, args, more, expected] of [
      [
        'clears a screen before each picture',
        [],
        { isScreen: true },
        /^<clear>no nodes with a provision agent found\n$/,
      ],
      ['leaves a line between pictures otherwise', [], {}, /^no nodes with a provision agent found\n\n$/],
      ['writes JSON lines alone', ['--json'], { isScreen: true }, /^\{.*\}\n$/],
    ] as const) {
      it(what, async () => {
        const end = begin(args, more);
        await pass(0);
        io.press();
        await end;
        expect(io.stdout).to.match(expected);
      });
    }

    it('takes no number below 1', async () => {
      for (const number of ['0', '0.5', 'x']) {
        expect(await call(['status', '--watch', number])).to.equal(1);
        expect(io.stderr).to.match(/It must be a duration of a second or more/);
      }
    });
  });

  it('fails with 1 if the configuration cannot be read', async () => {
    expect(await runProgram(['status', '--config', '/nowhere/at/all'], io)).to.equal(1);
    expect(io.stderr).to.match(/^mcprovision: .*\/nowhere\/at\/all/);
  });

  it('shows nothing that could play with a terminal, but lines and tabs', async () => {
    writeFileSync(folder.join('a\u001b[2J.yaml'), 'security: { mode: none }');
    await runProgram(['check', '--config', folder.join('a\u001b[2J.yaml')], io);
    expect(io.stdout).to.match(/a\?\[2J\.yaml is valid\n/);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TroupeError } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import provisionerAgent from '../../src/agent/index.js';
import type { Io } from '../../src/commands/io.js';
import { runProgram } from '../../src/commands/program.js';
import { Testbed } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url));

describe('mcprovision', function () {
  // Where nobody replies, a command waits for seconds, and some tests run six.
  this.timeout(60_000);
  let testbed: Testbed;
  let folder: TempFolder;
  let out: string;
  let err: string;
  let signal: () => void;

  beforeEach(async () => {
    testbed = await Testbed.create();
    folder = await createTempFolder();
    out = '';
    err = '';
    signal = () => {};
  });
  afterEach(async () => {
    await testbed.close();
    await folder.close();
  });

  const io = (): Io => ({
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outputs: { out: 'other', err: 'terminal' },
    isScreen: false,
    columns: undefined,
    clear: () => {},
    connect: () => testbed.client(),
    page: async () => undefined,
    onSignal: (listener) => {
      signal = listener;
      return () => {};
    },
    onReopen: () => () => {},
    onUnhandled: () => () => {},
  });

  const call = (yaml: string, ...args: readonly string[]) => {
    const file = folder.join('provisioner.yaml');
    writeFileSync(
      file,
      `security: { mode: none }\nmaster: { criteria: [region] }\nlease: 5\nsleeptime: 0.2\nbackoff: { first: 0.05, most: 0.1 }\npause_file: ${folder.join('paused')}\njournal: ${folder.join('journal')}\n${/^http:/m.test(yaml) ? '' : 'http: { enabled: false }\n'}${yaml}`,
    );
    return runProgram([...args, '--config', file], io());
  };
  const lines = () =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  describe('pause and resume', () => {
    it('reach every host with a provisioner, and status tells', async () => {
      for (const host of ['prov1', 'prov2']) {
        const plugins = `{ provisioner: { pause_file: ${folder.join(host)}, status_url: "http://127.0.0.1:9/status" } }`;
        await testbed.host(host, { collective: 'mcollective', agents: [provisionerAgent], plugins });
      }
      expect(await call('', 'pause', '--reason', 'new racks')).to.equal(0);
      expect(out.split('\n').sort()).to.deep.equal(['', 'prov1: paused', 'prov2: paused']);
      expect(JSON.parse(readFileSync(folder.join('prov2'), 'utf8'))).to.include({ reason: 'new racks' });
      out = '';
      expect(await call('', 'status')).to.equal(0);
      expect(out).to.match(
        /^provisioner on prov1: not running, or not responding, paused by \S+\.mcollective since \S+: new racks$/m,
      );
      out = '';
      expect(await call('', 'resume', '--json')).to.equal(0);
      expect(lines()[0].provisioners.map(({ changed }: { changed: boolean }) => changed)).to.deep.equal([
        true,
        true,
      ]);
      out = '';
      await call('', 'resume');
      expect(out).to.include('prov1: was not paused\n');
    });

    it('say how where no host has the agent, and work on this host without the network', async () => {
      expect(await call('', 'pause')).to.equal(3);
      expect(err).to.match(/no host with the agent provisioner found .* use --here/);
      expect(await call('', 'pause', '--here', '--reason', 'new racks')).to.equal(0);
      expect(out).to.equal(`this host: paused (${folder.join('paused')})\n`);
      expect(JSON.parse(readFileSync(folder.join('paused'), 'utf8'))).to.include({ reason: 'new racks' });
      await call('', 'resume', '--here');
      expect(existsSync(folder.join('paused'))).to.equal(false);
    });
  });

  it('watches: status is shown again when something happens', async () => {
    await testbed.master('puppet1', eu);
    const { machine } = await testbed.node('web1', { facts: eu });
    const end = call('', 'status', '--watch', '60', '--json');
    await waitFor('the first picture', () => out.includes('\n'));
    expect(lines()[0].nodes[0]).to.include({ identity: 'web1', state: 'new' });
    let go = () => {};
    machine.puppet = () =>
      new Promise((resolve) => {
        go = () => resolve('it went well');
      });
    await testbed.provisioner();
    await waitFor('a picture of the work', () => lines().at(-1).nodes[0]?.state === 'working');
    machine.puppet = () => 'it went well';
    go();
    await waitFor('a picture without it', () => lines().at(-1).nodes.length === 0);
    signal();
    expect(await end).to.equal(0);
  });

  describe('run', () => {
    it('provisions, tells what it does, and ends when nothing is left to do', async () => {
      await testbed.master('puppet1', eu);
      await testbed.node('web1', { facts: eu });
      expect(await call('', 'run', '--until-idle')).to.equal(0);
      expect(out).to.equal('');
      expect(err).to.match(
        /^[-\dT:.]{23}Z INFO {2}master puppet1 \(192\.0\.2\.1\): region eu matches node=web1 /m,
      );
      expect(err).to.match(/ INFO {2}puppet_final_run ok \(\d\.\d\d s\): it went well node=web1 /);
      expect(err).to.match(/ INFO {2}done in .* node=web1 /);
    });

    it('writes events as JSON, and says by its exit code that a node is in quarantine', async () => {
      await testbed.master('puppet1', eu);
      await testbed.node('web1', { facts: eu });
      expect(await call('protected: [web1]', 'run', '--once', '1', '--json')).to.equal(2);
      expect(lines().map(({ type }) => type)).to.include.members([
        'arrived',
        'master',
        'step-ended',
        'quarantined',
      ]);
      expect(lines().at(-1)).to.deep.include({ type: 'quarantined', identity: 'web1', recorded: true });
    });

    it('lets go of its nodes when it is told to end', async () => {
      await testbed.master('puppet1', eu);
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.puppet = () => new Promise(() => {});
      const code = call('', 'run');
      await waitFor('the run', () => machine.runs.length === 1);
      signal();
      expect(await code).to.equal(0);
      expect(err).to.match(/stopping: Puppet runs on nodes continue/);
      expect(machine.record.lease).to.equal(null);
    });

    it('logs JSON lines to the file of the configuration, with the node on each', async () => {
      await testbed.master('puppet1', eu);
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.puppet = (_, { progress }) => {
        progress('Notice: one\nNotice: two');
        return 'it went well';
      };
      const file = folder.join('log/mcprovision.log');
      expect(await call(`logfile: ${file}\nloglevel: debug`, 'run', '--until-idle')).to.equal(0);
      const logged = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(logged.find(({ msg }) => msg === 'Notice: two')).to.include({
        node: 'web1',
        step: 'puppet_bootstrap_stage',
      });
      const end = logged.find(({ event, step }) => event === 'step-ended' && step === 'sign_node_csr');
      expect(end).to.include({ node: 'web1', outcome: 'ok' });
      expect(end.request).to.match(/^\S{16,}$/);
      expect(err).to.equal('');
    });

    it('waits for a broker that is away, as a daemon', async () => {
      let tries = 0;
      const away: Io = {
        ...io(),
        connect: () => {
          tries += 1;
          return Promise.reject(new TroupeError('BROKER_UNREACHABLE', 'nobody listens'));
        },
      };
      writeFileSync(folder.join('p.yaml'), 'security: { mode: none }');
      const code = runProgram(['run', '--config', folder.join('p.yaml')], away);
      await waitFor('a try', () => tries > 0);
      signal();
      expect(await code).to.equal(0);
      expect(err).to.match(/cannot connect to the broker: retrying every 5 s/);
      expect(await runProgram(['run', '--until-idle', '--config', folder.join('p.yaml')], away)).to.equal(1);
      expect(err).to.match(/mcprovision: nobody listens/);
    });

    it('goes on, as a daemon, although the broker goes away while it starts', async () => {
      let tries = 0;
      const shaky: Io = {
        ...io(),
        connect: async () => {
          tries += 1;
          const client = await testbed.client();
          client.presence = () =>
            Promise.reject(new TroupeError('NOT_CONNECTED', 'the connection to the broker was lost'));
          return client;
        },
      };
      writeFileSync(folder.join('p.yaml'), 'security: { mode: none }');
      const code = runProgram(['run', '--config', folder.join('p.yaml')], shaky);
      await waitFor('a try', () => tries > 0 && err.includes('retrying every 5 s'));
      signal();
      expect(await code).to.equal(0);
      expect(err).to.match(/the connection to the broker was lost/);
    });

    it('refuses to go to the background without a log', async () => {
      expect(await call('daemonize: true', 'run')).to.equal(1);
      expect(err).to.match(/daemonize requires logfile/);
    });
  });

  describe('check', () => {
    it('says what a file of 2010 means', async () => {
      expect(await runProgram(['check', '--config', fixture('provisioner-2010.yaml')], io())).to.equal(1);
      expect(out)
        .to.match(/steps {8}set_puppet_hostname, clean_node_certname/)
        .and.to.match(/disabled {5}lock, puppet_daemonize/);
      expect(out).to.match(/note: notify.agent angelianotify is now called notify/);
      expect(err).to.match(/^mcprovision: no configuration file found: specify one/);
    });

    it('is content with what is complete', async () => {
      expect(await call('', 'check', '--json')).to.equal(0);
      expect(lines()[0]).to.deep.include({ off: ['puppet_daemonize'], brokers: [] });
    });

    it('names what is wrong', async () => {
      expect(await call('sleptime: 3', 'check')).to.equal(1);
      expect(err).to.match(
        /provisioner\.yaml: unknown key "sleptime" \(did you mean "sleeptime"\?\) \(line \d+\) \[CONFIG_INVALID\]\nFor likely causes .* mco help CONFIG_INVALID\n$/,
      );
    });
  });

  describe('of nodes', () => {
    const quarantined = async () => {
      await testbed.master('puppet1', eu);
      const { machine } = await testbed.node('web1', { facts: eu });
      await call('protected: [web1]', 'run', '--once', '1');
      out = '';
      err = '';
      return machine;
    };

    it('status: every node and how far it is', async () => {
      await quarantined();
      await testbed.node('web2', { facts: eu });
      await testbed.host('deaf', { collective: 'provisioning', isUnresponsive: true });
      expect(await call('', 'status')).to.equal(0);
      expect(out).to.match(/^NODE {2}STATE {8}STEP/m);
      expect(out).to.match(/^web1 {2}quarantined {2}quarantine {2}puppet1 .*the name web1 is refused/m);
      expect(out).to.match(/^web2 {2}new /m);
      expect(out).to.match(/online, but did not reply: deaf/);
      out = '';
      await call('', 'status', '--json');
      expect(lines()[0].nodes[0]).to.deep.include({
        identity: 'web1',
        state: 'quarantined',
        collective: 'provisioning',
      });
    });

    it('status --all: those that are done as well', async () => {
      await testbed.master('puppet1', eu);
      await testbed.node('web1', { facts: eu });
      await call('', 'run', '--once', '1');
      await call('', 'status');
      expect(out).to.equal('no nodes with a provision agent found\n');
      out = '';
      await call('', 'status', '--all');
      expect(out).to.match(/^web1 {2}done /m);
    });

    it('explain: the history of a node with its reasons', async () => {
      await quarantined();
      expect(await call('', 'explain', 'web1')).to.equal(0);
      expect(out).to.match(/^web1 in provisioning: quarantined since \d{4}-/);
      expect(out).to.match(/master: puppet1 \(192\.0\.2\.1\): region eu matches/);
      expect(out).to.match(/set_puppet_hostname +#1 +ok/);
      expect(out).to.match(/quarantined .*protected by the configuration/);
      out = '';
      await call('', 'explain', 'web1', '--json');
      expect(lines()[0].record.history).to.be.an('array').that.is.not.empty;
    });

    it('of which people have still to be told: in quarantine for everybody, and free for an operator', async () => {
      const { record } = await quarantined();
      record.note({ step: 'notify', outcome: 'started' });
      record.lock('provisioner:1', 60, true);
      await call('', 'status');
      expect(out).to.match(/^web1 {2}quarantined {2}quarantine {2}puppet1 .*the name web1 is refused/m);
      out = '';
      await call('', 'explain', 'web1');
      expect(out).to.match(/^web1 in provisioning: quarantined since/);
      expect(out).to.contain('notification: not sent yet');
      for (const isLocked of [true, false]) {
        out = '';
        if (!isLocked) record.expire();
        expect(await call('', 'simulate', 'web1')).to.equal(2);
        expect(out).to.match(/would not be provisioned: in quarantine since/);
      }
      record.lock('provisioner:2', 60, true);
      out = '';
      expect(await call('', 'release', 'web1')).to.equal(0);
      expect(record).to.include({ quarantine: null, lease: null, isOwed: false });
      await call('notify: { targets: ["mailto://ops"] }', 'run', '--until-idle');
      expect(record.done).to.not.equal(null);
    });

    it('show nothing that could play with the terminal', async () => {
      await testbed.master('puppet1', eu);
      const { machine } = await testbed.node('web1', { facts: eu });
      machine.record.quarantineNode('bad \u001b[2J\u009b1m \u202enews');
      await call('', 'status');
      expect(out).to.contain('bad ?[2J?1m ?news');
      out = '';
      await call('', 'status', '--json');
      expect(out).to.contain('bad \\u001b[2J\\u009b1m \\u202enews');
    });

    it('release: the node goes on where it stopped', async () => {
      const machine = await quarantined();
      expect(await call('', 'release', 'web1')).to.equal(0);
      expect(out).to.equal('web1: released; provisioning continues at the step where it stopped\n');
      await call('', 'run', '--until-idle');
      expect(machine.record.done).to.not.equal(null);
      expect(machine.calls.filter((name) => name === 'set_puppet_host')).to.have.length(1);
    });

    it('retry: the node begins anew', async () => {
      const machine = await quarantined();
      expect(await call('', 'retry', 'web1', '--json')).to.equal(0);
      expect(lines()[0]).to.include({ fresh: true, wasQuarantined: true });
      await call('', 'run', '--until-idle');
      expect(machine.calls.filter((name) => name === 'set_puppet_host')).to.have.length(2);
    });

    it('simulate: what would be done and why, while nothing is done', async () => {
      const { ca } = await testbed.master('puppet1', eu);
      const { machine } = await testbed.node('web1', { facts: eu });
      expect(await call('', 'simulate', 'web1')).to.equal(0);
      expect(out).to.match(
        /^web1 \(web1\) would be provisioned against puppet1 \(192\.0\.2\.1\): region eu matches\n/,
      );
      expect(out).to.match(/^sign_node_csr +run$/m);
      expect([machine.calls, ca.log, machine.record.token]).to.deep.equal([[], [], 0]);
      out = '';
      expect(await call('protected: [web1]', 'simulate', 'web1', '--json')).to.equal(2);
      expect(lines()[0].objection).to.match(/protected/);
    });

    it('say so by their exit code where a node does not answer', async () => {
      expect(await call('', 'explain', 'nobody')).to.equal(3);
      expect(err).to.match(/^mcprovision: cannot read the provisioning state of nobody \(provisioning: /);
    });
  });

  it('helps with typing errors', async () => {
    expect(await runProgram(['statsu'], io())).to.equal(1);
    expect(err).to.match(/Did you mean status\?/);
  });

  it('lists its exit codes', async () => {
    expect(await runProgram(['--help'], io())).to.equal(0);
    expect(out).to.match(/ 3 {2}the node did not reply, or no provisioner was found/);
  });
});

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { ActionError, type AnyHandler, type Context, compileDdl, TroupeError } from '@troupe/core';
import { sha256Fingerprint } from '@troupe/core/pki';
import ddl from '@troupe/ddl/provision.json' with { type: 'json' };
import { freePort, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import agent from '../src/index.js';
import { FakeCa } from './fixtures/fake-ca.js';
import { FakeNode, fakeContext } from './fixtures/fake-node.js';
import { rejection } from './fixtures/rejection.js';

type Input = Readonly<Record<string, unknown>>;

const compiled = compileDdl(ddl);
const mutating = ddl.actions.filter((action) => action.mutating).map(({ action }) => action);
// A valid input for each action that needs one.
const inputs: Readonly<Record<string, Input>> = {
  set_puppet_host: { ipaddress: '127.0.0.1' },
  record: { step: 'lock', outcome: 'ok' },
  quarantine: { reason: 'out of luck' },
  accept_receipt: { receipt: 'a.b.c' },
};

describe('the agent provision', () => {
  let node: FakeNode;
  let handlers: Readonly<Record<string, AnyHandler>>;
  const load = async (section: Input = {}) => {
    const loaded = await agent.setup(node.section(section), node.host);
    if (!loaded) throw new Error('the agent was not loaded');
    handlers = loaded;
    // The agent asks Puppet for its settings when it is loaded: that must not outlive the folder.
    await call('has_cert');
  };
  const call = async (
    action: string,
    input: Input = {},
    context: Partial<Context> & { output?: string[] } = {},
  ) => {
    const handler = handlers[action];
    const declared = compiled.action(action);
    if (!handler || !declared) throw new Error(`there is no action ${action}`);
    expect(declared.checkInput(input)).to.equal(undefined);
    const data = await handler({ ...input }, fakeContext(context));
    expect(declared.checkOutput(declared.withOutputDefaults(data))).to.equal(undefined);
    return data;
  };
  const refusal = async (action: string, input: Input = {}, context: Partial<Context> = {}) => {
    const error = await rejection(call(action, input, context));
    expect(error, `${action}: ${error.message}`).to.be.instanceOf(ActionError);
    expect((error as ActionError).status).to.equal(1);
    return error as ActionError;
  };
  const hosts = () => readFile(node.folder.join('hosts'), 'utf8');

  beforeEach(async () => {
    node = await FakeNode.create();
    await load();
  });
  afterEach(() => node[Symbol.asyncDispose]());

  it('has a handler for each action of the DDL and no other', () => {
    expect(Object.keys(handlers).sort()).to.deep.equal(ddl.actions.map(({ action }) => action).sort());
  });

  for (const [action, input] of [
    ['set_puppet_host', { ipaddress: '999.999.999.999' }],
    ['set_puppet_host', { ipaddress: '192.0.2.1\n10.0.0.1 evil' }],
    ['set_puppet_host', { ipaddress: 'puppet.example.net' }],
    ['request_certificate', { ca_fingerprint: 'abc' }],
    ['run_puppet', { environment: '../production' }],
    ['lock_deploy', { owner: 'two words' }],
    ['record', { step: '__proto__', outcome: 'ok' }],
    ['record', { step: 'lock', outcome: 'ok\n' }],
  ] as const) {
    it(`never sees ${action} with ${JSON.stringify(input)}`, () => {
      expect(compiled.action(action)?.checkInput(input)?.status).to.equal(4);
    });
  }

  it('is not there where it is disabled', async () => {
    const file = node.folder.join('disabled');
    await writeFile(file, '');
    expect(await agent.setup(node.section({ disable_file: file }), node.host)).to.equal(undefined);
  });

  it('does not start with a configuration that is at fault', async () => {
    const error = await rejection(agent.setup(node.section({ hosts_fil: '/etc/hosts' }), node.host));
    expect(error.message).to.contain('unknown key "hosts_fil" (did you mean "hosts_file"?)');
  });

  describe('the receipt of its enrolment', () => {
    const receipt = `a.${Buffer.from(
      JSON.stringify({
        v: 1,
        serial: 's1',
        iss: 'p1',
        name: 'web1',
        key: 'ab'.repeat(32),
        collective: 'provisioning',
        callers: '/x/',
        token: 't1',
        iat: 1,
        exp: 2,
      }),
    ).toString('base64url')}.c`;

    it('is given to the daemon by the holder of the lease', async () => {
      const kept: string[] = [];
      Object.assign(node.host, { acceptReceipt: async (text: string) => void kept.push(text) });
      const { token = 0 } = await call('lock_deploy', { owner: 'p1' });
      expect(await call('accept_receipt', { receipt, token })).to.deep.equal({ serial: 's1' });
      expect(kept).to.deep.equal([receipt]);
      await refusal('accept_receipt', { receipt, token: Number(token) + 1 });
      expect(kept).to.have.length(1);
    });

    it('is not taken by a host that has a certificate', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      expect((await refusal('accept_receipt', { receipt, token })).message).to.equal(
        'this host has no enrolment token, so it needs no receipt',
      );
    });

    it('is refused with the reason of the daemon', async () => {
      const acceptReceipt = () => Promise.reject(new TroupeError('TOKEN_INVALID', 'it is for another name'));
      Object.assign(node.host, { acceptReceipt });
      const { token } = await call('lock_deploy', { owner: 'p1' });
      expect((await refusal('accept_receipt', { receipt, token })).message).to.equal(
        'it is for another name',
      );
    });
  });

  describe('the lease', () => {
    it('is granted to one of two provisioners that ask at the same time', async () => {
      const asked = await Promise.allSettled([
        call('lock_deploy', { owner: 'p1' }),
        call('lock_deploy', { owner: 'p2' }),
      ]);
      expect(asked.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      expect(await call('is_locked')).to.include({ locked: true, owner: 'p1' });
    });

    for (const action of mutating.filter((name) => name !== 'lock_deploy')) {
      it(`keeps ${action} from everybody else`, async () => {
        const { token, expires } = await call('lock_deploy', { owner: 'p1', seconds: 60 });
        const input = inputs[action] ?? {};
        expect(expires).to.match(/^\d{4}-.*Z$/);
        expect((await refusal(action, input)).message).to.match(
          /^p1 holds the lease of this node until \d{4}-/,
        );
        const stale = await refusal(action, { ...input, token: Number(token) - 1 });
        expect(stale.message).to.contain(`token ${Number(token) - 1} is stale: p1 holds the lease`);
        expect(await hosts()).to.equal('127.0.0.1 localhost\n');
        expect(await node.calls()).to.deep.equal([]);
        expect(node.reloads).to.equal(0);
        const { history, quarantined, disabled } = await call('status');
        expect({ history, quarantined, disabled }).to.deep.equal({
          history: [],
          quarantined: false,
          disabled: false,
        });
      });
    }

    it('fences off a provisioner that lost it', async () => {
      const first = await call('lock_deploy', { owner: 'p1' });
      await call('unlock_deploy', { token: first.token });
      const second = await call('lock_deploy', { owner: 'p2' });
      await refusal('set_puppet_host', { ipaddress: '192.0.2.1', token: first.token });
      await call('set_puppet_host', { ipaddress: '192.0.2.2', token: second.token });
      expect(await hosts()).to.contain('192.0.2.2 puppet');
    });

    it('is what a token needs: without one a token is refused', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      await call('unlock_deploy', { token });
      expect((await refusal('run_puppet', { token })).message).to.contain('its lease has expired');
    });

    it('is renewed', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1', seconds: 60 });
      expect(await call('renew', { token, seconds: 600 })).to.include({ owner: 'p1', token, seconds: 600 });
    });
  });

  describe('called by hand, as in 2010', () => {
    it('locks for the caller, who may then work without a token', async () => {
      const locked = await call('lock_deploy');
      expect(locked).to.include({
        owner: 'rip.mcollective',
        lockfile: node.folder.join('state', 'record.json'),
      });
      expect(existsSync(String(locked.lockfile))).to.equal(true);
      await call('set_puppet_host', { ipaddress: '192.0.2.1' });
      await refusal('set_puppet_host', { ipaddress: '192.0.2.1' }, { caller: 'bob.mcollective' });
      expect(await call('unlock_deploy')).to.deep.equal({ unlocked: true });
      expect(await call('is_locked')).to.include({ locked: false });
    });

    it('sets the Puppet server and nothing else in the hosts file', async () => {
      const done = await call('set_puppet_host', { ipaddress: '192.0.2.1' });
      expect(done).to.deep.equal({ file: node.folder.join('hosts'), how: 'replaced', backup: null });
      expect(await hosts()).to.equal('127.0.0.1 localhost\n# BEGIN troupe\n192.0.2.1 puppet\n# END troupe\n');
    });

    it('runs both stages of Puppet', async () => {
      const output: string[] = [];
      const bootstrap = await call('bootstrap_puppet', {}, { output });
      expect(bootstrap).to.include({ exitcode: 2, ok: true, environment: 'bootstrap', attached: false });
      expect(output.join('\n')).to.equal(bootstrap.output);
      expect(await call('run_puppet')).to.include({ ok: true, environment: 'production' });
      const [first, second] = await node.calls();
      expect(first).to.contain('--environment bootstrap --strict_environment_mode');
      expect(first).to.contain('--http_keepalive_timeout 0');
      expect(second).to.not.contain('--environment');
    });

    it('requests a certificate without verification of the CA, and reports its digest', async () => {
      await using ca = await FakeCa.start();
      await load({ port: ca.port });
      await call('set_puppet_host', { ipaddress: '127.0.0.1' });
      expect(await call('request_certificate')).to.include({ exitcode: 0, ca_fingerprint: ca.digest });
    });

    it('requests the certificate from the CA that puppet.conf names, if compile masters share it', async () => {
      await using ca = await FakeCa.start({ addresses: ['127.0.0.1'] });
      await node.behave({ ca_server: '127.0.0.1', ca_port: String(ca.port) });
      await writeFile(node.folder.join('puppet', 'puppet.conf'), '[main]\nca_server = 127.0.0.1\n');
      await load({ port: await freePort() });
      await call('set_puppet_host', { ipaddress: '127.0.0.2' });
      expect(await call('request_certificate')).to.include({ exitcode: 0, ca_fingerprint: ca.digest });
    });

    it('is disabled for good, and changes nothing on this host from then on', async () => {
      const file = node.folder.join('state', 'disabled');
      expect(await call('is_disabled')).to.deep.equal({ disabled: false });
      expect(await call('disable_provisioner')).to.deep.equal({ disablefile: file });
      expect(await call('is_disabled')).to.deep.equal({ disabled: true });
      for (const action of [
        'set_puppet_host',
        'request_certificate',
        'bootstrap_puppet',
        'run_puppet',
        'daemonize_puppet',
      ]) {
        expect((await refusal(action, inputs[action])).message).to.equal(
          `provisioning is disabled on this host: ${file} exists`,
        );
      }
      expect(await agent.setup(node.section(), node.host)).to.equal(undefined);
    });
  });

  describe('after a restart between the end of the work and the record of it', () => {
    const again = () => agent.setup(node.section(), node.host);

    it('is there until the end is recorded', async () => {
      const { token = 0 } = await call('lock_deploy', { owner: 'p1' });
      await call('record', { step: 'verify', outcome: 'ok', token });
      await call('disable_provisioner', { token });
      await load();
      expect(await call('status')).to.include({ disabled: true, done: false, step: 'verify' });
      await call('unlock_deploy', { token });
      const next = await call('lock_deploy', { owner: 'p2' });
      await call('disable_provisioner', { token: next.token ?? 0 });
      await call('record', { step: 'done', outcome: 'ok', token: next.token ?? 0 });
      expect(await again()).to.equal(undefined);
    });

    it('is not there if a person disabled it, or nothing was done before', async () => {
      const { token = 0 } = await call('lock_deploy', { owner: 'p1' });
      await call('disable_provisioner', { token });
      expect(await again()).to.equal(undefined);
      await call('record', { step: 'verify', outcome: 'ok', token });
      await call('unlock_deploy', { token });
      await call('disable_provisioner');
      expect(await again()).to.equal(undefined);
      await writeFile(node.folder.join('state', 'disabled'), '');
      expect(await again()).to.equal(undefined);
    });
  });

  describe('a failed run of Puppet', () => {
    it('is not begun if the server does not accept connections, and says so', async () => {
      const closed = await freePort();
      await load({ port: closed });
      await call('set_puppet_host', { ipaddress: '127.0.0.1' });
      const { message } = await refusal('bootstrap_puppet');
      expect(message).to.equal(
        `cannot connect to https://puppet:${closed} at 127.0.0.1: connection refused: is the Puppet server running there?`,
      );
      expect(await node.calls()).to.deep.equal([]);
    });

    it('is status 1, with the output', async () => {
      await node.behave({ exit: '4', status: 'failed' });
      const error = await refusal('bootstrap_puppet');
      expect(error.message).to.contain('the bootstrap Puppet run failed: ');
      expect(error.data).to.include({ exitcode: 4, ok: false });
      expect(error.data.output).to.contain('Applying configuration');
    });

    it('may have any exit code', async () => {
      await node.behave({ ran: 'production', exit: '0' });
      const error = await refusal('bootstrap_puppet');
      expect(error.data).to.include({ exitcode: 0, outcome: 'other-environment' });
    });
  });

  it('does not replace the key while Puppet runs', async () => {
    await node.behave({ wait: node.folder.join('go') });
    const running = call('bootstrap_puppet');
    await node.running();
    expect((await refusal('request_certificate')).message).to.contain(
      'a Puppet run is in progress (bootstrap, ',
    );
    await writeFile(node.folder.join('go'), '');
    await running;
  });

  describe('the certificate', () => {
    let ca: FakeCa;
    let token: unknown;
    beforeEach(async () => {
      ca = await FakeCa.start();
      await load({ port: ca.port });
      ({ token } = await call('lock_deploy', { owner: 'p1' }));
      await call('set_puppet_host', { ipaddress: '127.0.0.1', master: 'm1', reason: 'same region', token });
    });
    afterEach(() => ca[Symbol.asyncDispose]());

    it('is requested from the server that was set, and reported by has_cert', async () => {
      expect(await call('has_cert')).to.include({
        has_cert: false,
        usable: false,
        certname: 'node1.example.net',
      });
      const requested = await call('request_certificate', { ca_fingerprint: ca.digest, token });
      const fingerprint = sha256Fingerprint(ca.requests.get('node1.example.net') ?? '');
      expect(requested).to.include({
        exitcode: 0,
        certname: 'node1.example.net',
        csr_fingerprint: fingerprint,
        ca_fingerprint: ca.digest,
        reused: false,
      });
      const { csr, master } = await call('status');
      expect(csr).to.deep.include({ fingerprint, state: 'accepted', ca_fingerprint: ca.digest });
      expect(master).to.deep.include({ address: '127.0.0.1', identity: 'm1', reason: 'same region' });
      const certificate = ca.sign('node1.example.net');
      await writeFile(node.folder.join('puppet', 'ssl', 'certs', 'node1.example.net.pem'), certificate);
      expect(await call('has_cert')).to.include({
        has_cert: true,
        usable: true,
        matches_key: true,
        matches_ca: true,
        fingerprint: sha256Fingerprint(certificate),
        issuer: 'CN=Fake CA',
        reason: null,
      });
    });

    it('has the same fingerprint when it is asked for twice at once', async () => {
      const both = await Promise.all([
        call('request_certificate', { ca_fingerprint: ca.digest, token }),
        call('request_certificate', { ca_fingerprint: ca.digest, token }),
      ]);
      expect(both.map(({ reused }) => reused)).to.deep.equal([false, true]);
      expect(both[0]?.csr_fingerprint).to.equal(both[1]?.csr_fingerprint);
    });

    it('is not asked for by a provisioner that does not say which CA', async () => {
      expect((await refusal('request_certificate', { token })).message).to.contain(
        'ca_fingerprint is missing',
      );
      expect(ca.asked).to.deep.equal([]);
    });

    it('of another CA is a failure of status 1 that names both digests', async () => {
      const expected = '0'.repeat(64);
      const { message } = await refusal('request_certificate', { ca_fingerprint: expected, token });
      expect(message).to.contain(ca.digest).and.to.contain(expected);
      expect(existsSync(node.folder.join('puppet', 'ssl'))).to.equal(false);
    });

    it('makes a run with a former certificate count no more', async () => {
      await call('bootstrap_puppet', { token });
      await call('request_certificate', { ca_fingerprint: ca.digest, token });
      expect(await call('bootstrap_puppet', { token })).to.include({ attached: false });
    });

    it('is not requested any more if the lease is lost during the request', async () => {
      let go = () => {};
      ca.pause = new Promise((resolve) => {
        go = resolve;
      });
      const asked = rejection(call('request_certificate', { ca_fingerprint: ca.digest, token }));
      await waitFor('the request', () => ca.asked.length > 0);
      await call('unlock_deploy', { token });
      go();
      expect((await asked).message).to.contain(`token ${token} is stale`);
      expect(ca.requests.size).to.equal(0);
    });
  });

  it('writes the server into puppet.conf where the hosts file cannot be used', async () => {
    await load({ server_in_conf: true });
    await call('set_puppet_host', { ipaddress: '192.0.2.1' });
    const conf = await readFile(node.folder.join('puppet', 'puppet.conf'), 'utf8');
    expect(conf).to.contain('[main]\nserver = 192.0.2.1\n');
    expect(await hosts()).to.equal('127.0.0.1 localhost\n');
  });

  it('reports that the address of the server can be written nowhere', async () => {
    await load({ server_in_hosts: false });
    expect((await refusal('set_puppet_host', { ipaddress: '192.0.2.1' })).message).to.contain('both false');
  });

  describe('the record', () => {
    it('keeps the agent until the node is done and the notification was sent', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      expect(node.stays).to.equal(true);
      await call('disable_provisioner', { token });
      await call('record', { step: 'done', outcome: 'ok', next: 'notify', token });
      expect(node.stays).to.equal(true);
      expect(await node.data.get('provision')?.(undefined)).to.include({ done: true, finished: false });
      // Disabled or not: the next provisioner has to find it.
      await load();
      await call('record', { step: 'notify', outcome: 'ok', token });
      expect(node.stays).to.equal(false);
      expect(await node.data.get('provision')?.(undefined)).to.include({ done: true, finished: true });
      expect(await agent.setup(node.section(), node.host)).to.equal(undefined);
    });

    it('notes the end of a step and the beginning of the next one at once', async () => {
      await call('record', { step: 'lock', outcome: 'ok', next: 'set_puppet_hostname' });
      const ended = { step: 'set_puppet_hostname', outcome: 'ok', next: 'send_node_csr', next_attempt: 4 };
      expect(await call('record', ended)).to.deep.equal({ step: 'set_puppet_hostname', attempt: 1 });
      const { steps, history, step } = await call('status');
      expect(step).to.equal('set_puppet_hostname');
      const [, , last] = steps as { step: string; attempts: number; outcome: string }[];
      expect(last).to.include({ step: 'send_node_csr', attempts: 4, outcome: 'started' });
      const lines = (history as { step: string; outcome: string }[]).map(
        (line) => `${line.step} ${line.outcome}`,
      );
      expect(lines).to.deep.equal([
        'lock ok',
        'set_puppet_hostname started',
        'set_puppet_hostname ok',
        'send_node_csr started',
      ]);
    });

    it('begins no next step while this one has not ended', async () => {
      const both = { step: 'lock', outcome: 'started', next: 'send_node_csr' };
      expect((await refusal('record', both)).message).to.contain('next is not allowed');
      expect((await call('status')).steps).to.deep.equal([]);
    });

    it('outlives the daemon, with the lease, the steps and the run', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      await call('record', { step: 'puppet_bootstrap_stage', outcome: 'started', token });
      const { run } = await call('bootstrap_puppet', { token });
      const before = await call('status');
      await load();
      const after = await call('status');
      expect(after).to.deep.equal(before);
      expect(after.run).to.deep.include({
        id: run,
        running: false,
        noted: false,
        step: 'puppet_bootstrap_stage',
      });
      expect(await call('bootstrap_puppet', { token })).to.include({ run, attached: true });
      const ended = { step: 'puppet_bootstrap_stage', outcome: 'ok', token };
      expect(await call('record', ended)).to.deep.equal({ step: 'puppet_bootstrap_stage', attempt: 1 });
      expect((await call('status')).run).to.deep.include({ noted: true });
    });

    it('reports a run in progress', async () => {
      await node.behave({ wait: node.folder.join('go') });
      const running = call('run_puppet');
      await node.running();
      expect((await call('status')).run).to.deep.include({ running: true, verdict: null });
      await writeFile(node.folder.join('go'), '');
      await running;
    });

    it('keeps the chosen master and why', async () => {
      const master = { address: '192.0.2.9', identity: 'm2', reason: 'only the country matches' };
      await call('record', { step: 'choose_master', outcome: 'ok', data: { master } });
      expect((await call('status')).master).to.deep.include(master);
      const error = await refusal('record', { step: 'choose_master', outcome: 'ok', data: { master: 'm2' } });
      expect(error.message).to.contain('data.master must be a hash');
    });

    it('says that it was damaged', async () => {
      await mkdir(node.folder.join('state'), { recursive: true });
      await writeFile(node.folder.join('state', 'record.json'), '{"version":1,');
      await load();
      expect((await call('status')).damaged)
        .to.have.property('reason')
        .that.contains('JSON');
    });
  });

  describe('quarantine', () => {
    it('keeps provisioners away until an operator releases the node', async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      await call('record', { step: 'sign_node_csr', outcome: 'started', token });
      await call('quarantine', { reason: 'the CA holds another request', token });
      await call('unlock_deploy', { token });
      const { message } = await refusal('lock_deploy', { owner: 'p2' });
      expect(message)
        .to.contain('this node is in quarantine since')
        .and.to.contain('the CA holds another request');
      expect(await call('status')).to.include({ quarantined: true });
      expect(await call('release')).to.deep.equal({ released: true });
      expect(await call('release')).to.deep.equal({ released: false });
      await call('lock_deploy', { owner: 'p2' });
      const { history } = await call('status');
      expect(
        (history as { outcome: string; owner: string }[]).map(({ outcome, owner }) => [outcome, owner]),
      ).to.deep.equal([
        ['started', 'p1'],
        ['quarantined', 'p1'],
        ['released', 'rip.mcollective'],
        ['released', 'rip.mcollective'],
      ]);
    });

    const owed = async () => {
      const { token } = await call('lock_deploy', { owner: 'p1' });
      await call('quarantine', { reason: 'out of luck', notify: true, token });
      return Number(token);
    };
    const outcomes = async () => {
      const { history } = await call('status');
      return (history as { step: string; outcome: string }[]).map((line) => `${line.step} ${line.outcome}`);
    };

    it('grants its lease for the notification only, until it was sent', async () => {
      const first = await owed();
      const look = () => node.data.get('provision')?.(undefined);
      expect(await look()).to.include({ quarantined: true, finished: false });
      expect((await refusal('lock_deploy', { owner: 'p2', notify: true })).message).to.contain('p1 holds');
      await call('unlock_deploy', { token: first });
      await load();
      expect((await refusal('lock_deploy', { owner: 'p2' })).message).to.contain('in quarantine since');
      const { token } = await call('lock_deploy', { owner: 'p2', notify: true });
      for (const [action, input] of [
        ['set_puppet_host', { ipaddress: '127.0.0.1' }],
        ['request_certificate', {}],
        ['run_puppet', {}],
      ] as const) {
        expect((await refusal(action, { ...input, token })).message).to.contain('in quarantine since');
      }
      await call('record', { step: 'lock', outcome: 'ok', next: 'notify', token });
      expect(await look()).to.include({ finished: false });
      await call('record', { step: 'notify', outcome: 'ok', token });
      expect(await look()).to.include({ quarantined: true, finished: true });
      await call('unlock_deploy', { token });
      const { message } = await refusal('lock_deploy', { owner: 'p3', notify: true });
      expect(message).to.contain('is pending: omit notify');
      expect(await outcomes()).to.deep.equal([
        'quarantine quarantined',
        'notify started',
        'lock ok',
        'notify abandoned',
        'notify started',
        'notify ok',
      ]);
    });

    it('can be ended by an operator while the notification is pending, which is then dropped', async () => {
      const token = await owed();
      expect(await call('release')).to.deep.equal({ released: true });
      expect((await refusal('record', { step: 'notify', outcome: 'ok', token })).message).to.contain('stale');
      expect((await refusal('lock_deploy', { owner: 'p2', notify: true })).message).to.contain(
        'is pending: omit notify',
      );
      expect((await call('status')).steps).to.deep.equal([]);
      await call('lock_deploy', { owner: 'p2' });
      // Somebody works on it again: that is no quarantine any more.
      expect((await refusal('release')).message).to.contain('p2 holds the lease');
    });
  });

  it('has the daemon read its configuration again', async () => {
    expect(await call('restart')).to.deep.equal({ restarting: true });
    expect(node.reloads).to.equal(1);
  });

  it('offers what filters ask', async () => {
    const look = () => node.data.get('provision')?.(undefined);
    expect(await look()).to.deep.equal({
      locked: false,
      disabled: false,
      quarantined: false,
      done: false,
      finished: false,
      step: null,
      owner: null,
    });
    await call('lock_deploy', { owner: 'p1' });
    expect(await look()).to.include({ locked: true, owner: 'p1' });
  });
});

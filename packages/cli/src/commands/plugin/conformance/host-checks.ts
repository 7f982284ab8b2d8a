import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueReceipt, readReceipt } from '@troupe/core';
import { Broken, expectEqual, expectThat } from './broken.js';
import type { Check } from './check.js';
import type { Sandbox } from './sandbox.js';
import { hostsFile } from './sandbox.js';
import type { Subject } from './subject.js';

type Data = Readonly<Record<string, unknown>>;

const noDigest = '0'.repeat(64);

/** The rules of the actions that change the host. */
export const hostChecks: readonly Check[] = [
  {
    rule: 'set_puppet_host',
    title: 'sets the address of the Puppet server, the same twice, and leaves other lines alone',
    needs: ['set_puppet_host'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await subject.refused(
        'set_puppet_host',
        { ipaddress: sandbox.address, token: token + 1 },
        'with a stale token',
      );
      for (const ipaddress of ['192.0.2.1', sandbox.address, sandbox.address])
        await subject.ok('set_puppet_host', { ipaddress, master: 'puppet1', reason: 'the only one', token });
      const { address, identity, reason } = ((await subject.status()).master ?? {}) as Data;
      expectEqual(
        [address, identity, reason],
        [sandbox.address, 'puppet1', 'the only one'],
        'status: master',
      );
      const hosts = await readFile(join(sandbox.host, 'hosts'), 'utf8');
      for (const line of hostsFile.trim().split('\n'))
        expectThat(hosts.split('\n').includes(line), `the line "${line}" of the hosts file is gone`);
    },
  },
  {
    rule: 'has_cert',
    title: 'names the certificate that the host will have, also without one',
    needs: ['has_cert'],
    run: async (subject, sandbox) => {
      const { has_cert, usable, certname } = await subject.ok('has_cert');
      expectEqual(
        [has_cert, usable, certname],
        [false, false, sandbox.certname],
        'has_cert, usable, certname',
      );
    },
  },
  {
    rule: 'certificate 1',
    title: 'submits nothing to a CA whose digest is not given, or is another one',
    needs: ['request_certificate'],
    run: async (subject, sandbox) => {
      const token = await pointed(subject, sandbox);
      await subject.refused('request_certificate', { token }, 'without ca_fingerprint');
      await subject.refused(
        'request_certificate',
        { token, ca_fingerprint: noDigest },
        'although the CA has another digest',
      );
      expectEqual(
        (await sandbox.ca.status(sandbox.certname)).state,
        'missing',
        'state of the name on the CA',
      );
    },
  },
  {
    rule: 'certificate 2',
    title: 'submits a CSR, and reports its name and fingerprint',
    needs: ['request_certificate'],
    run: async (subject, sandbox) => {
      const token = await pointed(subject, sandbox);
      const input = { token, ca_fingerprint: sandbox.caFingerprint };
      await subject.refused('request_certificate', { ...input, token: token + 1 }, 'with a stale token');
      const output = await subject.ok('request_certificate', input);
      const held = await sandbox.ca.status(sandbox.certname);
      expectEqual(held.state, 'requested', 'state of the name on the CA');
      expectEqual(output.csr_fingerprint, held.fingerprint, 'csr_fingerprint, which must be that on the CA');
      expectEqual(output.certname, sandbox.certname, 'certname');
      const { fingerprint, state } = ((await subject.status()).csr ?? {}) as Data;
      expectEqual([fingerprint, state], [held.fingerprint, 'accepted'], 'status: csr');
    },
  },
  {
    rule: 'certificate 3',
    title: 'submits the same CSR again, also after a restart and after it was signed',
    needs: ['request_certificate'],
    run: async (subject, sandbox) => {
      const token = await pointed(subject, sandbox);
      const input = { token, ca_fingerprint: sandbox.caFingerprint };
      const first = await subject.ok('request_certificate', input);
      await subject.restart();
      const again = await subject.ok('request_certificate', input);
      expectEqual(
        [again.csr_fingerprint, again.reused],
        [first.csr_fingerprint, true],
        'csr_fingerprint and reused of the second call',
      );
      await sandbox.ca.sign(sandbox.certname);
      const signed = await subject.ok('request_certificate', input);
      expectEqual(signed.csr_fingerprint, first.csr_fingerprint, 'csr_fingerprint after it was signed');
    },
  },
  {
    rule: 'certificate 4',
    title: 'makes a new key with fresh',
    needs: ['request_certificate'],
    run: async (subject, sandbox) => {
      const token = await pointed(subject, sandbox);
      const input = { token, ca_fingerprint: sandbox.caFingerprint };
      const first = await subject.ok('request_certificate', input);
      await sandbox.cleanCa();
      const fresh = await subject.ok('request_certificate', { ...input, fresh: true });
      expectThat(
        fresh.csr_fingerprint !== first.csr_fingerprint,
        'csr_fingerprint is the same after fresh: the key was not replaced',
      );
    },
  },
  {
    rule: 'certificate 5',
    title: 'fails if the CA holds a CSR or a certificate of another key, and removes neither',
    needs: ['request_certificate'],
    run: async (subject, sandbox) => {
      const token = await pointed(subject, sandbox);
      const input = { token, ca_fingerprint: sandbox.caFingerprint };
      await subject.ok('request_certificate', input);
      await sandbox.ca.sign(sandbox.certname);
      const before = await sandbox.ca.certificate(sandbox.certname);
      await subject.refused(
        'request_certificate',
        { ...input, fresh: true },
        'although the CA has a certificate of another key',
      );
      expectThat(
        (await sandbox.ca.certificate(sandbox.certname)) === before,
        'the certificate on the CA has changed',
      );
    },
  },
  ...(['bootstrap_puppet', 'run_puppet'] as const).map((action) => runCheck(action)),
  {
    rule: 'runs 2',
    title: 'lets a run continue if the call is cancelled, and attaches to it',
    needs: ['bootstrap_puppet'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await sandbox.behave({ wait: 'go' });
      const cancel = new AbortController();
      const cut = subject.call('bootstrap_puppet', { token }, cancel.signal);
      await sandbox.runBegins(1);
      cancel.abort();
      await cut;
      const attaching = subject.call('bootstrap_puppet', { token });
      await sandbox.letGo();
      const { statuscode, statusmsg, data } = await attaching;
      if (statuscode !== 0) throw new Broken(`the second call failed: ${statusmsg}`);
      expectEqual(data.attached, true, 'attached of the second call');
      expectEqual((await sandbox.runs()).length, 1, 'runs of Puppet');
    },
  },
  {
    rule: 'runs 1',
    title: 'finds a run again that continued over a restart',
    needs: ['bootstrap_puppet', 'run_puppet'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await sandbox.behave({ wait: 'go' });
      const cancel = new AbortController();
      const cut = subject.call('bootstrap_puppet', { token }, cancel.signal);
      await sandbox.runBegins(1);
      cancel.abort();
      await cut;
      await subject.restart();
      await subject.refused('run_puppet', { token }, 'although a run of another stage is in progress');
      const attaching = subject.call('bootstrap_puppet', { token });
      await sandbox.letGo();
      const { statuscode, statusmsg, data } = await attaching;
      if (statuscode !== 0) throw new Broken(`the call after the restart failed: ${statusmsg}`);
      expectEqual(data.attached, true, 'attached of the call after the restart');
      expectEqual((await sandbox.runs()).length, 1, 'runs of Puppet');
    },
  },
  {
    rule: 'runs 3',
    title: 'returns the result of a run that is not noted, and starts a new one after that',
    needs: ['run_puppet'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await subject.ok('record', { step: 'puppet_final_run', outcome: 'started', token });
      const first = await subject.ok('run_puppet', { token });
      const again = await subject.ok('run_puppet', { token });
      expectEqual([again.run, again.attached], [first.run, true], 'run and attached of the second call');
      expectEqual((await sandbox.runs()).length, 1, 'runs of Puppet before the result is noted');
      await subject.ok('record', { step: 'puppet_final_run', outcome: 'unreachable', token });
      const third = await subject.ok('run_puppet', { token });
      expectEqual(third.run, first.run, 'run after a provisioner lost the node and saw no result');
      await subject.ok('record', { step: 'puppet_final_run', outcome: 'ok', run: first.run, token });
      const next = await subject.ok('run_puppet', { token });
      expectThat(next.run !== first.run, 'the call after the result was noted did not start a new run');
      expectEqual((await sandbox.runs()).length, 2, 'runs of Puppet');
    },
  },
  {
    rule: 'runs 4',
    title: 'fails if Puppet fails, was killed, or ran in another environment',
    needs: ['bootstrap_puppet'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      for (const [behaviour, why] of [
        [{ exit: '1', report: 'no' }, 'although Puppet exited with 1'],
        [{ exit: '4', status: 'failed' }, 'although resources failed (exit code 4)'],
        [{ exit: '6', status: 'failed' }, 'although resources changed and failed (exit code 6)'],
        [{ exit: '0', report: 'no' }, 'although Puppet wrote no report, as if it was killed'],
        [{ exit: '0', status: 'failed' }, 'although the report says that the run failed'],
        [{ ran: 'production' }, 'although the run ended in the environment production'],
      ] as const) {
        await sandbox.behave(behaviour);
        const { data } = await subject.refused('bootstrap_puppet', { token, fresh: true }, why);
        expectThat(typeof data.run === 'string' && data.run !== '', `a failed run (${why}) has no id in run`);
        expectEqual(data.ok, false, `ok of a failed run (${why})`);
      }
    },
  },
  {
    rule: 'accept_receipt',
    title: 'keeps a receipt with the token of the lease, and not without',
    needs: ['accept_receipt'],
    run: async (subject) => {
      const token = await subject.lock();
      const receipt = await makeReceipt();
      await subject.refused('accept_receipt', { receipt, token: token + 1 }, 'with a stale token');
      expectEqual(subject.receipts, [], 'receipts that the daemon got with a stale token');
      const { serial } = await subject.ok('accept_receipt', { receipt, token });
      expectEqual(subject.receipts, [receipt], 'receipts that the daemon got');
      expectEqual(serial, readReceipt(receipt).serial, 'serial');
    },
  },
  {
    rule: 'restart',
    title: 'makes the daemon read its configuration, with the token of the lease only',
    needs: ['restart'],
    run: async (subject) => {
      const token = await subject.lock();
      await subject.refused('restart', { token: token + 1 }, 'with a stale token');
      expectEqual(subject.reloads, 0, 'restarts after a stale token');
      expectEqual((await subject.ok('restart', { token })).restarting, true, 'restarting');
      expectEqual(subject.reloads, 1, 'restarts');
    },
  },
  {
    rule: 'disable_provisioner',
    title: 'disables the host for good, twice without a fault, and changes nothing on it any more',
    needs: ['disable_provisioner'],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await subject.refused('disable_provisioner', { token: token + 1 }, 'with a stale token');
      expectEqual((await subject.status()).disabled, false, 'status: disabled after a stale token');
      for (let time = 0; time < 2; time += 1) await subject.ok('disable_provisioner', { token });
      expectEqual((await subject.status()).disabled, true, 'status: disabled');
      if (subject.has('set_puppet_host'))
        await subject.refused(
          'set_puppet_host',
          { ipaddress: sandbox.address, token },
          'although the host is disabled',
        );
      if (subject.has('run_puppet')) {
        await subject.refused('run_puppet', { token }, 'although the host is disabled');
        expectEqual((await sandbox.runs()).length, 0, 'runs of Puppet');
      }
      await subject.ok('record', { step: 'done', outcome: 'ok', token });
      await subject.stop();
      expectThat(!(await subject.applies()), 'a disabled agent is loaded again at the next start');
    },
  },
];

function runCheck(action: 'bootstrap_puppet' | 'run_puppet'): Check {
  const usual = action === 'bootstrap_puppet' ? 'bootstrap' : 'production';
  return {
    rule: 'runs 5',
    title: `runs Puppet in the environment ${usual}, or in the one that is given (${action})`,
    needs: [action],
    run: async (subject, sandbox) => {
      const token = await subject.lock();
      await subject.refused(action, { token: token + 1 }, 'with a stale token');
      expectEqual((await sandbox.runs()).length, 0, 'runs of Puppet after a stale token');
      const { ok, exitcode, run, output, environment } = await subject.ok(action, { token });
      expectEqual([ok, exitcode], [true, 2], 'ok, exitcode');
      expectThat(typeof run === 'string' && run !== '', `run is ${String(run)}, not an id`);
      expectThat(String(output).includes('Applied catalog'), 'output does not have what Puppet printed');
      if (environment !== null) expectEqual(environment, usual, 'environment');
      await subject.ok(action, { token, environment: 'canary', fresh: true });
      const [, canary = ''] = await sandbox.runs();
      expectThat(/--environment[ =]canary\b/.test(canary), `the second run had the arguments ${canary}`);
    },
  };
}

// With the address of the CA, and the lease.
async function pointed(subject: Subject, sandbox: Sandbox): Promise<number> {
  const token = await subject.lock();
  if (subject.has('set_puppet_host'))
    await subject.ok('set_puppet_host', { ipaddress: sandbox.address, token });
  return token;
}

// The daemon of a real host checks its signature; here, only the agent is tested.
function makeReceipt(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const holder = { name: 'node1.example.net', key: 'ab'.repeat(32), collective: 'provisioning' };
  const claims = { iss: 'provisioner.mcollective', callers: '/\\.mcollective$/', token: 'conformance' };
  return issueReceipt({ ...holder, ...claims, ttlSeconds: 3600 }, { key: privateKey, chain: [] });
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { ActionError, type Host as AgentHost, type AnyHandler, silentLogger } from '@troupe/core';
import { createCsr, generateKeyPair, splitPem } from '@troupe/core/pki';
import {
  aotJar,
  createTempFolder,
  DirectoryHost,
  freePort,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import agent from '../../src/index.js';
import { fakeContext } from '../fixtures/fake-node.js';
import { rejection } from '../fixtures/rejection.js';

// Puppet starts as a process of its own several times in most of these.
const patience = 300_000;

const site = (stage: string) =>
  `$root = $facts['troupe_root']\nfile { "$root/etc/stage": content => '${stage}' }\n`;
const code = {
  'bootstrap/manifests/site.pp': site('bootstrap'),
  'production/manifests/site.pp': site('production'),
};

interface Status {
  readonly state: string;
  readonly fingerprints: { readonly SHA256: string };
}

describe('enrolment with a real Puppet Server', function () {
  this.timeout(patience);
  let folder: TempFolder;
  let server: PuppetServer;
  let digest: string;

  before(async function () {
    const missing = puppetServerMissing() ?? puppetAgentMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ mode: 0o711 });
    server = await PuppetServer.start({
      name: 'master',
      folder: folder.join('master'),
      address: '127.0.0.1',
      port: await freePort(),
      certname: 'm1.example.net',
      code,
      aotJar: aotJar(),
    });
    const bundle = await readFile(server.paths.caCertificate);
    digest = createHash('sha256').update(bundle).digest('hex');
  });

  after(async () => {
    await server?.stop();
    await folder?.close();
  });

  /** The CA's HTTP API, asked as its administrator, or as anybody. */
  const ca = async (method: string, path: string, body?: string, isAnybody = false) => {
    const { paths, address, port } = server;
    const own = isAnybody
      ? {}
      : { cert: await readFile(paths.hostCertificate), key: await readFile(paths.hostKey) };
    const bundle = await readFile(paths.caCertificate);
    const crl = splitPem(await readFile(paths.crl, 'utf8'));
    return await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        Accept: 'application/json, text/plain',
        'Content-Type': isAnybody ? 'text/plain' : 'application/json',
      };
      const options = { method, host: address, port, path: `/puppet-ca/v1/${path}`, servername: '', headers };
      const outgoing = request({ ...options, ...own, ca: bundle, crl, agent: false }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (piece: string) => {
          text += piece;
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
  const statusOf = async (certname: string): Promise<Status> =>
    JSON.parse((await ca('GET', `certificate_status/${certname}`)).text);
  const sign = (certname: string) =>
    ca('PUT', `certificate_status/${certname}`, '{"desired_state":"signed"}');

  /** The agent on a host, as the daemon of that host would have loaded it. */
  const load = async (node: DirectoryHost) => {
    const stateDir = node.file('/var/lib/troupe');
    await mkdir(stateDir, { recursive: true });
    const host: AgentHost = {
      identity: node.identity,
      log: silentLogger,
      stateDir,
      facts: () => ({}),
      classes: () => [],
      provideData: () => undefined,
      onClose: () => {},
      reload: () => undefined,
    };
    const env = { FACTER_troupe_root: node.file('/'), HOME: node.file('/') };
    const section = {
      puppet: { command: [node.file('/bin/puppet')], env },
      hosts_file: node.file('/etc/hosts'),
      port: server.port,
      key_bits: 2048,
    };
    const handlers: Readonly<Record<string, AnyHandler>> = (await agent.setup(section, host)) ?? {};
    return async (action: string, input: object = {}, output: string[] = []) => {
      const handler = handlers[action];
      if (!handler) throw new Error(`there is no action ${action}`);
      return await handler({ ...input }, fakeContext({ output, timeoutSeconds: 120 }));
    };
  };
  const host = (identity: string) => DirectoryHost.create({ identity, puppetPort: server.port });
  const stage = (node: DirectoryHost) => readFile(node.file('/etc/stage'), 'utf8');

  it('takes a new host from nothing to production', async () => {
    await using node = await host('node1.example.net');
    const call = await load(node);
    const { token } = await call('lock_deploy', { owner: 'p1' });
    await call('set_puppet_host', { ipaddress: server.address, master: server.certname, token });

    // The wrong CA is not believed.
    const wrong = '0'.repeat(64);
    const error = await rejection(call('request_certificate', { ca_fingerprint: wrong, token }));
    expect(error.message).to.contain(digest).and.to.contain(wrong);
    expect(existsSync(node.file('/var/lib/puppet/ssl/certs/ca.pem'))).to.equal(false);

    const requested = await call('request_certificate', { ca_fingerprint: digest, token });
    expect(requested).to.include({ certname: node.identity, ca_fingerprint: digest, reused: false });
    const waiting = await statusOf(node.identity);
    expect(waiting.state).to.equal('requested');
    expect(waiting.fingerprints.SHA256).to.equal(requested.csr_fingerprint);

    // Nobody has signed yet.
    const early = (await rejection(call('bootstrap_puppet', { token, fresh: true }))) as ActionError;
    expect(early).to.be.instanceOf(ActionError);
    expect(early.data).to.include({ ok: false, outcome: 'not-signed', exitcode: 1 });

    expect((await sign(node.identity)).status).to.equal(204);
    // Asked again, because the answer might have been lost.
    expect(await call('request_certificate', { ca_fingerprint: digest, token })).to.include({
      csr_fingerprint: requested.csr_fingerprint ?? '',
      reused: true,
    });
    expect(await call('has_cert')).to.include({ has_cert: false });

    const output: string[] = [];
    const bootstrap = await call('bootstrap_puppet', { token, fresh: true }, output);
    expect(bootstrap).to.include({ ok: true, outcome: 'changed', environment: 'bootstrap', attached: false });
    expect(output.join('\n')).to.contain('Applied catalog');
    expect(await stage(node)).to.equal('bootstrap');

    const signed = await statusOf(node.identity);
    expect(await call('has_cert')).to.include({
      has_cert: true,
      usable: true,
      fingerprint: signed.fingerprints.SHA256,
      certname: node.identity,
    });
    const key = await readFile(node.file(`/var/lib/puppet/ssl/private_keys/${node.identity}.pem`), 'utf8');
    expect(key).to.contain('BEGIN PRIVATE KEY');

    expect(await call('run_puppet', { token })).to.include({ ok: true, environment: 'production' });
    expect(await stage(node)).to.equal('production');

    const lost = (await rejection(
      call('run_puppet', { environment: 'no_such_environment', token }),
    )) as ActionError;
    expect(lost.data).to.include({ ok: false, outcome: 'unknown-environment' });

    const daemonized = await call('daemonize_puppet', { token });
    expect(daemonized).to.include({ exitcode: 0 });
    const pid = Number(await readFile(node.file('/run/puppet/agent.pid'), 'utf8'));
    expect(daemonized.output).to.contain(`(process ${pid})`);
    expect(await call('daemonize_puppet', { token })).to.include({ exitcode: null });
    process.kill(pid, 'SIGKILL');
  });

  it('enrols anew, with a new key, when the CA was cleaned', async () => {
    await using node = await host('node2.example.net');
    const call = await load(node);
    await call('set_puppet_host', { ipaddress: server.address });
    const first = await call('request_certificate', { ca_fingerprint: digest });
    await sign(node.identity);
    expect(await call('bootstrap_puppet')).to.include({ ok: true });
    await ca('PUT', `certificate_status/${node.identity}`, '{"desired_state":"revoked"}');
    await ca('DELETE', `certificate_status/${node.identity}`);
    expect(((await rejection(call('run_puppet'))) as ActionError).data).to.include({
      outcome: 'certificate-refused',
    });
    const second = await call('request_certificate', { ca_fingerprint: digest, fresh: true });
    expect(second.csr_fingerprint).to.not.equal(first.csr_fingerprint);
    await sign(node.identity);
    expect(await call('run_puppet')).to.include({ ok: true });
  });

  it('reports a request that another machine submitted under its name', async () => {
    await using node = await host('node3.example.net');
    const call = await load(node);
    const { privateKeyPem } = await generateKeyPair(2048);
    const csr = createCsr({ commonName: node.identity, privateKeyPem });
    expect((await ca('PUT', `certificate_request/${node.identity}`, csr, true)).status).to.equal(200);
    await call('set_puppet_host', { ipaddress: server.address });
    const error = await rejection(call('request_certificate', { ca_fingerprint: digest }));
    expect(error.message).to.contain(`the CA already has another certificate request for ${node.identity}`);
    expect(existsSync(node.file(`/var/lib/puppet/ssl/certificate_requests/${node.identity}.pem`))).to.equal(
      false,
    );
  });
});

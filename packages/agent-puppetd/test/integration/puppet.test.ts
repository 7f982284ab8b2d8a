import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createCa, createCsr, generateKeyPair } from '@troupe/core/pki';
import { isAlive, type ProcessIdentity } from '@troupe/host';
import {
  aotJar,
  createTempFolder,
  freePort,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { PuppetRun, PuppetVerdict } from '../../src/puppet/index.js';
import { askCa, type PuppetNode, processesRunning, puppetNode, setState } from './puppet-node.js';

const codeFor = (folder: string) => ({
  'production/manifests/site.pp': `file { "${folder}/\${trusted['certname']}/managed": content => 'hello' }\n`,
  'bootstrap/manifests/site.pp': "notify { 'first steps': }\n",
  // A command that never ends, and that the test can tell from all others by its argument.
  'slow/manifests/site.pp': `exec { "/usr/bin/tail -f ${folder}/m1/puppet/puppet.conf": timeout => 0 }\n`,
  'failing/manifests/site.pp': "exec { '/bin/false': }\nnotify { 'goes on': }\n",
  'broken/manifests/site.pp': 'include no::such::class\n',
  'cyclic/manifests/site.pp':
    "notify { 'a': require => Notify['b'] } notify { 'b': require => Notify['a'] }\n",
});

describe('the real Puppet', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let server: PuppetServer;
  let enrolled: PuppetNode;
  let going: PuppetRun | undefined;
  const servers: Server[] = [];
  let number = 0;

  before(async function () {
    this.timeout(600_000);
    const missing = puppetAgentMissing() ?? puppetServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-puppetd', mode: 0o711 });
    const address = '127.0.0.1';
    server = await PuppetServer.start({
      name: 'm1',
      folder: folder.join('m1'),
      address,
      port: await freePort(address),
      certname: 'm1.lab',
      code: codeFor(folder.path),
      aotJar: aotJar(),
    });
    enrolled = await enrol();
  });

  after(async function () {
    this.timeout(60_000);
    await server?.stop();
    await folder?.close();
  });

  afterEach(async () => {
    await going?.abort('the test is over', { graceSeconds: 0.5 });
    going = undefined;
    for (const { pid } of commands()) process.kill(pid, 'SIGKILL');
    for (const open of servers.splice(0)) {
      open.close();
      open.emit('end-connections');
    }
  });

  function newNode(at: { address: string; port: number } = server): Promise<PuppetNode> {
    number += 1;
    return puppetNode(folder.path, `n${number}.lab`, at);
  }

  /** A host that has a certificate. */
  async function enrol(): Promise<PuppetNode> {
    const node = await newNode();
    const first = await node.run();
    expect(first.outcome, first.reason).to.equal('not-signed');
    await setState(server, node.certname, 'signed');
    const second = await node.run({ environment: 'bootstrap' });
    expect(second.outcome, second.reason).to.equal('changed');
    return node;
  }

  /** Listens on another address than the server's; returns where. */
  async function listen(onConnection: (socket: Socket) => void): Promise<{ address: string; port: number }> {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      onConnection(socket);
    });
    servers.push(listener);
    listener.on('end-connections', () => {
      for (const socket of sockets) socket.destroy();
    });
    listener.listen(0, '127.0.0.2');
    await once(listener, 'listening');
    const { address, port } = listener.address() as AddressInfo;
    return { address, port };
  }

  function expectOutcome(verdict: PuppetVerdict, outcome: string, reason: RegExp): void {
    expect(verdict.outcome, JSON.stringify(verdict, null, 1)).to.equal(outcome);
    expect(verdict.reason).to.match(reason);
    expect(verdict.ok).to.equal(outcome === 'changed' || outcome === 'unchanged');
  }

  /** A run that is in the middle of a command, which has a session of its own. */
  async function slowRun(): Promise<{ run: PuppetRun; puppet: number; command: ProcessIdentity }> {
    going = await enrolled.puppet.start({ environment: 'slow' });
    const run = going;
    const [command] = await waitFor(
      'the command',
      () => {
        const found = commands();
        return found.length > 0 && found;
      },
      { timeoutSeconds: 60 },
    );
    const puppet = Number(await readFile(enrolled.path('var/state/agent_catalog_run.lock'), 'utf8'));
    if (!command) throw new Error('there is no command');
    return { run, puppet, command };
  }

  /** The commands of slow runs that live. */
  const commands = () => processesRunning(`${folder.path}/m1/puppet/puppet.conf`);

  it('changes, then finds nothing to change', async () => {
    const changed = await enrolled.run({ environment: 'production' });
    expectOutcome(changed, 'changed', /^1 resource changed in environment production$/);
    expect(changed).to.include({ exitCode: 2, environment: 'production' });
    const lines: string[] = [];
    const run = await enrolled.puppet.start({ environment: 'production' });
    const verdict = await run.follow({ onOutput: (more) => lines.push(...more) });
    expectOutcome(verdict, 'unchanged', /^Nothing to change in environment production$/);
    expect(verdict.exitCode).to.equal(0);
    expect(lines.join('\n')).to.include('Notice: Applied catalog in').and.not.include('\u001b');

    const { summary, outcome } = await enrolled.puppet.lastRun();
    expect(outcome).to.equal('unchanged');
    expect(summary?.resources.total).to.be.greaterThan(0);
    expect(summary?.times.last_run).to.be.closeTo(Date.now() / 1000, 60);
    expect(await enrolled.puppet.typeDistribution()).to.have.property('File');
    expect(await enrolled.puppet.isManaged(`File[${enrolled.path('managed')}]`)).to.equal(true);
    expect(await enrolled.puppet.isManaged('File[/etc/passwd]')).to.equal(false);
    expect(await enrolled.puppet.status()).to.include({ server: server.address, enabled: true });
    expect((await enrolled.puppet.status()).lastrun_began).to.be.closeTo(Date.now() / 1000, 60);
    const messages = (await enrolled.puppet.logs()).map(({ message }) => message);
    expect(messages.join('\n')).to.match(/Applied catalog in/);
  });

  it('finds changes in a no-op run and leaves them undone', async () => {
    const managed = enrolled.path('managed');
    await rm(managed, { force: true });
    const verdict = await enrolled.run({ environment: 'production', noop: true });
    expectOutcome(verdict, 'unchanged', /^No-op run in environment production: changes are pending$/);
    expect(verdict.noopPending).to.equal(true);
    expect(existsSync(managed)).to.equal(false);
  });

  it('fails where a resource fails', async () => {
    const verdict = await enrolled.run({ environment: 'failing' });
    expectOutcome(
      verdict,
      'failed-resources',
      /^1 resource failed: Exec\[\/bin\/false\] \(\S+\/failing\/manifests\/site\.pp:1\): .*returned 1/,
    );
    expect(verdict).to.include({ exitCode: 6, environment: 'failing' });
  });

  it('fails if the server does not have the environment, instead of running production', async () => {
    const verdict = await enrolled.run({ environment: 'nowhere' });
    expectOutcome(verdict, 'unknown-environment', /nowhere/);
  });

  it('fails where the catalog does not compile, and does not fall back on an old one', async () => {
    const verdict = await enrolled.run({ environment: 'broken' });
    expectOutcome(verdict, 'catalog-refused', /no::such::class/);
    expect(verdict.exitCode).to.equal(1);
  });

  it('fails where the catalog cannot be applied', async () => {
    const verdict = await enrolled.run({ environment: 'cyclic' });
    expectOutcome(verdict, 'incomplete', /dependency cycle/);
  });

  it('fails at its own limit of time', async () => {
    const verdict = await enrolled.run({ environment: 'slow', runTimeoutSeconds: 6 });
    expectOutcome(verdict, 'timeout', /exceeded Puppet's time limit/);
  });

  it('does not run while disabled by our lock file', async () => {
    const { puppet } = enrolled;
    await puppet.disable("it's (late)");
    try {
      const verdict = await enrolled.run();
      expectOutcome(verdict, 'disabled', /^Puppet is disabled: it's \(late\)$/);
      expect((await puppet.status()).status).to.equal('disabled');
    } finally {
      await puppet.enable();
    }
  });

  it('does not run beside another run, whose state is told', async () => {
    await slowRun();
    expect(await enrolled.puppet.status()).to.include({ applying: true, status: 'applying a catalog' });
    expectOutcome(await enrolled.run(), 'already-running', /in progress/);
  });

  it('does not run while another Puppet is at work on certificates', async () => {
    const { puppet } = await slowRun();
    const node = await newNode();
    await mkdir(node.path('ssl'), { recursive: true });
    await writeFile(node.path('ssl/ssl.lock'), String(puppet));
    expectOutcome(await node.run(), 'ssl-locked', /SSL lock/);
  });

  it('takes over the lock that a killed run left', async () => {
    const { run, puppet } = await slowRun();
    process.kill(puppet, 'SIGKILL');
    expectOutcome(await run.follow(), 'killed', /signal 9/);
    expect(existsSync(enrolled.path('var/state/agent_catalog_run.lock'))).to.equal(true);
    expect((await enrolled.puppet.status()).applying).to.equal(false);
    expect((await enrolled.run({ environment: 'bootstrap' })).ok).to.equal(true);
  });

  it('is not taken for well when SIGTERM ends it, although it exits 0', async () => {
    const { run, puppet } = await slowRun();
    process.kill(puppet, 'SIGTERM');
    const verdict = await run.follow();
    expectOutcome(verdict, 'killed', /terminated in the middle/);
    expect(verdict.exitCode).to.equal(0);
  });

  it('is ended with the commands that it runs, which have sessions of their own', async () => {
    const { run, command } = await slowRun();
    const verdict = await run.abort('the caller went away');
    expectOutcome(verdict, 'aborted', /^The run was aborted: the caller went away$/);
    expect(isAlive(command)).to.equal(false);
  });

  it('cannot run with a certificate that is revoked', async () => {
    const node = await enrol();
    await setState(server, node.certname, 'revoked');
    expectOutcome(await node.run(), 'certificate-refused', /rejected this host's certificate/);
  });

  it('gets no certificate that somebody else asked for under its name, nor runs if that is signed', async () => {
    const node = await newNode();
    const { privateKeyPem } = await generateKeyPair();
    const csr = createCsr({ commonName: node.certname, privateKeyPem });
    expect(await askCa(server, 'PUT', `certificate_request/${node.certname}`, csr)).to.match(/^200/);
    expectOutcome(await node.run(), 'not-signed', /not signed/);
    await setState(server, node.certname, 'signed');
    expectOutcome(await node.run(), 'key-mismatch', /different key/);
  });

  it('cannot enrol where the CA has a certificate of its name already, for a key that is lost', async () => {
    const node = await newNode();
    const { privateKeyPem } = await generateKeyPair();
    const csr = createCsr({ commonName: node.certname, privateKeyPem });
    await askCa(server, 'PUT', `certificate_request/${node.certname}`, csr);
    await setState(server, node.certname, 'signed');
    expectOutcome(await node.run(), 'key-mismatch', /different key/);
  });

  it('cannot run where the server is of another CA', async () => {
    const node = await newNode();
    const { certificatePem } = await createCa({ commonName: 'another CA' });
    await mkdir(node.path('ssl/certs'), { recursive: true });
    await writeFile(node.path('ssl/certs/ca.pem'), certificatePem);
    expectOutcome(await node.run(), 'other-ca', /not issued by the CA/);
  });

  it('cannot run where the server has other names', async () => {
    const node = await newNode(
      await listen((socket) => {
        const onward = connect(server.port, server.address);
        onward.on('error', () => socket.destroy());
        socket.pipe(onward).pipe(socket);
      }),
    );
    await mkdir(node.path('ssl/certs'), { recursive: true });
    await writeFile(node.path('ssl/certs/ca.pem'), await readFile(server.paths.caCertificate));
    expectOutcome(await node.run(), 'other-name', /127\.0\.0\.2/);
  });

  it('cannot run where nobody listens', async () => {
    const node = await newNode({ address: '127.0.0.1', port: await freePort() });
    expectOutcome(await node.run(), 'server-unreachable', /Connection refused/);
  });

  it('cannot run where nobody has that name', async () => {
    const node = await newNode({ address: 'puppet.invalid', port: 8140 });
    expectOutcome(await node.run(), 'server-unreachable', /getaddrinfo/);
  });

  it('cannot run where the server never answers', async () => {
    const node = await newNode(await listen(() => {}));
    expectOutcome(await node.run({ connectTimeoutSeconds: 2 }), 'server-unreachable', /timed out/);
  });
});

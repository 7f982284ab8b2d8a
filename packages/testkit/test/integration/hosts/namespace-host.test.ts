import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import {
  createTempFolder,
  NamespaceHost,
  Network,
  namespacesMissing,
  puppetAgentMissing,
  skip,
  startProcess,
  waitFor,
} from '../../../src/index.js';
import { processesNaming } from '../../../src/processes/process-tree.js';

describe('NamespaceHost', function () {
  this.timeout(60_000);
  let network: Network;
  let one: NamespaceHost;
  let two: NamespaceHost;
  let machineHosts: string;

  before(async function () {
    const missing = namespacesMissing();
    if (missing) skip(this, missing);
    machineHosts = await readFile('/etc/hosts', 'utf8');
    network = await Network.create();
    one = await NamespaceHost.create({ network, identity: 'web1.lab.example', facts: { region: 'eu-1' } });
    two = await NamespaceHost.create({ network, identity: 'web2.lab.example' });
  });

  after(() => network?.close());

  it('has an address of its own in a network with this machine', async () => {
    expect(networkInterfaces()[network.interfaceName]?.[0]?.address).to.equal(network.address);
    expect(new Set([network.address, one.address, two.address])).to.have.property('size', 3);
    expect((await one.exec('hostname', ['--ip-address'])).stdout).to.equal(one.address);
  });

  it('reaches a server on this machine and is reached from the other host', async () => {
    const server = createServer((request, response) => response.end(request.socket.remoteAddress));
    await new Promise<void>((resolve) => server.listen(0, network.address, resolve));
    const { port } = server.address() as { port: number };
    expect(await fetchOn(one, `http://${network.address}:${port}`)).to.equal(one.address);
    server.close();

    const serve = `require('http').createServer((q, s) => s.end('two')).listen(80, () => console.log('up'))`;
    await using process = two.spawn('node', ['-e', serve]);
    await process.waitForLine('up');
    expect(await fetchOn(one, `http://${two.address}`)).to.equal('two');
  });

  it('has a host name of its own', async () => {
    expect((await one.exec('hostname')).stdout).to.equal('web1');
    expect((await one.exec('hostname', ['--fqdn'])).stdout).to.equal('web1.lab.example');
    expect(hostname()).to.not.equal('web1');
  });

  it('has an /etc/hosts that can be renamed onto, inside and from outside', async () => {
    await one.exec('sh', ['-c', 'echo 10.0.0.1 inside > /etc/new && mv /etc/new /etc/hosts']);
    expect(await readFile(one.file('/etc/hosts'), 'utf8')).to.equal('10.0.0.1 inside\n');
    await writeFile(one.file('/etc/new'), `${one.address} web1.lab.example web1\n`);
    await rename(one.file('/etc/new'), one.file('/etc/hosts'));
    expect((await one.exec('cat', [one.pathOnHost('/etc/hosts')])).stdout).to.contain('web1.lab.example');
    expect(await readFile('/etc/hosts', 'utf8')).to.equal(machineHosts);
    expect(await readFile(two.file('/etc/hosts'), 'utf8')).to.contain('web2.lab.example');
  });

  it('keeps what it changes in /etc, /var and /run to itself', async () => {
    const files = ['/etc/troupe-test', '/var/troupe-test', '/run/troupe-test'];
    await one.exec('touch', files);
    for (const file of files) {
      expect(existsSync(one.file(file)), `${file} on the host`).to.equal(true);
      expect(existsSync(file), `${file} on the machine`).to.equal(false);
      expect(existsSync(two.file(file)), `${file} on the other host`).to.equal(false);
    }
  });

  it('sees this checkout', async () => {
    const self = fileURLToPath(import.meta.url);
    expect((await one.exec('cat', [self])).stdout).to.contain('sees this checkout');
  });

  it('shares a folder of the machine that its own folders would cover', async () => {
    const shared = await mkdtemp('/var/tmp/troupe-share-');
    try {
      await using host = await NamespaceHost.create({
        network,
        identity: 'web7.lab.example',
        shares: [shared],
      });
      await writeFile(`${shared}/from-machine`, 'machine');
      await host.exec('cp', [`${shared}/from-machine`, `${shared}/from-host`]);
      expect(await readFile(`${shared}/from-host`, 'utf8')).to.equal('machine');
    } finally {
      await rm(shared, { recursive: true });
    }
  });

  it('has processes of its own, and reaps those whose parent is gone', async () => {
    const script = '(sleep 0.01 & echo $! > /run/orphan)';
    await one.exec('sh', ['-c', script]);
    const orphan = (await readFile(one.file('/run/orphan'), 'utf8')).trim();
    await waitFor('the end of the orphan', async () => {
      return (await one.exec('test', ['-e', `/proc/${orphan}`], { reject: false })).exitCode !== 0;
    });
    expect((await one.exec('sh', ['-c', 'ls -d /proc/[0-9]*'])).stdout.split('\n').length).to.be.lessThan(10);
  });

  it('passes SIGTERM on to the command, and its exit code back', async () => {
    const loop = 'trap "echo stopping; exit 5" TERM; echo started; while :; do sleep 0.05; done';
    const daemon = one.spawn('sh', ['-c', loop]);
    await daemon.waitForLine('started');
    expect(await daemon.stop()).to.deep.equal({ code: 5, signal: null });
    expect(daemon.output).to.contain('stopping');
  });

  it('ends a command on the host with the one who waits for it', async () => {
    await one.exec('sleep', ['61.7'], { timeoutSeconds: 0.2 }).catch(() => {});
    await waitFor('the end of the command', async () => {
      return !(await one.exec('ps', ['-e', '-o', 'args='])).stdout.includes('sleep 61.7');
    });
  });

  it('runs Puppet and Facter as a new host that bears its own name', async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    const { stdout } = await one.exec('facter', ['--json', 'region', 'networking.fqdn', 'networking.ip']);
    expect(JSON.parse(stdout)).to.deep.equal({
      region: 'eu-1',
      'networking.fqdn': 'web1.lab.example',
      'networking.ip': one.address,
    });
    const print = ['config', 'print', '--section', 'agent', 'certname'];
    expect((await one.exec('puppet', print)).stdout).to.equal('web1.lab.example');
  });

  it('is gone when it is closed, with all that ran on it', async () => {
    const closing = await NamespaceHost.create({ network, identity: 'web3.lab.example' });
    const daemon = closing.spawn('sleep', ['62.7']);
    await closing.exec('sh', ['-c', 'setsid sleep 63.7 > /dev/null 2>&1 &']);
    const namespace = (await closing.exec('readlink', ['/proc/self/ns/net'])).stdout;
    expect(await processesIn(namespace)).to.have.length.of.at.least(4);
    await closing.close();
    await daemon.exited;
    expect(await processesIn(namespace)).to.deep.equal([]);
    expect(existsSync(closing.file('/etc'))).to.equal(false);
  });

  it('removes the network with all its hosts', async () => {
    const other = await Network.create();
    const host = await NamespaceHost.create({ network: other, identity: 'web4.lab.example' });
    const daemon = host.spawn('sleep', ['64.7']);
    await other.close();
    await daemon.exited;
    expect(networkInterfaces()).to.not.have.property(other.interfaceName);
    expect(existsSync(`/sys/class/net/${other.interfaceName}`)).to.equal(false);
    expect(processesNaming('sleep\u000064.7')).to.deep.equal([]);
  });

  it('leaves nothing when it fails half-way', async () => {
    await using folder = await createTempFolder();
    const removed = await Network.create();
    await removed.close();
    const { TMPDIR } = process.env;
    process.env.TMPDIR = folder.path;
    try {
      const making = NamespaceHost.create({ network: removed, identity: 'halfway.lab.example' });
      expect(await making.catch((error: Error) => error)).to.be.instanceOf(Error);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    expect(await readdir(folder.path)).to.deep.equal([]);
    expect(processesNaming('halfway')).to.deep.equal([]);
  });

  it('leaves nothing when the process that made it is killed', async () => {
    await using folder = await createTempFolder();
    const module = new URL('../../../src/index.js', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(async ({ Network, NamespaceHost }) => {
      const network = await Network.create();
      const host = await NamespaceHost.create({ network, identity: 'web6.lab.example' });
      await host.spawn('sh', ['-c', 'echo on; exec sleep 65.7']).waitForLine('on');
      console.log('made', network.interfaceName);
    })`;
    const owner = startProcess(process.execPath, ['-e', script], { env: { TMPDIR: folder.path } });
    const interfaceName = (await owner.waitForLine(/^made /)).split(' ')[1];
    expect(existsSync(`/sys/class/net/${interfaceName}`)).to.equal(true);
    owner.kill('SIGKILL');
    await waitFor('the end of its network', () => !existsSync(`/sys/class/net/${interfaceName}`));
    await waitFor('the end of its processes', () => processesNaming('sleep\u000065.7').length === 0);
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  const fetchOn = async (host: NamespaceHost, url: string) =>
    (await host.exec('node', ['-e', `fetch('${url}').then(async (r) => console.log(await r.text()))`]))
      .stdout;
});

async function processesIn(namespace: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const own = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')));
  return pids.filter((_, index) => own[index] === namespace);
}

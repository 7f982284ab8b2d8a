import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { DirectoryHost, puppetAgentMissing, skip, waitFor } from '../../../src/index.js';
import { processesNaming } from '../../../src/processes/process-tree.js';

describe('DirectoryHost', function () {
  this.timeout(60_000);
  let host: DirectoryHost;

  before(async () => {
    host = await DirectoryHost.create({ identity: 'web1.lab', facts: { region: 'eu-1' } });
  });

  after(() => host.close());

  it('runs a command and tells its outputs and exit code apart', async () => {
    const result = await host.exec('sh', ['-c', 'cat; echo bad >&2; exit 3'], {
      input: 'good',
      reject: false,
    });
    expect(result).to.deep.equal({ exitCode: 3, stdout: 'good', stderr: 'bad' });
  });

  it('names host, command and output of a command that fails', async () => {
    const error = await host
      .exec('sh', ['-c', 'echo no such thing >&2; exit 3'])
      .catch((error: Error) => error);
    expect(String(error)).to.match(/^Error: sh -c .* on web1\.lab failed \(3\):\nno such thing$/);
  });

  it('does not let a command run longer than it may', async () => {
    const error = await host.exec('sleep', ['60'], { timeoutSeconds: 0.05 }).catch((error: Error) => error);
    expect(String(error)).to.contain('sleep 60 on web1.lab timed out after 0.05 s');
  });

  it('keeps the environment of the test to itself', async () => {
    process.env.TROUPE_LEAK = 'leak';
    const { stdout } = await host.exec('env', [], { env: { MINE: 'mine' } });
    delete process.env.TROUPE_LEAK;
    expect(stdout).to.contain('MINE=mine').and.not.contain('TROUPE_LEAK');
  });

  it('has an /etc/hosts of its own that can be replaced', async () => {
    const hosts = host.file('/etc/hosts');
    await writeFile(`${hosts}.new`, `${await readFile(hosts, 'utf8')}127.0.0.9 puppet\n`);
    await rename(`${hosts}.new`, hosts);
    const { stdout } = await host.exec('cat', [host.pathOnHost('/etc/hosts')]);
    expect(stdout).to.equal('127.0.0.1 localhost\n127.0.0.1 web1.lab\n127.0.0.9 puppet');
  });

  it('keeps all of Puppet in its folder', async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    const settings = ['confdir', 'codedir', 'vardir', 'statedir', 'ssldir', 'publicdir', 'logdir', 'rundir'];
    const print = ['config', 'print', '--section', 'agent', 'certname', ...settings];
    const { stdout } = await host.exec('puppet', print);
    const values = new Map(stdout.split('\n').map((line) => line.split(' = ') as [string, string]));
    expect(values.get('certname')).to.equal('web1.lab');
    for (const setting of settings) expect(values.get(setting)).to.contain(host.pathOnHost('/'));
  });

  it("looks Puppet's names up in its own hosts file", async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    await writeFile(host.file('/etc/hosts'), '127.0.0.9 puppet\n');
    const server = await listener('127.0.0.9');
    try {
      const port = `${server.port}`;
      const args = ['ssl', 'submit_request', '--onetime', '--serverport', port, '--ca_port', port];
      await host.exec('puppet', args, { reject: false });
      expect(server.connections()).to.be.greaterThan(0);
    } finally {
      server.close();
    }
  });

  // Which of them net/http takes has changed from one Ruby of Debian to the next.
  for (const [way, code] of [
    ['TCPSocket', "TCPSocket.new('puppet', PORT)"],
    ['Socket.tcp', "Socket.tcp('puppet', PORT)"],
    ['Addrinfo', "Addrinfo.getaddrinfo('puppet', PORT, nil, :STREAM).first.connect"],
    ['net/http', "require 'net/http'; Net::HTTP.get(URI('http://puppet:PORT/')) rescue EOFError"],
    ['TCPSocket with an address', "TCPSocket.new('127.0.0.9', PORT)"],
    ['Socket.tcp with an address', "Socket.tcp('127.0.0.9', PORT)"],
  ] as const) {
    it(`leads ${way} of Ruby to the host that is meant`, async function () {
      const missing = puppetAgentMissing();
      if (missing) skip(this, missing);
      await writeFile(host.file('/etc/hosts'), '127.0.0.9 puppet\n');
      const server = await listener('127.0.0.9');
      try {
        const program = code.replace('PORT', `${server.port}`);
        await host.exec('ruby', ['-r', host.pathOnHost('/lib/hosts.rb'), '-e', program]);
        expect(server.connections()).to.be.greaterThan(0);
      } finally {
        server.close();
      }
    });
  }

  it('has the facts that it was given', async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    expect((await host.exec('facter', ['region'])).stdout).to.equal('eu-1');
  });

  it('takes everything that runs on it along when it is closed', async () => {
    const closing = await DirectoryHost.create({ identity: 'web2.lab' });
    const daemon = closing.spawn('sh', ['-c', 'setsid sleep 60 & echo started; wait']);
    await daemon.waitForLine('started');
    const folder = closing.file('/');
    // A process that was just forked has no environment of its own to be known by yet.
    await waitFor('both processes', () => processesNaming(folder).length >= 2);
    await closing.close();
    expect((await daemon.exited).signal).to.equal('SIGKILL');
    await waitFor('the end of the background process', () => processesNaming(folder).length === 0);
    expect(existsSync(folder)).to.equal(false);
  });
});

/** A server on a free port that ends each connection at once, and counts them. */
async function listener(address: string) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections, close: () => server.close() };
}

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import {
  aotJar,
  createTempFolder,
  DirectoryHost,
  type Host,
  NamespaceHost,
  Network,
  namespacesMissing,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
  waitFor,
} from '../../../src/index.js';
import { processesNaming } from '../../../src/processes/process-tree.js';

const code = {
  'bootstrap/manifests/site.pp': `notify { join(["bootstrap of", $trusted["certname"], $settings::certname], " "): }\n`,
  'production/manifests/site.pp': `
    $managed = join([$facts["troupe_root"], "etc/managed"], "/")
    file { $managed: content => $facts["region"] }
  `,
};

describe('PuppetServer', function () {
  this.timeout(300_000);
  let folder: TempFolder;
  let network: Network | undefined;
  let server: PuppetServer;

  before(async function () {
    const missing = puppetServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ mode: 0o711 });
    // Where it can be, the server is on a host of its own; one on the machine itself is the simpler case of that.
    network = namespacesMissing() ? undefined : await Network.create();
    const host = network && (await NamespaceHost.create({ network, identity: 'master.lab' }));
    server = await PuppetServer.start({
      name: 'master',
      folder: folder.join('master'),
      address: host?.address ?? '127.0.0.1',
      certname: 'master.lab',
      code,
      aotJar: aotJar(),
      ...(host ? { exec: host.prefix } : {}),
    });
  });

  after(async () => {
    await server?.stop();
    await network?.close();
    await folder?.close();
  });

  it('answers as the CA whose certificate it shows', async () => {
    const { status, body } = await get('/puppet-ca/v1/certificate/ca');
    expect(status).to.equal(200);
    expect(body).to.equal(await readFile(server.paths.caCertificate, 'utf8'));
  });

  it("takes its own host's certificate for that of a CA client", async () => {
    const { status, body } = await get('/puppet-ca/v1/certificate_statuses/any_key', await hostCertificate());
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.have.nested.property('[0].name', 'master.lab');
  });

  it('shows neither states nor requests of certificates to strangers', async () => {
    for (const path of ['certificate_status/master.lab', 'certificate_request/master.lab']) {
      expect(await get(`/puppet-ca/v1/${path}`), path).to.have.property('status', 403);
    }
  });

  it('runs as a user of its own where root starts it', async () => {
    const uid = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))?.[1];
    expect(Number(uid)).to.not.equal(0);
    expect(processesNaming(server.paths.servicesConfig)).to.include(server.pid);
  });

  it('manages a host that is a folder', async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    await using node = await DirectoryHost.create({ identity: 'folder.lab', facts: { region: 'eu-1' } });
    await enrolAndRun(node);
  });

  it('manages a host in namespaces', async function () {
    const missing = puppetAgentMissing() ?? namespacesMissing();
    if (missing || !network) skip(this, missing ?? 'no network');
    const node = await NamespaceHost.create({ network, identity: 'space.lab', facts: { region: 'eu-1' } });
    await enrolAndRun(node);
  });

  it('compiles the next catalog from code that was changed', async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    await using node = await DirectoryHost.create({ identity: 'later.lab', facts: { region: 'eu-2' } });
    await enrol(node);
    await server.installCode({ 'production/manifests/site.pp': 'notify { "changed": }\n' });
    expect((await run(node, 'production')).stdout).to.contain('Notice: changed');
  });

  it('says why it cannot start', async () => {
    const { address, certname } = server;
    const start = PuppetServer.start({
      ...{ name: 'second', folder: folder.join('second'), address, certname, code },
      exec: ['sh', '-c', 'echo no such host >&2; exit 1', 'sh'],
    });
    const error = await start.catch((error: Error) => error);
    expect(String(error)).to.match(/Puppet Server second exited before it was ready.*\n.*no such host/);
  });

  it('says that its user cannot reach the folder', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only where root starts it is its user another one');
    await using secret = await createTempFolder();
    const { address, certname } = server;
    const start = PuppetServer.start({
      ...{ name: 'third', folder: secret.join('third'), address, certname, code },
    });
    expect(String(await start.catch((error: Error) => error))).to.contain(
      'permission denied: puppet cannot access',
    );
  });

  it('ends when its start is aborted', async () => {
    const controller = new AbortController();
    const { address, certname } = server;
    const start = PuppetServer.start({
      ...{
        name: 'fourth',
        folder: folder.join('fourth'),
        address,
        certname,
        code,
        signal: controller.signal,
      },
    }).catch((error: Error) => error);
    const config = folder.join('fourth', 'conf.d');
    await waitFor('its JVM', () => processesNaming(config).length > 0, { timeoutSeconds: 60 });
    controller.abort();
    expect(await start).to.have.property('name', 'AbortError');
    expect(processesNaming(config)).to.deep.equal([]);
  });

  it('leaves no process when it is stopped, and keeps its files', async () => {
    await server.stop();
    expect(server.isRunning).to.equal(false);
    expect(processesNaming(server.paths.servicesConfig)).to.deep.equal([]);
    expect(existsSync(server.paths.caCertificate)).to.equal(true);
    const error = await get('/puppet-ca/v1/certificate/ca').catch((error: NodeJS.ErrnoException) => error);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });

  async function enrolAndRun(node: Host): Promise<void> {
    await enrol(node);
    const bootstrap = await run(node, 'bootstrap');
    expect(bootstrap.exitCode, bootstrap.stderr).to.equal(2);
    expect(bootstrap.stdout).to.contain(`bootstrap of ${node.identity} master.lab`);
    const production = await run(node, 'production');
    expect(production.exitCode, production.stderr).to.equal(2);
    expect(await readFile(node.file('/etc/managed'), 'utf8')).to.equal('eu-1');
  }

  async function enrol(node: Host): Promise<void> {
    const hosts = node.file('/etc/hosts');
    await writeFile(hosts, `${await readFile(hosts, 'utf8')}${server.address} puppet\n`);
    await node.exec('puppet', ['ssl', 'submit_request', '--onetime']);
    await execa('puppetserver', [
      ...['ca', 'sign', '--certname', node.identity, '--config', server.paths.puppetConf],
    ]);
  }

  const run = (node: Host, environment: string) =>
    node.exec('puppet', ['agent', '--test', '--environment', environment, '--strict_environment_mode'], {
      reject: false,
    });

  const hostCertificate = async () => ({
    cert: await readFile(server.paths.hostCertificate),
    key: await readFile(server.paths.hostKey),
  });

  async function get(path: string, client: { cert?: Buffer; key?: Buffer } = {}) {
    const ca = await readFile(server.paths.caCertificate);
    const target = {
      host: server.address,
      port: server.port,
      path,
      servername: 'puppet',
      ca,
      agent: false,
      ...client,
    };
    return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asked = request(
        { ...target, headers: { accept: 'text/plain, application/json' } },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (part) => {
            body += part;
          });
          response.on('end', () => resolve({ status: response.statusCode, body }));
        },
      );
      asked.on('error', reject).end();
    });
  }
});

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  createTempFolder,
  createTestPki,
  freePort,
  freePorts,
  type IssuedCertificate,
  type RunningProcess,
  skip,
  startProcess,
  type TempFolder,
  type TestPki,
  writePolicies,
} from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';

const mosquittoPath = '/usr/sbin/mosquitto';
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe('mco broker config', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let pki: TestPki;
  let daemon: RunningProcess;
  let mosquitto: RunningProcess;
  let port: number;
  let own: IssuedCertificate;

  const mco = (...args: string[]) =>
    execa(process.execPath, [file('../../../bin/mco.js'), ...args], {
      reject: false,
      extendEnv: false,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder.path,
        TROUPE_CONFIG: folder.join('client.json'),
        NO_COLOR: '1',
      },
    });

  before(async () => {
    folder = await createTempFolder({ prefix: 'troupe-broker-config', mode: 0o711 });
    pki = await createTestPki(folder.join('pki'));
    const ipAddresses = ['127.0.0.1'];
    const [rip, node] = await Promise.all(
      ['rip.mcollective', 'web1.lab'].map((name) => pki.issue(name, { ipAddresses })),
    );
    own = await pki.issue('mq.lab', { ipAddresses });
    port = await freePairOfPorts();
    const configOf = (at: number, files: IssuedCertificate | undefined, more: object = {}) =>
      JSON.stringify({
        broker: { urls: [`mqtts://127.0.0.1:${at}`] },
        security: { ca: pki.caCertificate, crl: pki.crl, ...files },
        ...more,
      });
    await writeFile(folder.join('client.json'), configOf(port + 1, rip, { connect_timeout: 30 }));
    await mkdir(folder.join('state'));
    await writeFile(
      folder.join('mcod.json'),
      configOf(port, node, {
        state_dir: folder.join('state'),
        facts: { paths: [] },
        authorization: { policies: writePolicies(folder.path, ['rip.mcollective']) },
      }),
    );
  });
  after(async () => {
    await daemon?.stop();
    await mosquitto?.stop();
    await folder?.close();
  });

  it('generates a configuration that a real Mosquitto runs with and that has all permissions for mco and mcod', async function () {
    if (!existsSync(mosquittoPath)) skip(this, 'mosquitto is not installed');
    const output = folder.join('mosquitto');
    const made = await mco(
      ...['broker', 'config', 'mosquitto', '--port', String(port)],
      ...['--certificate', own.certificate, '--key', own.key, '-o', output],
    );
    expect(made.stdout.split('\n')).to.deep.equal(
      ['mosquitto.conf', 'nodes.acl', 'callers.acl'].map((name) => `${output}/${name}`),
    );
    expect(made.exitCode, made.stderr).to.equal(0);
    expect(made.stderr).to.include(`- Callers connect to port ${port + 1}`);
    // Started by root, it becomes the user mosquitto, who must be able to read its files.
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'mosquitto', output, folder.join('pki')]);
    mosquitto = startProcess(mosquittoPath, ['-c', `${output}/mosquitto.conf`, '-v']);
    await mosquitto.waitForLine(/mosquitto version .* running/, { timeoutSeconds: 30 });
    daemon = startProcess(process.execPath, [
      file('../../../../daemon/bin/mcod.js'),
      '--config',
      folder.join('mcod.json'),
    ]);
    await daemon.waitForLine('"connected to the broker"', { timeoutSeconds: 60 });
    const rpc = await mco('rpc', 'rpcutil', 'ping', '--json');
    expect(rpc.exitCode, rpc.stderr).to.equal(0);
    expect(JSON.parse(rpc.stdout).results).to.have.length(1);
  });

  it('lets a machine in that has only a token, which mco enroll token makes for this broker', async function () {
    if (!existsSync(mosquittoPath)) skip(this, 'mosquitto is not installed');
    const [output, account] = [folder.join('with-newcomers'), folder.join('newcomers.pem')];
    const at = await freePorts(3);
    const config = [
      ...['broker', 'config', 'mosquitto', '--port', String(at), '--listen', '127.0.0.1'],
      ...['--certificate', own.certificate, '--key', own.key, '--newcomers', account, '-o', output],
    ];
    const made = await mco(...config);
    expect(made.exitCode, made.stderr).to.equal(0);
    expect(made.stderr).to.include(`- New machines connect to port ${at + 2}`);
    expect((await stat(account)).mode & 0o777).to.equal(0o600);
    const created = await readFile(account, 'utf8');
    await mco(...config);
    expect(await readFile(account, 'utf8')).to.equal(created);
    const [, , ca] = created.split(/(?<=-----END [A-Z ]+-----\n)/);
    expect(await readFile(`${output}/newcomers-ca.pem`, 'utf8')).to.equal(ca);
    const broker = ['--broker', `mqtts://127.0.0.1:${at + 2}`];
    const token = folder.join('token');
    const enrolled = await mco('enroll', 'token', '--account', account, ...broker, '-o', token);
    expect(enrolled.exitCode, enrolled.stderr).to.equal(0);
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'mosquitto', output, folder.join('pki')]);
    await using server = startProcess(mosquittoPath, ['-c', `${output}/mosquitto.conf`, '-v']);
    await server.waitForLine(/mosquitto version .* running/, { timeoutSeconds: 30 });
    const machine = {
      identity: 'new1.lab',
      security: { mode: 'token', token },
      state_dir: folder.join('new'),
    };
    await writeFile(folder.join('new.json'), JSON.stringify({ ...machine, facts: { paths: [] } }));
    await using newcomer = startProcess(process.execPath, [
      file('../../../../daemon/bin/mcod.js'),
      '--config',
      folder.join('new.json'),
    ]);
    await newcomer.waitForLine('"connected to the broker"', { timeoutSeconds: 60 });
    const client = JSON.parse(await readFile(folder.join('client.json'), 'utf8')) as object;
    const caller = { ...client, broker: { urls: [`mqtts://127.0.0.1:${at + 1}`] } };
    await writeFile(folder.join('caller.json'), JSON.stringify(caller));
    const found = await mco('--config', folder.join('caller.json'), 'find', '-T', 'provisioning', '-q');
    expect(found.stdout, found.stderr).to.equal('new1.lab');
  });

  it('uses its own name as the caller by default, and prints all files without -o', async () => {
    const args = ['broker', 'config', 'mosquitto', '--certificate', 'mq.pem', '--key', 'mq.key'];
    const { stdout, stderr } = await mco(...args);
    expect(stdout).to.match(/^# ==> mosquitto\.conf\n.*\n\n# ==> nodes\.acl\n.*\n\n# ==> callers\.acl\n/s);
    expect(stdout).to.include('user rip.mcollective').and.include('acl_file /etc/mosquitto/nodes.acl');
    expect(stdout).to.include(`crlfile ${pki.crl}`);
    expect(stderr).to.include(
      '- The files refer to each other in the folder /etc/mosquitto; use --folder for another one.',
    );
    const document = JSON.parse((await mco(...args, '--json', '-q')).stdout);
    expect(document.results.map(({ name }: { name: string }) => name)).to.include('nodes.acl');
    expect(document.escape).to.equal(false);
    expect(document.notes).to.have.length.above(0);
  });

  it('reads the nodes for NATS and RabbitMQ from a list', async () => {
    const list = folder.join('nodes.txt');
    await writeFile(list, 'web1.lab\nweb2.lab\n');
    const args = ['--certificate', 'mq.pem', '--key', 'mq.key', '--nodes', list, '--node', 'web3.lab'];
    for (const kind of ['nats', 'rabbitmq']) {
      const output = folder.join(kind);
      const { exitCode, stdout } = await mco('broker', 'config', kind, ...args, '-o', output);
      expect(exitCode).to.equal(0);
      const texts = await Promise.all(stdout.split('\n').map((name) => readFile(name, 'utf8')));
      for (const node of ['web1', 'web2', 'web3']) expect(texts.join()).to.include(`${node}.lab`);
    }
  });

  it('reports missing values', async () => {
    const files = ['--certificate', 'mq.pem', '--key', 'mq.key'];
    const bad: readonly [args: readonly string[], line: string][] = [
      [
        ['natz', ...files],
        'mco: unknown broker "natz" (did you mean "nats"?); known brokers: mosquitto, nats, rabbitmq [USAGE_INVALID]',
      ],
      [['nats', ...files], 'mco: nats needs the name of every node: use --node or --nodes [USAGE_INVALID]'],
      [
        ['mosquitto', ...files, '--newcomers-collective', 'new'],
        'mco: --newcomers-collective needs --newcomers [USAGE_INVALID]',
      ],
      [
        ['mosquitto'],
        'mco: missing option --certificate <file> (see mco broker config --help) [USAGE_INVALID]',
      ],
    ];
    for (const [args, line] of bad) {
      const { exitCode, stdout, stderr } = await mco('broker', 'config', ...args);
      expect({ exitCode, stdout, stderr }).to.deep.equal({ exitCode: 1, stdout: '', stderr: line });
    }
  });
});

// Callers use the port after the port of nodes.
async function freePairOfPorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port + 1, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

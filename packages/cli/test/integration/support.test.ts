import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';

describe('archives for support', function () {
  this.timeout(120_000);
  const secret = 'hunter2';
  let network: TestNetwork;
  let daemonConfig: string;

  before(async () => {
    network = await TestNetwork.start();
    await network.addNode('web1.lab', {
      plugins: { lab: { password: secret, hook: `https://hooks.lab/${secret}` } },
    });
    daemonConfig = network.folder.join('web1.lab.yaml');
    // From here on the daemon's configuration names a log file; the daemon itself still writes where the test reads.
    const config = JSON.parse(await readFile(daemonConfig, 'utf8'));
    const log = network.folder.join('mcod.log');
    await writeFile(daemonConfig, JSON.stringify({ ...config, log: { file: log } }));
    await writeFile(log, `the enrolment began mqtts://u:${secret}@mq.lab\n`);
  });
  after(() => network?.stop());

  /** The files of an archive, by name; no file holds a secret. */
  async function unpack(archive: string): Promise<Record<string, string>> {
    const { stdout } = await execa('tar', ['tzf', archive]);
    const names = stdout.split('\n');
    const files: Record<string, string> = {};
    for (const name of names) {
      const text = (await execa('tar', ['xzOf', archive, name])).stdout;
      expect(text, name).to.not.include(secret);
      expect(text, name).to.not.include('PRIVATE KEY-----');
      files[name.slice(name.indexOf('/') + 1)] = text;
    }
    return files;
  }

  it('of mco hold client, daemon and doctor, and no secret', async () => {
    await writeFile(network.folder.join('broker.yaml'), `{ extra: { smtp_password: ${secret} } }`);
    const archive = network.folder.join('mco.tar.gz');
    const { stdout, code } = await network.mco([
      ...['support', '--json', '--output', archive, '--daemon-config', daemonConfig],
      ...['--include', network.folder.join('broker.yaml')],
    ]);
    const { results, statistics, file } = JSON.parse(stdout);
    expect({
      code,
      file,
      statistics,
      failures: results.filter(({ failure }: { failure?: string }) => failure),
    }).to.deep.equal({
      code: 0,
      file: archive,
      statistics: { failures: 0 },
      failures: [],
    });
    const files = await unpack(archive);
    expect(Object.keys(files)).to.deep.equal([
      'CONTENTS.txt',
      ...results.map(({ name }: { name: string }) => name),
    ]);
    const read = (name: string) => JSON.parse(files[name] ?? 'null');
    expect(read('client/certificates.json').certificate.found[0]).to.include({
      subject: 'CN=rip.mcollective',
    });
    expect(read('client/brokers.json').brokers[0].tls).to.include({ is_trusted: true });
    expect(read('client/doctor.json').map(({ subject }: { subject: string }) => subject)).to.include(
      'broker',
    );
    expect(read('daemon/configuration.json').values.plugins.lab).to.deep.equal({
      password: '[redacted]',
      hook: 'https://hooks.lab/[redacted]',
    });
    expect(read('daemon/status.json')).to.include({ identity: 'web1.lab', state: 'running' });
    expect(files['daemon/log.txt']).to.include('the enrolment began mqtts://[redacted]@mq.lab');
    expect(read('other/broker.yaml.json').values).to.deep.equal({ extra: { smtp_password: '[redacted]' } });
  });

  it('of mcod are written without a network and without a daemon', async () => {
    const config = JSON.parse(await readFile(daemonConfig, 'utf8'));
    const file = network.folder.join('offline.yaml');
    await writeFile(
      file,
      JSON.stringify({
        ...config,
        broker: { urls: [`mqtts://u:${secret}@broker.invalid:8883`, 'mqtts://127.0.0.1:1'] },
      }),
    );
    const archive = network.folder.join('mcod.tar.gz');
    const { stdout, exitCode } = await execa(
      process.execPath,
      [network.daemonExecutable, '--diagnose', '--config', file, '--output', archive],
      { env: network.environment() },
    );
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.match(/^Wrote .*mcod\.tar\.gz:\n {2}system\.json/)
      .and.to.include('Secrets were removed');
    const files = await unpack(archive);
    const [unknown, refused] = JSON.parse(files['daemon/brokers.json'] ?? '').brokers;
    expect(unknown.failure).to.match(/^cannot resolve broker\.invalid: /);
    expect(refused.addresses[0].failure).to.include('ECONNREFUSED');
    expect(JSON.parse(files['daemon/certificates.json'] ?? '').certificate.found[0]).to.have.property(
      'valid_to',
    );
    expect(files['daemon/check.txt']).to.equal('no errors');
  });

  it('of mcod with a faulty configuration hold the fault and the file as it is, without secrets', async () => {
    const file = network.folder.join('faulty.yaml');
    await writeFile(file, `identiti: web1.lab\nplugins: { lab: { password: ${secret} } }\n`);
    const { exitCode } = await execa(
      process.execPath,
      [network.daemonExecutable, '--diagnose', '--config', file],
      {
        env: network.environment(),
        cwd: network.folder.path,
      },
    );
    expect(exitCode).to.equal(0);
    const name =
      (await readdir(network.folder.path)).find((entry) => entry.startsWith('troupe-support-')) ?? '';
    const files = await unpack(network.folder.join(name));
    expect(files['daemon/configuration.json']).to.include('unknown key "identiti"');
    expect(JSON.parse(files['daemon/configuration-as-written.json'] ?? '').values).to.deep.equal({
      identiti: 'web1.lab',
      plugins: { lab: { password: '[redacted]' } },
    });
  });

  it('fail with an error that names the file if they cannot be written', async () => {
    const { stderr, code } = await network.mco([
      'support',
      '--local',
      '-o',
      network.folder.join('none/a.tar.gz'),
    ]);
    expect({ code, stderr }).to.deep.equal({
      code: 1,
      stderr: `mco: cannot write the archive ${network.folder.join('none/a.tar.gz')}: ENOENT: no such file or directory [FILE_UNREADABLE]`,
    });
  });
});

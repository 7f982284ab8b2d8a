import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { silentLogger } from '@troupe/core';
import { readCertificate, sha256Fingerprint } from '@troupe/core/pki';
import { createTempFolder, puppetAgentMissing, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { type OpenCa, openCa } from '../../src/ca/open-ca.js';
import { readPuppetcaConfig } from '../../src/config.js';

const certname = 'node1.example.net';

describe('the built-in CA and a real Puppet agent', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let open: OpenCa;

  before(async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-puppetca' });
    const section = { backend: 'builtin', listen: { address: '127.0.0.1', port: 0 } };
    const stateDir = folder.join('state');
    open = await openCa(readPuppetcaConfig(section), {
      identity: 'ca1.example.net',
      stateDir,
      log: silentLogger,
    });
    await mkdir(folder.join('puppet'));
    const { port } = await open.ca.info();
    const settings = ['confdir', 'vardir', 'ssldir', 'rundir', 'logdir', 'publicdir', 'codedir'];
    const lines = settings.map((setting) => `${setting} = ${folder.join('puppet', setting)}`);
    const main = [
      `certname = ${certname}`,
      'server = 127.0.0.1',
      `serverport = ${port}`,
      'keylength = 2048',
      ...lines,
    ];
    await writeFile(folder.join('puppet', 'puppet.conf'), `[main]\n${main.join('\n')}\n`);
  });

  after(async () => {
    await open?.close();
    await folder?.close();
  });

  async function puppet(...args: string[]): Promise<string> {
    const config = ['--config', folder.join('puppet', 'puppet.conf'), '--color=false'];
    const { exitCode, all } = await execa('puppet', [...args, ...config], { all: true, reject: false });
    expect(exitCode, all).to.equal(0);
    return all;
  }

  it('enrol: request, signature, certificate', async () => {
    const { ca_fingerprint } = await open.ca.info();
    await puppet('ssl', 'submit_request', '--onetime', '--ca_fingerprint', ca_fingerprint);
    const request = await readFile(
      folder.join('puppet', 'ssldir', 'certificate_requests', `${certname}.pem`),
      'utf8',
    );
    await open.ca.sign(certname, sha256Fingerprint(request));
    await puppet('ssl', 'download_cert', '--onetime');
    expect(await puppet('ssl', 'verify')).to.match(/Verified client certificate 'CN=node1\.example\.net'/);
    const certificate = await readFile(folder.join('puppet', 'ssldir', 'certs', `${certname}.pem`), 'utf8');
    expect((await open.ca.status(certname)).fingerprint).to.equal(
      readCertificate(certificate).fingerprint256,
    );
  });
});

import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOwn, makeCallerKeys, silentLogger } from '@troupe/core';
import { createCsr, generateKeyPair, readCertificate, sha256Fingerprint } from '@troupe/core/pki';
import {
  aotJar,
  createTempFolder,
  freePort,
  PuppetServer,
  puppetServerMissing,
  skip,
  type TempFolder,
} from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { CaError } from '../../src/ca/error.js';
import { type OpenCa, openCa } from '../../src/ca/open-ca.js';
import { readPuppetcaConfig } from '../../src/config.js';
import { allowances, behavesLikeACa, call, type Subject } from '../ca/behaviours.js';
import { nodeFiles } from './node-files.js';

const certname = 'ca2.example.net';
const address = '127.0.0.1';

describe('a real Puppet Server', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let server: PuppetServer;
  let subject: Omit<Subject, 'ca'>;

  before(async function () {
    const missing = puppetServerMissing();
    if (missing) skip(this, missing);
    this.timeout(400_000);
    folder = await createTempFolder({ prefix: 'troupe-puppetca', mode: 0o711 });
    server = await PuppetServer.start({
      name: 'ca2',
      folder: folder.join('ca2'),
      address,
      port: await freePort(),
      certname,
      code: {},
      aotJar: aotJar(),
    });
    const caCertificatePem = await readFile(server.paths.caCertificate, 'utf8');
    subject = { certname, address, port: server.port, caCertificatePem };
  });

  after(async function () {
    this.timeout(60_000);
    await server?.stop();
    await folder?.close();
  });

  const host = { identity: certname, stateDir: '/nonexistent', log: silentLogger };
  const http = () => {
    const { caCertificate, hostCertificate, hostKey, crl } = server.paths;
    return {
      backend: 'http',
      url: server.url,
      ca: caCertificate,
      certificate: hostCertificate,
      key: hostKey,
      crl,
      ...allowances,
    };
  };
  const cli = () => {
    const { puppetConf, cadir } = server.paths;
    return { backend: 'cli', config: puppetConf, cadir, address, port: server.port, ...allowances };
  };

  for (const [backend, section] of [
    ['http', http],
    ['cli', cli],
  ] as const) {
    describe(`through ${backend}`, () => {
      let open: OpenCa;

      before(async () => {
        open = await openCa(readPuppetcaConfig(section()), host);
      });

      after(() => open?.close());

      behavesLikeACa(() => ({ ...subject, ca: open.ca }));

      it('passes on that the server itself refuses alternative names', async () => {
        const name = `aliased-${backend}.example.net`;
        const { privateKeyPem } = await generateKeyPair();
        const dnsNames = ['www.alias.example.net'];
        const csr = createCsr({ commonName: name, privateKeyPem, dnsNames });
        await call(subject, 'PUT', `certificate_request/${name}`, csr);
        const error = await open.ca.sign(name, sha256Fingerprint(csr)).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(CaError).with.property('code', 'CONFLICT');
        // The command of Puppet Server 8 does not pass on why.
        expect((error as Error).message).to.match(/subject alternative names|the log of Puppet Server has/);
      });
    });
  }

  // The five commands of docs/guides/keys.md, without the network between two machines.
  it('signs the request of a person that was copied to it', async () => {
    const { puppetConf, cadir } = server.paths;
    const name = 'rip.mcollective';
    const keys = await makeCallerKeys({ name, folder: folder.join('person') });
    await copyFile(keys.csr, join(cadir, 'requests', `${name}.pem`));
    await execa('puppetserver', ['ca', 'sign', '--config', puppetConf, '--certname', name]);
    await copyFile(join(cadir, 'signed', `${name}.pem`), keys.certificate);
    expect(loadOwn(keys)).to.include({ name });
    const certificate = readCertificate(await readFile(keys.certificate, 'utf8'));
    const { publicKey } = readCertificate(await readFile(join(cadir, 'ca_crt.pem'), 'utf8'));
    expect(certificate.verify(publicKey)).to.equal(true);
  });

  it('lets nobody in who may not administer it', async () => {
    const admin = await openCa(readPuppetcaConfig(http()), host);
    const open = await openCa(
      readPuppetcaConfig({ ...http(), ...(await nodeFiles(admin, subject, folder)) }),
      host,
    );
    try {
      const error = await open.ca.status('web1').catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(CaError).with.property('code', 'FORBIDDEN');
      expect((error as Error).message).to.match(/HTTP status 403: .*pp_cli_auth/);
    } finally {
      await open.close();
      await admin.close();
    }
  });
});

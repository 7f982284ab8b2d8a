import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, TroupeError } from '@troupe/core';
import { freePort } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { BuiltinCa } from '../../src/ca/builtin/builtin-ca.js';
import { type OpenCa, openCa } from '../../src/ca/open-ca.js';
import { readPuppetcaConfig } from '../../src/config.js';
import { call } from './behaviours.js';
import { FakeCa } from './puppetserver/fake-ca.js';

describe('openCa', () => {
  let folder: string;
  let open: OpenCa | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-open-ca-'));
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });
  after(() => rm(folder, { recursive: true }));

  async function start(section: Record<string, unknown>): Promise<OpenCa> {
    const host = { identity: 'ca1.lab', stateDir: folder, log: silentLogger };
    open = await openCa(readPuppetcaConfig(section as { backend: string }), host);
    return open;
  }
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error as { code?: string; message: string },
    );

  describe('of a CA of its own', () => {
    const builtin = (more: object) => start({ backend: 'builtin', ...more });

    it('is where its configuration says, under the identity of the host, in its state', async () => {
      const { ca } = await builtin({ address: '192.0.2.1', port: 8140 });
      expect(await ca.info()).to.include({
        backend: 'builtin',
        certname: 'ca1.lab',
        address: '192.0.2.1',
        port: 8140,
        ca_subject: 'CN=Puppet CA: ca1.lab',
      });
      const same = await BuiltinCa.open({ cadir: join(folder, 'ca'), certname: 'ca1.lab' });
      expect((await same.caCertificate()).length).to.be.greaterThan(0);
    });

    it('is where it listens unless it is told otherwise', async () => {
      const port = await freePort();
      const listen = { address: '127.0.0.1', port };
      expect(await (await builtin({ listen })).ca.info()).to.include(listen);
      await open?.close();
      const { ca } = await builtin({ listen, address: '192.0.2.1', port: 8140, certname: 'ca2' });
      expect(await ca.info()).to.include({ certname: 'ca2', address: '192.0.2.1', port: 8140 });
      await open?.close();
      const any = await (await builtin({ listen: { ...listen, port: 0 } })).ca.info();
      expect(any.port).to.be.greaterThan(0);
    });

    it('proves itself under its address and its other names, and ends with what opened it', async () => {
      const cadir = join(folder, 'named');
      const { ca } = await builtin({
        cadir,
        listen: { address: '127.0.0.1', port: 0 },
        alt_names: ['ca.lab'],
      });
      const { port } = await ca.info();
      const same = await BuiltinCa.open({ cadir, certname: 'ca1.lab' });
      expect((await same.status('ca1.lab')).subject_alt_names).to.have.members([
        'DNS:ca1.lab',
        'DNS:puppet',
        'DNS:ca.lab',
        'IP:127.0.0.1',
      ]);
      const caCertificatePem = (await same.caCertificate()).toString();
      const ask = () => call({ address: '127.0.0.1', port, caCertificatePem }, 'GET', 'certificate/ca');
      expect((await ask()).status).to.equal(200);
      await open?.close();
      open = undefined;
      expect(await failureOf(ask())).to.have.property('code', 'ECONNREFUSED');
    });

    for (const [what, section, message] of [
      [
        'no address',
        { port: 8140 },
        '"address" is missing: set it to the address at which nodes connect to the CA',
      ],
      [
        'no port',
        { address: '192.0.2.1' },
        '"port" is missing: set it to the port at which nodes connect to the CA',
      ],
      ['every address', { listen: { address: '0.0.0.0', port: 0 } }, '"address" is missing'],
      ['every address of IPv6', { listen: { address: '::', port: 0 } }, '"address" is missing'],
    ] as const) {
      it(`needs to know where nodes reach it: ${what}`, async () => {
        const error = await failureOf(builtin(section));
        expect(error).to.be.instanceOf(TroupeError).with.property('code', 'CONFIG_INVALID');
        expect(error?.message).to.include(message);
      });
    }

    it('limits requests and days as its configuration says', async () => {
      const cadir = join(folder, 'limited');
      await builtin({
        cadir,
        address: 'a',
        port: 1,
        days: 10,
        max_requests: 1,
        listen: { address: '127.0.0.1', port: 0 },
      });
      const same = await BuiltinCa.open({ cadir, certname: 'ca1.lab' });
      const { not_before, not_after } = await same.status('ca1.lab');
      expect((Date.parse(not_after ?? '') - Date.parse(not_before ?? '')) / 86_400_000).to.be.within(
        9.9,
        11.1,
      );
    });
  });

  for (const backend of ['cli', 'http'] as const) {
    it(`of a server apart (${backend}) has no info while that refuses connections: it restarts`, async () => {
      const { fake, authority, section, stop } = await fakeCa();
      const port = await freePort();
      const listener = createServer();
      try {
        await writeFile(join(folder, 'ca_crt.pem'), authority.certificatePem);
        fake.answer(200, authority.certificatePem);
        const own = backend === 'cli' ? { backend, cadir: folder, certname: 'ca2' } : section;
        const { ca } = await start({ ...own, address: '127.0.0.1', port });
        expect(await failureOf(ca.info())).to.include({
          code: 'UNREACHABLE',
          message: `Puppet Server at 127.0.0.1:${port} refuses connections: is it running?`,
        });
        listener.listen(port, '127.0.0.1');
        await once(listener, 'listening');
        const info = await ca.info();
        expect(info).to.include({ backend, address: '127.0.0.1', port }).and.not.have.property('isApart');
      } finally {
        listener.close();
        await stop();
      }
    });
  }

  it('of a command is where its configuration says', async () => {
    const { authority, stop } = await fakeCa();
    try {
      await writeFile(join(folder, 'ca_crt.pem'), authority.certificatePem);
      const { ca } = await start({
        backend: 'cli',
        address: '192.0.2.1',
        cadir: folder,
        command: '/bin/false',
      });
      expect(await ca.info()).to.include({
        backend: 'cli',
        certname: 'ca1.lab',
        address: '192.0.2.1',
        port: 8140,
      });
      const other = await start({ backend: 'cli', address: 'a', port: 1, certname: 'ca2', cadir: folder });
      expect(await other.ca.info()).to.include({ certname: 'ca2', port: 1 });
    } finally {
      await stop();
    }
  });

  async function fakeCa() {
    const fake = await FakeCa.start();
    const file = (name: string) => join(fake.folder, `${name}.pem`);
    const section = {
      backend: 'http',
      url: fake.url,
      ca: file('ca'),
      certificate: file('cert'),
      key: file('key'),
      crl: file('crl'),
    };
    return { fake, authority: fake.authority, section, stop: () => fake.stop() };
  }

  describe('of a Puppet Server', () => {
    let fake: FakeCa;
    let section: Record<string, unknown>;
    before(async () => {
      ({ fake, section } = await fakeCa());
    });
    after(() => fake.stop());

    it('is where its URL says, under the name of the certificate that administers it', async () => {
      fake.answer(200, fake.authority.certificatePem);
      const { ca } = await start(section);
      expect(await ca.info()).to.include({
        backend: 'http',
        certname: 'ca1',
        address: '127.0.0.1',
        port: Number(new URL(fake.url).port),
      });
      const told = { address: 'ca.lab', port: 8141, certname: 'puppet.lab' };
      const other = await start({ ...section, ...told });
      expect(await other.ca.info()).to.include(told);
      await other.close();
    });

    it('protects its own certificate and the one that administers it', async () => {
      const status = (name: string) =>
        JSON.stringify({ name, state: 'signed', fingerprints: { SHA256: 'AA' } });
      const { ca } = await start({ ...section, certname: 'puppet.lab' });
      for (const name of ['puppet.lab', 'ca1']) {
        fake.answer(200, status(name));
        expect((await failureOf(ca.revoke(name)))?.message).to.include(`"${name}" is the CA's own server`);
      }
    });

    it('heeds revocation where a list is named, and the name that the server has', async () => {
      fake.answer(200, fake.authority.certificatePem);
      await fake.useCrl([fake.serial]);
      expect((await failureOf((await start(section)).ca.info()))?.message).to.include('revoked');
      await open?.close();
      const { crl: _, ...without } = section;
      expect((await (await start(without)).ca.info()).backend).to.equal('http');
      await open?.close();
      expect(
        (await failureOf((await start({ ...without, server_name: 'ca2' })).ca.info()))?.message,
      ).to.include('ca2');
    });

    for (const [what, text, message] of [
      ['is not there', undefined, /^plugins\.puppetca: cannot read the certificate .*gone\.pem: ENOENT/],
      ['is none', 'nonsense', /^plugins\.puppetca: cannot read the certificate .*odd\.pem: /],
    ] as const) {
      it(`needs a certificate: one that ${what}`, async () => {
        const certificate = join(folder, text === undefined ? 'gone.pem' : 'odd.pem');
        if (text !== undefined) await writeFile(certificate, text);
        const error = await failureOf(start({ ...section, certificate }));
        expect(error?.message).to.match(message);
        expect(error).to.have.property('code', 'CONFIG_INVALID');
      });
    }

    it('is at port 443 where its URL names none, without the brackets of an address', async () => {
      const { ca } = await start({ ...section, url: 'https://[::1]', timeout: 0.1 });
      const status = await failureOf(ca.info());
      expect(status?.message).to.include('https://[::1]/puppet-ca/v1/certificate/ca');
    });
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import {
  createCa,
  createCrl,
  createCsr,
  generateKeyPair,
  type KeyPair,
  readCertificate,
  readCrl,
  sha256Fingerprint,
  splitPem,
} from '@troupe/core/pki';
import { ownIdentity } from '@troupe/host';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { BuiltinCa } from '../../../src/ca/builtin/builtin-ca.js';
import type { CertificateState } from '../../../src/ca/ca.js';
import { CaError } from '../../../src/ca/error.js';
import { type OpenCa, openCa } from '../../../src/ca/open-ca.js';
import { readPuppetcaConfig } from '../../../src/config.js';
import { allowances, behavesLikeACa, call, type Subject } from '../behaviours.js';

const certname = 'ca1.example.net';

describe('built-in CA', () => {
  describe('as every CA', () => {
    let folder: string;
    let open: OpenCa;
    let subject: Subject;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
      const config = {
        backend: 'builtin',
        cadir: folder,
        certname,
        listen: { address: '127.0.0.1', port: 0 },
        ...allowances,
      };
      const host = { identity: 'irrelevant', stateDir: folder, log: silentLogger };
      open = await openCa(readPuppetcaConfig(config), host);
      const { address, port } = await open.ca.info();
      const caCertificatePem = await readFile(join(folder, 'ca_crt.pem'), 'utf8');
      subject = { ca: open.ca, certname, address, port, caCertificatePem };
    });

    after(async () => {
      await open.close();
      await rm(folder, { recursive: true });
    });

    behavesLikeACa(() => subject);

    it('certifies alternative names that its configuration allows', async () => {
      const { privateKeyPem } = await generateKeyPair();
      const dnsNames = ['www.alias.example.net'];
      const csr = createCsr({ commonName: 'aliased.example.net', privateKeyPem, dnsNames });
      await call(subject, 'PUT', 'certificate_request/aliased.example.net', csr);
      await open.ca.sign('aliased.example.net', sha256Fingerprint(csr));
      expect((await open.ca.status('aliased.example.net')).subject_alt_names).to.have.members([
        'DNS:aliased.example.net',
        'DNS:www.alias.example.net',
      ]);
    });
  });

  describe('in its folder', () => {
    let folder: string;
    let node: KeyPair;

    before(async () => {
      node = await generateKeyPair();
    });

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
    });

    afterEach(() => rm(folder, { recursive: true }));

    const open = (options: { days?: number; maxRequests?: number } = {}) =>
      BuiltinCa.open({ cadir: folder, certname, ...options });
    const read = (...parts: string[]) => readFile(join(folder, ...parts), 'utf8');
    const csrOf = (commonName: string) => createCsr({ commonName, privateKeyPem: node.privateKeyPem });

    const clean = async (ca: BuiltinCa, name: string) => ca.clean(await ca.status(name));

    async function issue(ca: BuiltinCa, name: string): Promise<string> {
      await ca.submit(name, csrOf(name));
      await ca.sign(name);
      return readCertificate((await ca.certificate(name)) ?? '').serialNumber;
    }

    async function failureOf(promise: Promise<unknown>): Promise<string> {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(CaError);
      return (error as CaError).message;
    }

    it("makes Puppet's layout, with the keys for nobody else", async () => {
      const ca = await open();
      await ca.serverCertificate({ dnsNames: ['puppet'], ipAddresses: [] });
      await ca.submit('a', csrOf('a'));
      expect(await readdir(folder)).to.have.members([
        'ca_crl.pem',
        'ca_crt.pem',
        'ca_key.pem',
        'inventory.txt',
        'private_keys',
        'requests',
        'serial',
        'signed',
      ]);
      expect(await readdir(join(folder, 'requests'))).to.deep.equal(['a.pem']);
      expect(await readdir(join(folder, 'signed'))).to.deep.equal([`${certname}.pem`]);
      for (const key of ['ca_key.pem', `private_keys/${certname}.pem`]) {
        expect((await stat(join(folder, key))).mode & 0o777, key).to.equal(0o600);
      }
    });

    it('keeps an inventory as Puppet does', async () => {
      const ca = await open({ days: 10 });
      await issue(ca, 'a.example.net');
      await issue(ca, 'b.example.net');
      const lines = (await read('inventory.txt')).trim().split('\n');
      expect(lines).to.have.length(2);
      expect(lines[0]).to.match(
        /^0x0001 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dUTC \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dUTC \/CN=a\.example\.net$/,
      );
      expect(lines[1]).to.match(/^0x0002 .* \/CN=b\.example\.net$/);
      expect(await read('serial')).to.equal('0003');
    });

    it('goes on after a restart', async () => {
      const first = await open();
      const serial = await issue(first, 'a.example.net');
      await issue(first, 'b.example.net');
      await first.revoke('a.example.net');
      await first.submit('c.example.net', csrOf('c.example.net'));

      const second = await open();
      expect(await second.caCertificate()).to.deep.equal(await first.caCertificate());
      const states = (await second.list()).map(({ certname: name, state }) => `${name} ${state}`);
      expect(states).to.have.members([
        'a.example.net revoked',
        'b.example.net signed',
        'c.example.net requested',
      ]);
      await second.sign('c.example.net');
      expect((await second.status('c.example.net')).serial).to.equal('03');
      await clean(second, 'b.example.net');
      const crl = readCrl(await second.crl());
      expect([...crl.revokedSerials]).to.deep.equal([serial, '02']);
      expect(crl.number).to.equal(2);
    });

    it('gives every certificate a number of its own, however many are signed at once', async () => {
      const ca = await open();
      const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
      const serials = await Promise.all(names.map((name) => issue(ca, name)));
      expect(new Set(serials)).to.have.property('size', 20);
      await Promise.all(names.map((name) => ca.revoke(name)));
      expect([...readCrl(await ca.crl()).revokedSerials]).to.have.members(serials);
    });

    it('gives no number twice where two processes sign in one folder', async () => {
      // Each knows nothing of the other's queue, as a daemon and a command beside it.
      const both = [await open(), await open()];
      const serials = await Promise.all(
        both.flatMap((ca, which) => Array.from({ length: 8 }, (_, index) => issue(ca, `n${index}-${which}`))),
      );
      expect(new Set(serials)).to.have.property('size', 16);
      const inventory = (await read('inventory.txt')).match(/CN=/g);
      expect(inventory).to.have.length(16);
    });

    it('takes away the lock of a process that has died', async () => {
      const ca = await open();
      const { pid } = spawnSync('true');
      await writeFile(join(folder, 'lock'), JSON.stringify({ ...ownIdentity(), pid }));
      const serials = await Promise.all(['a', 'b'].map((name) => issue(ca, name)));
      expect(new Set(serials)).to.have.property('size', 2);
      expect((await readdir(folder)).filter((name) => name.startsWith('lock'))).to.deep.equal([]);
    });

    it('names the process that works on it for too long', async () => {
      await open();
      const lock = join(folder, 'lock');
      await writeFile(lock, JSON.stringify(ownIdentity()));
      const { now } = Date;
      const times = [0, 20_001];
      Date.now = () => times.shift() ?? now();
      try {
        expect(await failureOf(open())).to.equal(
          `The CA is locked by process ${process.pid} (lock file ${lock}); try again later`,
        );
      } finally {
        Date.now = now;
      }
    });

    it('revokes what it issued to a name even if its file is gone', async () => {
      const ca = await open();
      const serial = await issue(ca, 'a');
      await rm(join(folder, 'signed', 'a.pem'));
      expect(await clean(ca, 'a')).to.deep.equal({ revoked: true, deleted: false });
      expect([...readCrl(await ca.crl()).revokedSerials]).to.deep.equal([serial]);
    });

    it('is not misled by a line of the inventory that a crash cut short', async () => {
      const ca = await open();
      await writeFile(join(folder, 'inventory.txt'), '\n0x0001 2026-11-21T17:16:58UTC 20', { flag: 'a' });
      const serial = await issue(ca, 'a');
      expect((await clean(ca, 'a')).revoked).to.equal(true);
      expect([...readCrl(await ca.crl()).revokedSerials]).to.deep.equal([serial]);
    });

    it('takes up a set-up that was interrupted', async () => {
      await open();
      const before = await read('ca_key.pem');
      await rm(join(folder, 'ca_crt.pem'));
      await open();
      expect(await read('ca_key.pem')).not.to.equal(before);
    });

    it('does not make a new CA where certificates were issued', async () => {
      await issue(await open(), 'a');
      await rm(join(folder, 'ca_crt.pem'));
      expect(await failureOf(open())).to.include('ca_crt.pem is missing, but certificates were issued');
    });

    for (const file of ['ca_key.pem', 'ca_crl.pem', 'serial']) {
      it(`does not open without ${file}`, async () => {
        await open();
        await rm(join(folder, file));
        expect(await failureOf(open()))
          .to.include(folder)
          .and.include(file);
      });
    }

    it('does not open with the key or the list of another CA', async () => {
      await open();
      const other = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
      try {
        await BuiltinCa.open({ cadir: other, certname });
        const [crl, key] = [await read('ca_crl.pem'), await read('ca_key.pem')];
        await writeFile(join(folder, 'ca_crl.pem'), await readFile(join(other, 'ca_crl.pem')));
        expect(await failureOf(open())).to.include(
          'ca_crl.pem contains no revocation list signed by ca_key.pem',
        );
        await writeFile(join(folder, 'ca_crl.pem'), crl);
        await writeFile(join(folder, 'ca_key.pem'), await readFile(join(other, 'ca_key.pem')));
        expect(await failureOf(open())).to.include('ca_key.pem does not match ca_crt.pem');
        await writeFile(join(folder, 'ca_key.pem'), key);
        await open();
      } finally {
        await rm(other, { recursive: true });
      }
    });

    it('renews a list that would soon be out of date, and keeps what it says', async () => {
      await issue(await open(), 'a');
      const ca = { certificatePem: await read('ca_crt.pem'), privateKeyPem: await read('ca_key.pem') };
      const revoked = [{ serial: '01', date: new Date('2026-01-01T00:00:00Z') }];
      await writeFile(join(folder, 'ca_crl.pem'), createCrl({ ca, number: 7, revoked, days: 30 }));
      const crl = readCrl(await (await open()).crl());
      expect(crl.number).to.equal(8);
      expect(crl.revoked).to.deep.equal(revoked);
      expect(Number(crl.nextUpdate)).to.be.greaterThan(Date.now() + 365 * 86_400_000);
    });

    it('leaves a list as it is that is good for more than a year, and those of other CAs beside it', async () => {
      await open();
      const ca = { certificatePem: await read('ca_crt.pem'), privateKeyPem: await read('ca_key.pem') };
      const other = createCrl({
        ca: await createCa({ commonName: 'Root' }),
        number: 3,
        revoked: [],
        days: 1,
      });
      const own = (days: number) => createCrl({ ca, number: 7, revoked: [], days });
      await writeFile(join(folder, 'ca_crl.pem'), other + own(366));
      const second = await open();
      expect(await second.crl()).to.equal(await read('ca_crl.pem'));
      expect(readCrl(splitPem(await second.crl())[1] ?? '').number).to.equal(7);
      await writeFile(join(folder, 'ca_crl.pem'), other + own(364));
      const [renewed = '', passedOn = '', ...more] = splitPem(await (await open()).crl());
      expect(readCrl(renewed).number).to.equal(8);
      expect(passedOn.trim()).to.equal(other.trim());
      expect(more).to.deep.equal([]);
    });

    it('counts its lists, and gives each revocation the time at which it came', async () => {
      const ca = await open();
      expect(readCrl(await ca.crl()).number).to.equal(0);
      const serials = [await issue(ca, 'a'), await issue(ca, 'b')];
      const before = Math.floor(Date.now() / 1000) * 1000;
      await ca.revoke('a');
      const first = readCrl(await ca.crl());
      await ca.revoke('b');
      const second = readCrl(await ca.crl());
      expect([first.number, second.number]).to.deep.equal([1, 2]);
      expect(second.revoked.map(({ serial }) => serial)).to.deep.equal(serials);
      expect(second.revoked[0]?.date).to.deep.equal(first.revoked[0]?.date);
      expect(Number(first.revoked[0]?.date)).to.be.within(before, Date.now());
    });

    it('signs for five years where it is not told how long', async () => {
      const ca = await open();
      await issue(ca, 'a');
      const { not_before, not_after } = await ca.status('a');
      const days = (Date.parse(not_after ?? '') - Date.parse(not_before ?? '')) / 86_400_000;
      expect(Math.round(days)).to.be.within(5 * 365, 5 * 365 + 1);
    });

    it('lists each name once, by the state that is asked for', async () => {
      const ca = await open();
      await issue(ca, 'a');
      await ca.submit('b', csrOf('b'));
      await issue(ca, 'c');
      await ca.revoke('c');
      await writeFile(join(folder, 'requests', 'a.pem'), csrOf('a'));
      const named = async (state?: CertificateState) =>
        (await ca.list(state)).map(({ certname: name }) => name).sort();
      expect(await named()).to.deep.equal(['a', 'b', 'c']);
      expect(await named('signed')).to.deep.equal(['a']);
      expect(await named('requested')).to.deep.equal(['b']);
      expect(await named('revoked')).to.deep.equal(['c']);
      expect(await named('missing')).to.deep.equal([]);
    });

    it('signs and revokes nothing that is not there', async () => {
      const ca = await open();
      await issue(ca, 'signed');
      await ca.submit('requested', csrOf('requested'));
      expect(await failureOf(ca.sign('none'))).to.equal(
        'Cannot sign none: the CA has no request of that name',
      );
      expect(await failureOf(ca.sign('signed'))).to.equal(
        'Cannot sign signed: the CA has no request of that name',
      );
      expect(await failureOf(ca.revoke('none'))).to.equal(
        'Cannot revoke none: the CA has no certificate of that name',
      );
      expect(await failureOf(ca.revoke('requested'))).to.equal(
        'Cannot revoke requested: the CA has only a request of that name, no certificate',
      );
      await ca.revoke('signed');
      await ca.revoke('signed');
      expect(readCrl(await ca.crl()).number).to.equal(1);
    });

    it('says of a cleaning what it did', async () => {
      const ca = await open();
      expect(await clean(ca, 'a')).to.deep.equal({ revoked: false, deleted: false });
      await ca.submit('a', csrOf('a'));
      expect(await clean(ca, 'a')).to.deep.equal({ revoked: false, deleted: true });
      await issue(ca, 'a');
      await ca.revoke('a');
      expect(await clean(ca, 'a')).to.deep.equal({ revoked: false, deleted: true });
      await issue(ca, 'a');
      expect(await clean(ca, 'a')).to.deep.equal({ revoked: true, deleted: true });
      expect(await readdir(join(folder, 'signed'))).to.deep.equal([]);
    });

    it('keeps only so many requests: anybody can make them', async () => {
      const ca = await open({ maxRequests: 2 });
      await ca.submit('a', csrOf('a'));
      await ca.submit('b', csrOf('b'));
      expect(await failureOf(ca.submit('c', csrOf('c')))).to.equal(
        'Too many pending certificate requests (2): sign or clean some first',
      );
      await clean(ca, 'a');
      await ca.submit('c', csrOf('c'));
    });

    it('refuses a request whose sender does not hold the key', async () => {
      const ca = await open();
      const der = Buffer.from(csrOf('web1').replace(/-----[^-]+-----|\s/g, ''), 'base64');
      der.write('web2', der.indexOf('web1'));
      const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      expect(await failureOf(ca.submit('web2', forged))).to.equal(
        'The signature of the certificate request does not match its key.',
      );
    });

    it('does not look up a name that is a path', async () => {
      const ca = await open();
      const name = '../ca_crt';
      expect(await failureOf(ca.submit(name, csrOf(name)))).to.match(/^Invalid certname "\.\.\/ca_crt"/);
      expect(await readdir(folder)).not.to.include('ca_crt');
    });
  });
});

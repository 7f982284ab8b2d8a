import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { clientSchema } from '@troupe/client';
import { loadOwn, parseConfig } from '@troupe/core';
import { readCsr, sha256Fingerprint } from '@troupe/core/pki';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { mco } from '../../mco.js';

describe('mco keys', () => {
  let folder: TempFolder;
  const own = (name: string) => folder.join('own', name);
  const keys = (...args: string[]) => mco('keys', ...args, '--folder', folder.join('own'), '--kind', 'ec');

  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-keys' });
  });
  afterEach(() => folder?.close());

  it('creates a key that only its owner can read, and a signing request', async () => {
    const { code, stdout, stderr } = await keys('rip.mcollective');
    expect(code).to.equal(0);
    const csr = readFileSync(own('rip.mcollective.csr'), 'utf8');
    expect(readCsr(csr)).to.include({ commonName: 'rip.mcollective', isSignatureValid: true });
    expect(stdout).to.equal(
      `key          ${own('rip.mcollective.key')}\n` +
        `request      ${own('rip.mcollective.csr')}\n` +
        `fingerprint  ${sha256Fingerprint(csr)}\n`,
    );
    expect(statSync(own('rip.mcollective.key')).mode & 0o777).to.equal(0o600);
    expect(stderr).to.include(`the certificate as     ${own('rip.mcollective.pem')}`);
  });

  it('writes a valid client.yaml, and does not overwrite an existing one', async () => {
    const first = await keys('rip.mcollective', '--broker', 'mqtts://mq.example.net:8883', '--json');
    expect(JSON.parse(first.stdout).results[0]).to.include({ signed: false, config: own('client.yaml') });
    const text = readFileSync(own('client.yaml'), 'utf8');
    const { broker, security } = parseConfig(text, clientSchema, 'client.yaml');
    expect(broker.urls).to.deep.equal(['mqtts://mq.example.net:8883']);
    expect(security).to.deep.include({
      ca: own('ca_crt.pem'),
      certificate: own('rip.mcollective.pem'),
      key: own('rip.mcollective.key'),
    });
    const second = await keys('eve.mcollective', '--broker', 'mqtts://other.example.net');
    expect(second.stderr).to.include(`${own('client.yaml')} exists; it must contain:`);
    expect(readFileSync(own('client.yaml'), 'utf8')).to.equal(text);
  });

  it('creates a built-in CA and signs the request with it', async () => {
    const cadir = folder.join('ca');
    const { code, stdout } = await keys('rip.mcollective', '--cadir', cadir, '--make-ca');
    expect(code).to.equal(0);
    expect(stdout).to.include(`certificate  ${own('rip.mcollective.pem')}`);
    const { name } = loadOwn({ certificate: own('rip.mcollective.pem'), key: own('rip.mcollective.key') });
    expect(name).to.equal('rip.mcollective');
    const certificate = new X509Certificate(readFileSync(own('rip.mcollective.pem')));
    expect(certificate.verify(new X509Certificate(readFileSync(own('ca_crt.pem'))).publicKey)).to.equal(true);
    expect(readFileSync(`${cadir}/inventory.txt`, 'utf8')).to.include('/CN=rip.mcollective');
    expect((await keys('eve.mcollective', '--cadir', cadir)).code).to.equal(0);
  });

  it('signs an existing request in a later run', async () => {
    await keys('rip.mcollective');
    const key = readFileSync(own('rip.mcollective.key'), 'utf8');
    expect((await keys('rip.mcollective', '--cadir', folder.join('ca'), '--make-ca')).code).to.equal(0);
    expect(readFileSync(own('rip.mcollective.key'), 'utf8')).to.equal(key);
    expect(existsSync(own('rip.mcollective.pem'))).to.equal(true);
  });

  const refused: readonly [what: string, args: readonly string[], message: RegExp][] = [
    ['a name that is not a valid identity', ['../rip'], /^mco: "\.\.\/rip" is not a valid caller name/],
    ["a host's name", ['web1'], /^mco: "web1" does not match the callers pattern \(\/\\\.mcollective\$\/\)/],
    [
      'a folder without a CA',
      ['a.mcollective', '--cadir', '/nowhere'],
      /no CA in .*; use --make-ca to create one/,
    ],
    ['--make-ca without --cadir', ['a.mcollective', '--make-ca'], /--make-ca requires --cadir FOLDER/],
  ];
  for (const [what, args, message] of refused) {
    it(`refuses ${what}`, async () => {
      const { code, stdout, stderr } = await keys(...args);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(message);
      expect(existsSync(folder.join('own'))).to.equal(false);
    });
  }

  it('overwrites neither a key nor a CA nor a certificate', async () => {
    const cadir = folder.join('ca');
    await keys('rip.mcollective', '--cadir', cadir, '--make-ca');
    expect((await keys('rip.mcollective')).stderr).to.match(/rip\.mcollective\.key already exists: move it/);
    expect((await keys('eve.mcollective', '--cadir', cadir, '--make-ca')).stderr).to.include(
      'already has a CA',
    );
    rmSync(own(''), { recursive: true });
    const { stderr } = await keys('rip.mcollective', '--cadir', cadir);
    expect(stderr).to.match(/^mco: the CA in .* already has a signed certificate for rip\.mcollective/);
  });

  it('refuses to replace the certificate of another CA', async () => {
    await keys('rip.mcollective', '--cadir', folder.join('ca'), '--make-ca');
    const { code, stderr } = await keys('eve.mcollective', '--cadir', folder.join('ca2'), '--make-ca');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /ca_crt\.pem has the certificate of another CA: move the file, or use another --folder/,
    );
  });
});

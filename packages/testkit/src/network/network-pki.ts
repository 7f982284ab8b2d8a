import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Ca,
  createCa,
  createCrl,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
} from '@troupe/core/pki';

/** Where a certificate and its key are, in PEM. */
export interface IssuedCertificate {
  certificate: string;
  key: string;
}

export interface IssueOptions {
  /** Names that a server is reached by, beside its own. */
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  days?: number;
}

/** The same, with keys that are there already; RSA keys are made otherwise. */
export type IssueKeyOptions = IssueOptions & { keys?: KeyPair };

/** A CA of a test's own, with its files. */
export interface TestPki {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly crl: string;
  /** Makes key and certificate for a node, a caller or a server; again for a name that had one before. */
  issue(name: string, options?: IssueKeyOptions): Promise<IssuedCertificate>;
  /** Makes a certificate only, for a public key in PEM; the result is its file. */
  certify(name: string, publicKeyPem: string, options?: IssueOptions): Promise<string>;
  /** Puts all certificates of a name on the CRL. */
  revoke(name: string): Promise<void>;
}

/** Makes a CA whose certificates are as those of Puppet; all files go to `folder`, keys readable by the owner only. */
export async function createTestPki(folder: string): Promise<TestPki> {
  await mkdir(folder, { recursive: true });
  const ca = await createCa({ commonName: 'Troupe test CA' });
  const pki = new FolderPki(folder, ca);
  await pki.write();
  return pki;
}

/** The CA that `createTestPki` made in a folder, perhaps in another process; a new one where there is none. */
export async function useTestPki(folder: string): Promise<TestPki> {
  const [certificate, key] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')];
  if (!existsSync(key)) return createTestPki(folder);
  return new FolderPki(folder, {
    certificatePem: await readFile(certificate, 'utf8'),
    privateKeyPem: await readFile(key, 'utf8'),
  });
}

class FolderPki implements TestPki {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly crl: string;
  readonly #folder: string;
  readonly #ca: Ca;
  readonly #issued: { name: string; serial: string; revoked?: Date }[] = [];
  #crlNumber = 0;

  constructor(folder: string, ca: Ca) {
    this.#folder = folder;
    this.#ca = ca;
    this.caCertificate = join(folder, 'ca.pem');
    this.caKey = join(folder, 'ca-key.pem');
    this.crl = join(folder, 'crl.pem');
  }

  async write(): Promise<void> {
    await writeFile(this.caCertificate, this.#ca.certificatePem);
    await writeFile(this.caKey, this.#ca.privateKeyPem, { mode: 0o600 });
    await this.#writeCrl();
  }

  async issue(name: string, options: IssueKeyOptions = {}): Promise<IssuedCertificate> {
    const { keys, ...rest } = options;
    const { privateKeyPem, publicKeyPem } = keys ?? (await generateKeyPair());
    const certificate = await this.certify(name, publicKeyPem, rest);
    const key = join(this.#folder, `${name}-key.pem`);
    await writeFile(key, privateKeyPem, { mode: 0o600 });
    return { certificate, key };
  }

  async certify(name: string, publicKeyPem: string, options: IssueOptions = {}): Promise<string> {
    const { dnsNames = [], ...rest } = options;
    const names = [...new Set([name, ...dnsNames])];
    // Known beforehand: to read it from the certificate takes as long as to make that.
    const serial = `4${randomBytes(16).toString('hex').slice(1)}`;
    const subject = { commonName: name, publicKeyPem, dnsNames: names, serial };
    const pem = issueCertificate({ ca: this.#ca, ...subject, ...rest });
    this.#issued.push({ name, serial });
    const file = join(this.#folder, `${name}.pem`);
    await writeFile(file, pem);
    return file;
  }

  async revoke(name: string): Promise<void> {
    const mine = this.#issued.filter((each) => each.name === name);
    if (mine.length === 0) throw new Error(`the test CA has no certificate for ${name}`);
    for (const each of mine) each.revoked ??= new Date();
    await this.#writeCrl();
  }

  async #writeCrl(): Promise<void> {
    const revoked = this.#issued.flatMap(({ serial, revoked }) =>
      revoked ? [{ serial, date: revoked }] : [],
    );
    await writeFile(this.crl, createCrl({ ca: this.#ca, number: ++this.#crlNumber, revoked }));
  }
}

import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { type Ca, createCa, generateKeyPair, issueCertificate } from '@troupe/core/pki';
import type { TempFolder } from '@troupe/testkit';

/** A certificate and its key, as files. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** The site's own CA, for the broker and the people, and the list of all CAs whose nodes are believed. */
export class Site {
  /** PEM of the site's CA: the one that callers and the broker are from. */
  readonly caFile: string;
  /** The CAs of nodes: the site's and each master's. */
  readonly trustFile: string;
  readonly #ca: Ca;
  readonly #folder: TempFolder;

  private constructor(ca: Ca, folder: TempFolder) {
    this.#ca = ca;
    this.#folder = folder;
    this.caFile = folder.join('site-ca.pem');
    this.trustFile = folder.join('trusted-cas.pem');
  }

  static async create(folder: TempFolder): Promise<Site> {
    const site = new Site(await createCa({ commonName: 'Demo site CA' }), folder);
    await writeFile(site.caFile, site.#ca.certificatePem);
    await writeFile(site.trustFile, site.#ca.certificatePem);
    return site;
  }

  get caPem(): string {
    return this.#ca.certificatePem;
  }

  async issue(name: string, addresses: readonly string[] = []): Promise<Identity> {
    const { privateKeyPem, publicKeyPem } = await generateKeyPair();
    const names = { dnsNames: [name], ipAddresses: [...addresses] };
    const certificatePem = issueCertificate({ ca: this.#ca, commonName: name, publicKeyPem, ...names });
    const files = { certificate: this.#folder.join(`${name}.pem`), key: this.#folder.join(`${name}.key`) };
    await writeFile(files.certificate, certificatePem);
    await writeFile(files.key, privateKeyPem, { mode: 0o600 });
    return files;
  }

  /** Adds a master's CA to those whose nodes are believed. */
  async trust(caFile: string): Promise<void> {
    await appendFile(this.trustFile, `\n${await readFile(caFile, 'utf8')}`);
  }
}

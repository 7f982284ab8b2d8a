import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Logger } from '@troupe/core';
import { validitiesOfLists, validityState } from '@troupe/core/internal';
import {
  createCsr,
  type KeyPair,
  readCertificate,
  readCsr,
  sha256Fingerprint,
  splitPem,
} from '@troupe/core/pki';
import { ProvisionError } from '../provision-error.js';
import type { CsrState } from '../record/state.js';
import type { CaAnswer, CaClient, CaTrust } from './ca-client.js';
import type { SslFiles } from './ssl-files.js';

/** What is remembered of the CSR between attempts. */
export interface CsrMemory {
  read(): Readonly<CsrState> | null;
  write(csr: Omit<CsrState, 'since'>): Promise<void>;
}

export interface RequestOptions {
  readonly ca: CaClient;
  /** SHA-256 of the bytes of the CA's bundle, in hex; colons do not matter. Without it any CA is accepted. */
  readonly caFingerprint: string | undefined;
  /** Makes a new key in any case. */
  readonly fresh: boolean;
  /** Called before each change that cannot be undone; throws if the caller may no longer continue. */
  readonly confirm: () => void;
  readonly signal: AbortSignal;
}

export interface Requested {
  readonly certname: string;
  /** SHA-256 over the DER, as Puppet prints it. */
  readonly csrFingerprint: string;
  /** SHA-256 of the bytes of the CA's bundle, lower-case hex. */
  readonly caFingerprint: string;
  /** Whether the key is left from an earlier attempt. */
  readonly reused: boolean;
}

interface Key {
  readonly csrPem: string;
  readonly fingerprint: string;
  readonly reused: boolean;
  /** What became of this CSR in an earlier attempt. */
  readonly former: CsrState['state'] | undefined;
}

/** Makes the host's key and CSR and submits the CSR to the CA with the given digest, and to no other. */
export class CertificateRequester {
  readonly #files: SslFiles;
  readonly #certname: string;
  readonly #makeKey: () => Promise<KeyPair>;
  readonly #memory: CsrMemory;
  readonly #log: Logger;

  constructor(options: {
    files: SslFiles;
    certname: string;
    makeKey: () => Promise<KeyPair>;
    memory: CsrMemory;
    log: Logger;
  }) {
    this.#files = options.files;
    this.#certname = options.certname;
    this.#makeKey = options.makeKey;
    this.#memory = options.memory;
    this.#log = options.log;
  }

  /**
   * Requests a certificate. A repeated call submits the CSR of the same key, so that a lost reply does no harm;
   * for another CA, or with `fresh`, it removes the old key and certificates and makes new ones.
   */
  async request(options: RequestOptions): Promise<Requested> {
    const { caPem, digest } = await this.#fetchCa(options);
    const crlPem = await this.#fetchCrl(options, caPem);
    const trust = { caPem, crlPems: splitPem(crlPem) };
    const key = (await this.#formerKey(options, digest)) ?? (await this.#newKey(options, digest));
    await this.#submit(options, trust, key, digest);
    await this.#files.write('localcacert', caPem);
    await this.#files.write('hostcrl', crlPem);
    await this.#files.write('hostcsr', key.csrPem);
    await this.#remember(key.fingerprint, digest, 'accepted');
    return {
      certname: this.#certname,
      csrFingerprint: key.fingerprint,
      caFingerprint: digest,
      reused: key.reused,
    };
  }

  async #fetchCa({ ca, caFingerprint, signal }: RequestOptions): Promise<{ caPem: string; digest: string }> {
    const expected = caFingerprint === undefined ? undefined : normaliseDigest(caFingerprint);
    const path = 'certificate/ca';
    const answer = await ca.ask({ method: 'GET', path, trust: 'none', signal });
    if (answer.status !== 200) throw ca.unexpected(path, answer);
    const digest = createHash('sha256').update(answer.body).digest('hex');
    if (expected !== undefined && digest !== expected) {
      throw new ProvisionError(
        `unexpected CA: its digest is ${digest}, expected ${expected}; nothing was saved`,
      );
    }
    if (expected === undefined)
      this.#log.warn({ digest }, 'the CA was accepted without verification: no digest was given');
    return { caPem: answer.body.toString('utf8'), digest };
  }

  async #fetchCrl({ ca, signal }: RequestOptions, caPem: string): Promise<string> {
    const path = 'certificate_revocation_list/ca';
    const answer = await ca.ask({ method: 'GET', path, trust: { caPem, crlPems: [] }, signal });
    const crlPem = answer.body.toString('utf8');
    if (answer.status !== 200 || splitPem(crlPem).length === 0) throw ca.unexpected(path, answer);
    for (const validity of validitiesOfLists(crlPem)) {
      const { level, message } = validityState(validity);
      if (level !== 'ok') this.#log.warn(message);
    }
    return crlPem;
  }

  async #formerKey({ fresh }: RequestOptions, caFingerprint: string): Promise<Key | undefined> {
    const known = this.#memory.read();
    const privateKeyPem = await this.#files.read('hostprivkey');
    if (fresh || !known || privateKeyPem === undefined) return undefined;
    if (known.ca_fingerprint !== caFingerprint || known.certname !== this.#certname) return undefined;
    try {
      const csrPem = await this.#formerCsr(privateKeyPem, known.fingerprint);
      const fingerprint = sha256Fingerprint(csrPem);
      if (fingerprint === known.fingerprint)
        return { csrPem, fingerprint, reused: true, former: known.state };
      this.#log.warn(
        { file: this.#files.paths.hostprivkey },
        'the private key does not match the last CSR: generating a new key',
      );
    } catch (err) {
      this.#log.warn(
        { err, file: this.#files.paths.hostprivkey },
        'cannot use the private key: generating a new key',
      );
    }
    return undefined;
  }

  async #formerCsr(privateKeyPem: string, expected: string): Promise<string> {
    const kept = await this.#files.read('hostcsr');
    if (kept !== undefined && sha256Fingerprint(kept) === expected && isCsrOfKey(kept, privateKeyPem))
      return kept;
    return createCsr({ commonName: this.#certname, privateKeyPem });
  }

  async #newKey({ confirm }: RequestOptions, caFingerprint: string): Promise<Key> {
    const { privateKeyPem } = await this.#makeKey();
    const csrPem = createCsr({ commonName: this.#certname, privateKeyPem });
    const fingerprint = sha256Fingerprint(csrPem);
    confirm();
    await this.#files.remove('hostprivkey', 'hostpubkey', 'hostcert', 'hostcsr', 'localcacert', 'hostcrl');
    await this.#files.write('hostprivkey', privateKeyPem);
    if (isRandomized(privateKeyPem)) await this.#files.write('hostcsr', csrPem);
    await this.#remember(fingerprint, caFingerprint, 'made');
    return { csrPem, fingerprint, reused: false, former: undefined };
  }

  async #submit(options: RequestOptions, trust: CaTrust, key: Key, caFingerprint: string): Promise<void> {
    const { ca, confirm, signal } = options;
    const path = `certificate_request/${encodeURIComponent(this.#certname)}`;
    confirm();
    await this.#remember(key.fingerprint, caFingerprint, 'sent');
    const answer = await ca.ask({ method: 'PUT', path, body: key.csrPem, trust, signal });
    if (answer.status === 200) {
      // A certificate of the same key from before is none that this CA still stands by.
      await this.#files.remove('hostcert');
      return;
    }
    // It may have taken the request all the same.
    if (answer.status >= 500) throw ca.unexpected(path, answer);
    try {
      await this.#judge(options, trust, key, answer, path);
    } catch (refusal) {
      await this.#remember(key.fingerprint, caFingerprint, 'refused');
      throw refusal;
    }
  }

  // Returns where the CA holds this very CSR, or its certificate, already.
  async #judge(
    options: RequestOptions,
    trust: CaTrust,
    key: Key,
    answer: CaAnswer,
    path: string,
  ): Promise<void> {
    const text = answer.body.toString('utf8');
    const name = this.#certname;
    if (answer.status === 403) {
      throw new ProvisionError(
        `the CA refused the certificate request of this host (HTTP status 403): permit PUT ${path} on the Puppet server`,
      );
    }
    if (/already has a requested certificate/.test(text)) {
      const held = await this.#fetch(options, trust, path);
      const wasAsked = key.former === 'sent' || key.former === 'accepted';
      // Where the CA does not show its requests, the fingerprint that it signs or refuses decides.
      if (held === undefined && wasAsked) return;
      if (held !== undefined && sha256Fingerprint(held) === key.fingerprint) return;
      const other = held === undefined ? 'fingerprint unknown' : `fingerprint ${sha256Fingerprint(held)}`;
      throw new ProvisionError(
        `the CA already has another certificate request for ${name} (${other}; the request of this host has ${key.fingerprint}): clean ${name} on the CA`,
      );
    }
    if (/already has a (signed|revoked) certificate/.test(text)) {
      const held = await this.#fetch(options, trust, `certificate/${encodeURIComponent(name)}`);
      if (held !== undefined && isOfKey(held, key.csrPem)) {
        await this.#keepOnly(held);
        return;
      }
      throw new ProvisionError(
        `the CA already has a certificate for ${name} with another key: clean ${name} on the CA`,
      );
    }
    throw options.ca.unexpected(path, answer);
  }

  async #fetch({ ca, signal }: RequestOptions, trust: CaTrust, path: string): Promise<string | undefined> {
    const { status, body } = await ca.ask({ method: 'GET', path, trust, signal });
    return status === 200 ? body.toString('utf8') : undefined;
  }

  // Puppet fetches the certificate itself where there is none.
  async #keepOnly(certificatePem: string): Promise<void> {
    const mine = await this.#files.read('hostcert');
    if (mine === undefined || sha256Fingerprint(mine) === sha256Fingerprint(certificatePem)) return;
    await this.#files.remove('hostcert');
  }

  async #remember(fingerprint: string, caFingerprint: string, state: CsrState['state']): Promise<void> {
    await this.#memory.write({
      certname: this.#certname,
      fingerprint,
      ca_fingerprint: caFingerprint,
      state,
    });
  }
}

function normaliseDigest(text: string): string {
  const digest = text.replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new ProvisionError(`"${text.slice(0, 100)}" is not a SHA-256 digest: expected 64 hex digits`);
}

function isOfKey(certificatePem: string, csrPem: string): boolean {
  const held = readCertificate(certificatePem).publicKey.export({ type: 'spki', format: 'pem' });
  return held.toString() === readCsr(csrPem).publicKeyPem;
}

// With an elliptic curve each signature is another one: the CSR that was sent cannot be made again.
function isRandomized(privateKeyPem: string): boolean {
  return createPrivateKey(privateKeyPem).asymmetricKeyType === 'ec';
}

function isCsrOfKey(csrPem: string, privateKeyPem: string): boolean {
  return createPublicKey(readCsr(csrPem).publicKeyPem).equals(
    createPublicKey(createPrivateKey(privateKeyPem)),
  );
}

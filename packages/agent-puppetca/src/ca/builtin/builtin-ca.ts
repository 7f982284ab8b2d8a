import { createPublicKey } from 'node:crypto';
import { Serial } from '@troupe/core/async';
import {
  type Ca as Authority,
  createCa,
  generateKeyPair,
  issueCertificate,
  readCertificate,
  readCsr,
} from '@troupe/core/pki';
import { LockedError, withFileLock } from '@troupe/host';
import type { Backend } from '../backend.js';
import { type CertificateState, type CertificateStatus, missing } from '../ca.js';
import { CaError } from '../error.js';
import { CaDirectory } from './ca-directory.js';
import { statusOfCertificate, statusOfRequest } from './pem-status.js';
import { RevocationList } from './revocation-list.js';
import { altNames, checkSubmission, trustedExtensions } from './submission.js';

const cliAuthOid = '1.3.6.1.4.1.34380.1.3.39';

export interface BuiltinCaOptions {
  /** The folder of the CA; a new CA is made where it is empty. */
  readonly cadir: string;
  /** The name of the server that runs the CA. */
  readonly certname: string;
  /** Validity of certificates in days; default: 5 years. */
  readonly days?: number;
  /** Maximum number of pending requests, because anyone can submit one; default: 1000. */
  readonly maxRequests?: number;
}

/** The names in a server's certificate. */
export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/**
 * A CA of its own, in the folder layout of Puppet's. Other processes may sign in the same folder; what one revokes,
 * others know after their next start.
 */
export class BuiltinCa implements Backend {
  readonly kind = 'builtin';
  readonly ownNames: readonly string[];
  readonly certname: string;
  readonly #directory: CaDirectory;
  readonly #authority: Authority;
  readonly #days: number;
  readonly #maxRequests: number;
  readonly #revocations: RevocationList;
  readonly #queue = new Serial();

  /** Opens the CA of a folder, or makes one; throws UNEXPECTED where the folder holds parts of one. */
  static async open(options: BuiltinCaOptions): Promise<BuiltinCa> {
    const directory = new CaDirectory(options.cadir);
    await directory.create();
    return locked(directory, () => BuiltinCa.#open(options, directory));
  }

  static async #open(options: BuiltinCaOptions, directory: CaDirectory): Promise<BuiltinCa> {
    if ((await directory.read('ca_crt.pem')) === undefined) await establish(directory, options.certname);
    const need = async (file: string) => {
      const text = await directory.read(file);
      if (text === undefined) throw damaged(directory, `${file} is missing`);
      return text;
    };
    const authority = {
      certificatePem: await need('ca_crt.pem'),
      privateKeyPem: await need('ca_key.pem'),
    };
    await need('serial');
    const { publicKey } = readCertificate(authority.certificatePem);
    if (!createPublicKey(authority.privateKeyPem).equals(publicKey)) {
      throw damaged(directory, 'ca_key.pem does not match ca_crt.pem');
    }
    const revocations = await RevocationList.open(directory, authority);
    if (!revocations) throw damaged(directory, 'ca_crl.pem contains no revocation list signed by ca_key.pem');
    return new BuiltinCa(options, directory, authority, revocations);
  }

  private constructor(
    options: BuiltinCaOptions,
    directory: CaDirectory,
    authority: Authority,
    revocations: RevocationList,
  ) {
    this.certname = options.certname;
    this.ownNames = [options.certname];
    this.#directory = directory;
    this.#authority = authority;
    this.#days = options.days ?? 5 * 365;
    this.#maxRequests = options.maxRequests ?? 1000;
    this.#revocations = revocations;
  }

  async caCertificate(): Promise<Buffer> {
    return Buffer.from(this.#authority.certificatePem);
  }

  /** The bundle of revocation lists that nodes get. */
  crl(): Promise<string> {
    return this.#revocations.pem();
  }

  async list(state?: CertificateState): Promise<CertificateStatus[]> {
    const names = await Promise.all([this.#directory.names('signed'), this.#directory.names('requests')]);
    const all: CertificateStatus[] = [];
    for (const name of new Set(names.flat())) all.push(await this.status(name));
    return all.filter((one) => one.state !== 'missing' && (state === undefined || one.state === state));
  }

  async status(certname: string): Promise<CertificateStatus> {
    const certificate = await this.certificate(certname);
    if (certificate !== undefined) {
      return statusOfCertificate(certname, certificate, (serial) => this.#revocations.has(serial));
    }
    const request = await this.request(certname);
    return request === undefined ? missing(certname) : statusOfRequest(certname, request);
  }

  request(certname: string): Promise<string | undefined> {
    return this.#directory.read('requests', `${certname}.pem`);
  }

  certificate(certname: string): Promise<string | undefined> {
    return this.#directory.read('signed', `${certname}.pem`);
  }

  /** Keeps a request that came in under a name; throws CONFLICT with the refusals of Puppet's CA. */
  submit(certname: string, pem: string): Promise<void> {
    return this.#alone(async () => {
      await checkSubmission(certname, pem, async (name) => (await this.status(name)).state);
      const waiting = await this.#directory.names('requests');
      if (waiting.length >= this.#maxRequests) {
        throw new CaError(
          'REFUSED',
          `Too many pending certificate requests (${waiting.length}): sign or clean some first`,
        );
      }
      await this.#directory.write(pem, 'requests', `${certname}.pem`);
    });
  }

  /** Signs what the request asks for: the caller has checked it. */
  sign(certname: string): Promise<void> {
    return this.#alone(async () => {
      const { state } = await this.status(certname);
      const request = await this.request(certname);
      if (state !== 'requested' || request === undefined) {
        throw new CaError('NOT_FOUND', `Cannot sign ${certname}: the CA has no request of that name`);
      }
      const csr = readCsr(request);
      const extensions = trustedExtensions(csr);
      await this.#issue(certname, csr.publicKeyPem, { ...altNames(certname, csr), extensions });
      await this.#directory.remove('requests', `${certname}.pem`);
    });
  }

  revoke(certname: string): Promise<void> {
    return this.#alone(async () => {
      if (await this.#revokeAll(certname)) return;
      const { state } = await this.status(certname);
      if (state === 'requested') {
        throw new CaError(
          'CONFLICT',
          `Cannot revoke ${certname}: the CA has only a request of that name, no certificate`,
        );
      }
      if (state === 'missing') {
        throw new CaError('NOT_FOUND', `Cannot revoke ${certname}: the CA has no certificate of that name`);
      }
    });
  }

  clean({ certname }: CertificateStatus): Promise<{ revoked: boolean; deleted: boolean }> {
    return this.#alone(async () => {
      const revoked = await this.#revokeAll(certname);
      const certificate = await this.#directory.remove('signed', `${certname}.pem`);
      const request = await this.#directory.remove('requests', `${certname}.pem`);
      return { revoked, deleted: certificate || request };
    });
  }

  /**
   * Key and certificate of the server that runs the CA, for these names; issued again if they are missing, have other
   * names, are revoked, or expire within 30 days.
   */
  serverCertificate(names: ServerNames): Promise<{ certificatePem: string; privateKeyPem: string }> {
    return this.#alone(async () => {
      const file = `${this.certname}.pem`;
      const [present, key] = await Promise.all([
        this.certificate(this.certname),
        this.#directory.read('private_keys', file),
      ]);
      if (present !== undefined && key !== undefined && this.#isUsable(present, key, names)) {
        return { certificatePem: present, privateKeyPem: key };
      }
      await this.#revokeAll(this.certname);
      const pair = await generateKeyPair();
      await this.#directory.write(pair.privateKeyPem, 'private_keys', file);
      const extensions = { [cliAuthOid]: 'true' };
      const certificatePem = await this.#issue(this.certname, pair.publicKeyPem, { ...names, extensions });
      return { certificatePem, privateKeyPem: pair.privateKeyPem };
    });
  }

  #isUsable(pem: string, key: string, names: ServerNames): boolean {
    const certificate = readCertificate(pem);
    const count = certificate.subjectAltName?.split(', ').length ?? 0;
    return (
      createPublicKey(key).equals(certificate.publicKey) &&
      certificate.verify(readCertificate(this.#authority.certificatePem).publicKey) &&
      !this.#revocations.has(certificate.serialNumber) &&
      Date.parse(certificate.validTo) > Date.now() + 30 * 86_400_000 &&
      count === names.dnsNames.length + names.ipAddresses.length &&
      names.dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
      names.ipAddresses.every((address) => certificate.checkIP(address) !== undefined)
    );
  }

  async #issue(
    certname: string,
    publicKeyPem: string,
    options: Partial<ServerNames> & { extensions: Readonly<Record<string, string>> },
  ): Promise<string> {
    const serial = await this.#directory.nextSerial();
    const pem = issueCertificate({
      ca: this.#authority,
      commonName: certname,
      publicKeyPem,
      serial,
      days: this.#days,
      ...options,
    });
    const { validFrom, validTo } = readCertificate(pem);
    // In the inventory first: what may be in somebody's hands must be known when it is to be revoked.
    await this.#directory.record({ serial, certname, from: new Date(validFrom), to: new Date(validTo) });
    await this.#directory.write(pem, 'signed', `${certname}.pem`);
    return pem;
  }

  /** Revokes every certificate that was ever issued to a name; whether there was one that was valid. */
  async #revokeAll(certname: string): Promise<boolean> {
    const issued = (await this.#directory.issued(certname)).map(({ serial }) => serialNumber(serial));
    const certificate = await this.certificate(certname);
    if (certificate !== undefined) issued.push(readCertificate(certificate).serialNumber);
    const valid = [...new Set(issued)].filter((serial) => !this.#revocations.has(serial));
    if (valid.length === 0) return false;
    await this.#revocations.add(valid);
    return true;
  }

  // Serial numbers and the revocation list belong to all names.
  #alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#queue.run(() => locked(this.#directory, task));
  }
}

// The daemon of the CA, and a person on its host, change the folder one after the other.
async function locked<T>(directory: CaDirectory, task: () => Promise<T>): Promise<T> {
  try {
    return await withFileLock(directory.lock, task);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    const { holder, file } = error;
    throw new CaError(
      'CONFLICT',
      `The CA is locked by process ${holder} (lock file ${file}); try again later`,
      {
        cause: error,
      },
    );
  }
}

/** Makes a new CA in an empty folder. */
async function establish(directory: CaDirectory, certname: string): Promise<void> {
  const isUsed = (await directory.names('signed')).length > 0 || (await directory.read('inventory.txt'));
  if (isUsed) throw damaged(directory, 'ca_crt.pem is missing, but certificates were issued');
  const authority = await createCa({ commonName: `Puppet CA: ${certname}` });
  await directory.write(authority.privateKeyPem, 'ca_key.pem');
  await RevocationList.create(directory, authority);
  await directory.write('0001', 'serial');
  await directory.write('', 'inventory.txt');
  // Last, because its presence means that the CA is complete.
  await directory.write(authority.certificatePem, 'ca_crt.pem');
}

function serialNumber(hex: string): string {
  const digits = BigInt(`0x${hex}`).toString(16).toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

function damaged(directory: CaDirectory, what: string): CaError {
  return new CaError('UNEXPECTED', `The CA in ${directory.path} is damaged: ${what}`);
}

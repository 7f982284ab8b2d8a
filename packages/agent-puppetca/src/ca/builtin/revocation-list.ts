import { type Ca as Authority, createCrl, readCrl, splitPem } from '@troupe/core/pki';
import type { CaDirectory } from './ca-directory.js';

const yearMs = 365 * 86_400_000;
const file = 'ca_crl.pem';

/** What a CA has revoked, kept in `ca_crl.pem`. */
export class RevocationList {
  readonly #directory: CaDirectory;
  readonly #authority: Authority;
  /** By serial number as X509Certificate has it. */
  readonly #revoked: Map<string, Date>;
  /** Lists of CAs above this one, which are passed on. */
  readonly #others: readonly string[];
  #number: number;

  /** Reads the list, and reissues it if it expires within a year; undefined if the authority signed none. */
  static async open(directory: CaDirectory, authority: Authority): Promise<RevocationList | undefined> {
    const crls = splitPem((await directory.read(file)) ?? '');
    const own = crls.find((pem) => readCrl(pem).verify(authority.certificatePem));
    if (own === undefined) return undefined;
    const others = crls.filter((pem) => pem !== own);
    const list = new RevocationList(directory, authority, own, others);
    const { nextUpdate } = readCrl(own);
    if (nextUpdate && nextUpdate.getTime() - Date.now() < yearMs) await list.add([]);
    return list;
  }

  /** Writes a list of nothing. */
  static async create(directory: CaDirectory, authority: Authority): Promise<void> {
    await directory.write(createCrl({ ca: authority, number: 0, revoked: [] }), file);
  }

  private constructor(directory: CaDirectory, authority: Authority, own: string, others: readonly string[]) {
    const crl = readCrl(own);
    this.#directory = directory;
    this.#authority = authority;
    this.#revoked = new Map(crl.revoked.map(({ serial, date }) => [serial, date]));
    this.#number = crl.number ?? 0;
    this.#others = others;
  }

  has(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  async add(serials: readonly string[]): Promise<void> {
    const date = new Date();
    const all = new Map([...this.#revoked, ...serials.map((serial) => [serial, date] as const)]);
    const revoked = Array.from(all, ([serial, since]) => ({ serial, date: since }));
    const crl = createCrl({ ca: this.#authority, number: this.#number + 1, revoked });
    await this.#directory.write([crl, ...this.#others].join(''), file);
    // Only what is on disk counts as revoked.
    this.#number += 1;
    for (const serial of serials) this.#revoked.set(serial, date);
  }

  /** The bundle that nodes get. */
  async pem(): Promise<string> {
    return (await this.#directory.read(file)) ?? '';
  }
}

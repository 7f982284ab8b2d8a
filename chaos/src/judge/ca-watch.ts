import { readFileSync, watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { absent, isErrno } from '@troupe/core/durable-file';
import { readCertificate, readCrl, readCsr, sha256Fingerprint } from '@troupe/core/pki';
import type { IssuedEvidence } from './evidence.js';

interface Seen {
  readonly certname: string;
  readonly pem: string;
  readonly time: number;
}

/** Keeps what comes and goes in the folder of a CA, so that nothing that was signed is forgotten when it is cleaned. */
export class CaWatch {
  readonly #master: string;
  readonly #cadir: string;
  readonly #requests = new Map<string, Seen>();
  readonly #signed = new Map<string, Seen>();
  readonly #stops: (() => void)[] = [];

  constructor(master: string, cadir: string) {
    this.#master = master;
    this.#cadir = cadir;
    for (const [folder, seen] of this.#folders()) {
      const watcher = watch(join(cadir, folder), (_, name) => {
        if (name?.endsWith('.pem')) this.#look(folder, name, seen);
      });
      this.#stops.push(() => watcher.close());
    }
  }

  /** What was issued, but to the master itself, and the serial numbers of which nobody saw the certificate. */
  async collect(): Promise<{ issued: IssuedEvidence[]; unseen: string[] }> {
    for (const [folder, seen] of this.#folders()) {
      for (const name of await readdir(join(this.#cadir, folder))) {
        if (name.endsWith('.pem')) this.#look(folder, name, seen);
      }
    }
    const revoked = new Set(
      readCrl(await readFile(join(this.#cadir, 'ca_crl.pem'), 'utf8')).revoked.map(({ serial }) =>
        plain(serial),
      ),
    );
    const csrs = new Map(
      [...this.#requests.values()].map(({ pem }) => [readCsr(pem).publicKeyPem, sha256Fingerprint(pem)]),
    );
    const issued = [...this.#signed.values()]
      .filter(({ certname }) => certname !== this.#master)
      .map(({ certname, pem, time }): IssuedEvidence => {
        const certificate = readCertificate(pem);
        const serial = plain(certificate.serialNumber);
        const key = certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString();
        return {
          ...{ master: this.#master, certname, serial, time },
          fingerprint: plainDigest(sha256Fingerprint(pem)),
          csr: csrs.get(key),
          isRevoked: revoked.has(serial),
        };
      });
    const known = new Set(issued.map(({ serial }) => serial));
    const inventory = (await readFile(join(this.#cadir, 'inventory.txt'), 'utf8').catch(absent)) ?? '';
    const unseen = [...inventory.matchAll(/^0x([0-9a-f]+) \S+ \S+ \/CN=(\S+)$/gim)].flatMap(
      ([, hex, name]) =>
        name === this.#master || known.has(plain(hex ?? '')) ? [] : [`${this.#master}: ${hex} for ${name}`],
    );
    return { issued, unseen };
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #folders(): [string, Map<string, Seen>][] {
    return [
      ['requests', this.#requests],
      ['signed', this.#signed],
    ];
  }

  // At once and not later: a moment after it may be cleaned.
  #look(folder: string, name: string, seen: Map<string, Seen>): void {
    try {
      const pem = readFileSync(join(this.#cadir, folder, name), 'utf8');
      if (!seen.has(pem)) seen.set(pem, { certname: name.slice(0, -4), pem, time: Date.now() });
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

function plain(hex: string): string {
  return BigInt(`0x${hex}`).toString(16);
}

/** A fingerprint as replies have it: lower-case hex without colons. */
export function plainDigest(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

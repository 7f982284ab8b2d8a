import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What openssl makes keys of: RSA, curves and Ed25519. */
export const keyKinds = {
  RSA: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  Ed25519: ['-algorithm', 'ED25519'],
} as const;
export type KeyKind = keyof typeof keyKinds;
const shortKey = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];

export interface Issue {
  readonly by?: string;
  readonly kind?: KeyKind | 'RSA-1024';
  /** Instead of the common name alone. */
  readonly subject?: string;
  /** Lines of an extensions section. */
  readonly extensions?: readonly string[];
  readonly days?: number;
  readonly digest?: 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  readonly serial?: string;
  /** Certifies the key and the name of this one anew. */
  readonly of?: string;
}

const caExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];

/** CAs and certificates as openssl makes them: files NAME.pem and NAME.key in a folder of their own. */
export class OpensslPki {
  readonly folder = mkdtempSync(join(tmpdir(), 'troupe-openssl-pki-'));

  file(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }

  ca(name: string, issue: Issue = {}): void {
    this.issue(name, { extensions: caExtensions, ...issue });
  }

  issue(
    name: string,
    {
      by,
      subject = `/CN=${name}`,
      kind = 'P-256',
      extensions = [],
      days = 30,
      digest,
      serial,
      of,
    }: Issue = {},
  ): void {
    if (of === undefined) {
      this.#run('genpkey', ...(kind === 'RSA-1024' ? shortKey : keyKinds[kind]), '-out', `${name}.key`);
      this.#run('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    }
    this.write(`${name}.ext`, extensions.join('\n'));
    const signer =
      by === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`];
    const number = serial ?? `${Math.floor(Math.random() * 1e12) + 1}`;
    const more = [
      '-days',
      `${days}`,
      '-set_serial',
      number,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
      ...(digest === undefined ? [] : [`-${digest}`]),
    ];
    this.#run('x509', '-req', '-in', `${of ?? name}.csr`, ...signer, ...more);
  }

  /** The revocation list of a CA. */
  crl(ca: string, revoked: readonly string[]): string {
    const rows = revoked.map((name) => {
      const serial = this.#run('x509', '-in', `${name}.pem`, '-noout', '-serial')
        .trim()
        .slice('serial='.length);
      return `R\t301231235959Z\t250101000000Z\t${serial}\tunknown\t/CN=${name}\n`;
    });
    this.write(`${ca}.index`, rows.join(''));
    this.write(`${ca}.crlnumber`, '01\n');
    this.write(
      `${ca}.cnf`,
      `[ca]\ndefault_ca=x\n[x]\ndatabase=${ca}.index\ncrlnumber=${ca}.crlnumber\ndefault_md=default\ndefault_crl_days=30\n`,
    );
    this.#run(
      'ca',
      '-config',
      `${ca}.cnf`,
      '-gencrl',
      '-keyfile',
      `${ca}.key`,
      '-cert',
      `${ca}.pem`,
      '-out',
      `${ca}.crl`,
    );
    return this.text(`${ca}.crl`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #run(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: this.folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

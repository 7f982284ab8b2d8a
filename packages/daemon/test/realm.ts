import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientSecurity, issueToken, type Security, type Signer, type TokenClaims } from '@troupe/core';
import { envelopeType, signJws } from '@troupe/core/internal';
import { createCa, generateEcKeyPair, issueCertificate } from '@troupe/core/pki';
import { parseDaemonConfig } from '../src/config.js';

type TokenLimits = Partial<Pick<TokenClaims, 'facts' | 'escape' | 'names'>>;

/** A CA and the certificates that it has issued: files NAME.pem and NAME.key in a folder of their own. */
export class Realm {
  readonly folder = mkdtempSync(join(tmpdir(), 'troupe-realm-'));
  readonly #ca: Awaited<ReturnType<typeof createCa>>;

  private constructor(ca: Awaited<ReturnType<typeof createCa>>) {
    this.#ca = ca;
    this.#write('ca.pem', ca.certificatePem);
  }

  /** Makes a CA and a certificate for each name. */
  static async create(...names: readonly string[]): Promise<Realm> {
    const realm = new Realm(await createCa({ commonName: 'Test CA', bits: 2048 }));
    for (const name of names) await realm.issue(name);
    return realm;
  }

  async issue(name: string): Promise<void> {
    const { privateKeyPem, publicKeyPem } = await generateEcKeyPair();
    this.#write(`${name}.pem`, issueCertificate({ ca: this.#ca, commonName: name, publicKeyPem }));
    this.#write(`${name}.key`, privateKeyPem);
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** The section `security` of a configuration with the certificate of `name`. */
  x509(name: string, more = ''): string {
    const [certificate, key] = [this.file(`${name}.pem`), this.file(`${name}.key`)];
    return `security: { mode: x509, certificate: ${certificate}, key: ${key}, ca: ${this.file('ca.pem')} ${more} }`;
  }

  /** The section `security` of a machine that holds an enrolment token for the collective "provisioning". */
  async token(issuer: string, claims: TokenLimits = {}, more = ''): Promise<string> {
    const file = this.#write('token', await this.enrolmentToken(issuer, claims));
    return `security: { mode: token, token: ${file} ${more} }`;
  }

  async enrolmentToken(issuer: string, more: TokenLimits = {}): Promise<string> {
    const claims = {
      iss: issuer,
      collective: 'provisioning',
      // Nothing listens there.
      brokers: ['mqtts://127.0.0.1:1'],
      ca: this.#ca.certificatePem,
      callers: '/\\.mcollective$/',
      ttlSeconds: 3600,
      ...more,
    };
    return await issueToken(claims, this.#own(issuer));
  }

  /** How a client with the certificate of `name` speaks, and which nodes it believes. */
  client(name: string): Security {
    const { security, broker } = parseDaemonConfig(`{ ${this.x509(name)} }`);
    return clientSecurity({ config: security, broker, name });
  }

  /** Signs with the certificate of `name`, whatever that is a certificate for. */
  signer(name: string): Signer {
    const { key, chain } = this.#own(name);
    return { name, sign: (payload) => signJws(payload, key, { typ: envelopeType, x5c: chain }) };
  }

  /** Signs as a machine that holds an enrolment token. */
  async enrolling(name: string, issuer: string): Promise<Signer> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
    const token = await this.enrolmentToken(issuer);
    return { name, sign: (payload) => signJws(payload, privateKey, { typ: envelopeType, jwk, token }) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #own(name: string) {
    const text = (ending: string) => readFileSync(this.file(`${name}.${ending}`), 'utf8');
    return {
      key: createPrivateKey(text('key')),
      chain: [new X509Certificate(text('pem')).raw.toString('base64')],
    };
  }

  #write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }
}

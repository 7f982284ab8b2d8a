import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerConfig, SecurityConfig } from '../config/sections.js';
import { TroupeError } from '../errors.js';
import { envelopeType, type JwsHeader, signJws } from './jws.js';
import { compilePattern } from './pattern.js';
import type { Credentials, Security, Signer } from './security.js';
import { checkTokenTime, readToken, type TokenClaims } from './token.js';
import { commonName, pemBlocks, TrustStore } from './trust.js';
import { createVerifier } from './verifier.js';

/** How a node speaks and whom it obeys. Throws CONFIG_INVALID, FILE_UNREADABLE, CERTIFICATE_INVALID, TOKEN_INVALID. */
export function nodeSecurity(options: {
  readonly config: SecurityConfig;
  readonly broker: BrokerConfig;
  readonly identity: string;
  readonly stateDir: string;
}): Security {
  const { config, broker, identity } = options;
  if (config.mode === 'none') return openSecurity(identity, broker);
  if (config.mode === 'token') return enrollingSecurity(config, identity, options.stateDir);
  const own = loadOwn(config);
  if (own.name !== identity) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `identity is "${identity}", the certificate's name is "${own.name}": they must be the same`,
    );
  }
  const trust = new TrustStore(
    withCrl(readText(config.callers.ca ?? config.ca, 'security.callers.ca'), config),
  );
  return {
    signer: signerOf(own.name, own.key, { typ: envelopeType, x5c: own.chain }),
    verifier: createVerifier({
      certificates: { trust, names: compilePattern(config.callers.match, 'security.callers.match') },
    }),
    credentials: certificateCredentials(own, config, broker),
  };
}

/** How a client speaks and which nodes it believes. Throws as nodeSecurity does. */
export function clientSecurity(options: {
  readonly config: SecurityConfig;
  readonly broker: BrokerConfig;
  /** The caller's name in `none` mode; the certificate's otherwise. */
  readonly name: string;
}): Security {
  const { config, broker } = options;
  if (config.mode === 'none') return openSecurity(options.name, broker);
  if (config.mode === 'token')
    throw new TroupeError(
      'CONFIG_INVALID',
      'security.mode: token is for nodes; a client needs a certificate',
    );
  const own = loadOwn(config);
  if (!compilePattern(config.callers.match, 'security.callers.match').test(own.name)) {
    throw new TroupeError(
      'CALLER_DENIED',
      `the certificate's name "${own.name}" is not that of a caller (${config.callers.match}): nodes would refuse every request`,
    );
  }
  const trust = new TrustStore(withCrl(readText(config.ca, 'security.ca'), config));
  const callers =
    config.callers.ca === undefined
      ? trust
      : new TrustStore(withCrl(readText(config.callers.ca, 'security.callers.ca'), config));
  return {
    signer: signerOf(own.name, own.key, { typ: envelopeType, x5c: own.chain }),
    verifier: createVerifier({
      certificates: { trust },
      tokens: { trust: callers, issuers: config.callers.match },
    }),
    credentials: certificateCredentials(own, config, broker),
  };
}

/** A certificate with its key and chain, as a signer needs them. */
export interface Own {
  readonly name: string;
  readonly key: KeyObject;
  /** x5c of RFC 7515: DER in base64, leaf first. */
  readonly chain: readonly string[];
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Reads the certificate and key that a configuration names. Throws FILE_UNREADABLE, CERTIFICATE_INVALID. */
export function loadOwn(config: Pick<SecurityConfig, 'certificate' | 'key'>): Own {
  const certificatePem = readText(config.certificate, 'security.certificate');
  const keyPem = readSecret(config.key, 'security.key');
  const certificates = pemBlocks(certificatePem, 'CERTIFICATE').map((pem) => new X509Certificate(pem));
  const [leaf] = certificates;
  if (!leaf)
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `security.certificate: ${config.certificate} holds no certificate`,
    );
  const key = createPrivateKey(keyPem);
  if (!leaf.checkPrivateKey(key)) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `the key ${config.key} does not belong to the certificate ${config.certificate}`,
    );
  }
  const chain = certificates.map((certificate) => certificate.raw.toString('base64'));
  return { name: commonName(leaf), key, chain, certificatePem, keyPem };
}

/** The claims of the token that a configuration names. Throws TOKEN_INVALID, FILE_UNREADABLE. */
export function loadToken(config: Pick<SecurityConfig, 'token'>): { token: string; claims: TokenClaims } {
  const token = readSecret(config.token, 'security.token').trim();
  const claims = readToken(token);
  checkTokenTime(claims);
  return { token, claims };
}

function enrollingSecurity(config: SecurityConfig, identity: string, stateDir: string): Security {
  const { token, claims } = loadToken(config);
  const { key, jwk } = enrolmentKey(join(stateDir, 'enrolment.key'));
  const names = compilePattern(claims.callers, "the enrolment token's callers");
  return {
    signer: signerOf(identity, key, { typ: envelopeType, jwk, token }),
    verifier: createVerifier({ certificates: { trust: new TrustStore({ ca: claims.ca }), names } }),
    credentials: { tls: { ca: [claims.ca] }, username: identity, password: token },
  };
}

function openSecurity(name: string, broker: BrokerConfig): Security {
  const remote = broker.urls.find((url) => !isLoopback(url));
  if (remote !== undefined) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `security.mode "none" is for a broker on this machine only: ${remote} is not on loopback`,
    );
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  return {
    signer: signerOf(name, privateKey, { typ: envelopeType, jwk }),
    verifier: createVerifier({ anybody: true }),
    credentials: {},
  };
}

/** Whether a broker's URL is one of this machine's own addresses that nobody else can reach. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function signerOf(name: string, key: KeyObject, header: JwsHeader): Signer {
  return { name, sign: (payload) => signJws(payload, key, header) };
}

function certificateCredentials(own: Own, config: SecurityConfig, broker: BrokerConfig): Credentials {
  const ca = readText(broker.ca ?? config.ca, broker.ca === undefined ? 'security.ca' : 'broker.ca');
  return { tls: { ca: [ca], certificate: own.certificatePem, key: own.keyPem } };
}

function withCrl(ca: string, config: SecurityConfig): { ca: string; crl?: string } {
  return config.crl === undefined ? { ca } : { ca, crl: readText(config.crl, 'security.crl') };
}

function enrolmentKey(file: string): { key: KeyObject; jwk: Record<string, unknown> } {
  if (!existsSync(file)) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  }
  const key = createPrivateKey(readSecret(file, 'the enrolment key'));
  const { d: _private, ...jwk } = key.export({ format: 'jwk' }) as Record<string, unknown>;
  return { key, jwk };
}

function readText(file: string | undefined, what: string): string {
  if (file === undefined) throw new TroupeError('CONFIG_INVALID', `${what} is missing: name the file`);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `${what}: cannot read ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

// Puppet's own keys are readable by its group (0640), so only "others" are shut out.
function readSecret(file: string | undefined, what: string): string {
  const text = readText(file, what);
  if (file !== undefined && (statSync(file).mode & 0o007) !== 0) {
    throw new TroupeError('FILE_UNREADABLE', `${what}: ${file} is open to everybody: chmod o= ${file}`);
  }
  return text;
}

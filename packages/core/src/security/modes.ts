import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import type { BrokerConfig, SecurityConfig } from '../config/sections.js';
import { TroupeError } from '../errors.js';
import { type Logger, silentLogger } from '../log/logger.js';
import { certificateNameFault } from '../names.js';
import type { Credentials } from '../transport/credentials.js';
import { isLoopback } from '../transport/url.js';
import { callerTrust, otherAuthorities } from './caller-authority.js';
import { secretClientId } from './client-id.js';
import {
  enrolmentKey,
  fingerprintOf,
  type HeldEnrolment,
  keepReceipt,
  loadEnrolment,
  rememberToken,
} from './enrolment.js';
import { followFiles } from './followed-files.js';
import { envelopeType, type JwsHeader, signJws } from './jws.js';
import { checkNewcomerAccount } from './newcomer-account.js';
import { loadOwn, type Own, readText } from './own.js';
import { compilePattern } from './pattern.js';
import { verifyReceipt } from './receipt.js';
import type { Security, Signer } from './security.js';
import { type OfferedKey, type Role, SessionKeys } from './session-keys.js';
import { checkTokenTime } from './token.js';
import type { TokenClaims } from './token-claims.js';
import { TokenLedger } from './token-ledger.js';
import { listsOf, type Trust, TrustStore, trustStore } from './trust.js';
import { warnOfEnds } from './validity.js';
import { createVerifier } from './verifier.js';

export { loadOwn, type Own } from './own.js';

/** How a node speaks and whom it obeys. Throws CONFIG_INVALID, FILE_UNREADABLE, CERTIFICATE_INVALID, TOKEN_INVALID. */
export function nodeSecurity(options: {
  readonly config: SecurityConfig;
  readonly broker: BrokerConfig;
  readonly identity: string;
  readonly stateDir: string;
  readonly log?: Logger;
  /** Whether this is only to see if it could: then nothing is written. */
  readonly isTrial?: boolean;
}): Security {
  const { config, broker, identity, log = silentLogger } = options;
  if (config.mode === 'none') return openSecurity('node', identity, broker);
  if (config.mode === 'token') return enrollingSecurity({ ...options, log });
  const own = followOwn(config, broker, log, (name) => {
    checkCertificateName(name);
    if (name === identity) return;
    throw new TroupeError(
      'CONFIG_INVALID',
      `identity is "${identity}", but the name in the certificate is "${name}": they must be the same`,
    );
  });
  const trust = followCallerTrust(config, log, (store) => {
    const others = config.callers.authorities ? [] : otherAuthorities(store);
    if (others.length > 0)
      log.warn(
        { others },
        'the CA file for callers contains several CAs, and callers are accepted from the first one only: set security.callers.authorities',
      );
  });
  const sessionKeys = sessionKeysOf('node', own);
  return {
    signer: signerOf(own().own.name, own, sessionKeys),
    verifier: createVerifier({
      certificates: { trust, names: compilePattern(config.callers.match, 'security.callers.match') },
      sessionKeys,
    }),
    sessionKeys,
    credentials: credentialsOf(own, config, () => secretClientId(identity, own().own.key)),
    expires: () => expiryOf(own().own),
  };
}

/** How a client speaks and which nodes it believes. Throws as nodeSecurity does. */
export function clientSecurity(options: {
  readonly config: SecurityConfig;
  readonly broker: BrokerConfig;
  /** The caller's name in `none` mode; the certificate's otherwise. */
  readonly name: string;
  readonly log?: Logger;
}): Security {
  const { config, broker, log = silentLogger } = options;
  if (config.mode === 'none') return openSecurity('caller', options.name, broker);
  if (config.mode === 'token')
    throw new TroupeError(
      'CONFIG_INVALID',
      'security.mode: token is only for nodes; a client needs a certificate (mode x509)',
    );
  const names = compilePattern(config.callers.match, 'security.callers.match');
  const own = followOwn(config, broker, log, (name) => {
    checkCertificateName(name);
    if (names.test(name)) return;
    throw new TroupeError(
      'CALLER_DENIED',
      `the certificate name "${name}" does not match security.callers.match (${config.callers.match}), so nodes would reject every request: use the certificate of a caller`,
    );
  });
  checkTime(own().own, String(config.certificate));
  warnOfEnds(config, log);
  const trust = followTrust(config.ca, 'security.ca', config.crl, log);
  const callers = followCallerTrust(config, log);
  const sessionKeys = sessionKeysOf('caller', own);
  // Not the session, which nodes read in requests: they could disconnect the client by it.
  const clientId = `${own().own.name}:${randomBytes(8).toString('hex')}`;
  return {
    signer: signerOf(own().own.name, own, sessionKeys),
    verifier: createVerifier({
      certificates: { trust },
      sessionKeys,
      tokens: { trust: callers, issuers: config.callers.match, ledger: ledgerOf(config) },
    }),
    sessionKeys,
    credentials: credentialsOf(own, config, () => clientId),
    expires: () => expiryOf(own().own),
  };
}

function enrollingSecurity({
  config,
  identity,
  stateDir,
  log,
  isTrial = false,
}: {
  readonly config: SecurityConfig;
  readonly identity: string;
  readonly stateDir: string;
  readonly log: Logger;
  readonly isTrial?: boolean;
}): Security {
  let held = loadEnrolment(config, stateDir, isTrial ? {} : { log });
  const { token, claims } = held;
  if (isTrial && !held.receipt) checkTokenTime(claims);
  const { key, keep } = enrolmentKey(stateDir, { log, isTrial });
  const fingerprint = fingerprintOf(key);
  if (!isTrial) rememberToken(stateDir, config, log);
  const issuers = claims.callers;
  const names = compilePattern(issuers, "the enrolment token's callers");
  const trust = new TrustStore({ ca: claims.ca });
  // One for another key or name is worse than none: it would be refused.
  if (held.receipt && (held.receipt.claims.key !== fingerprint || held.receipt.claims.name !== identity))
    held = { token, claims };
  const ownOf = ({ receipt }: HeldEnrolment) =>
    signingKey(key, receipt ? { receipt: receipt.text } : { token });
  let own = ownOf(held);
  const sessionKeys = sessionKeysOf('node', () => own);
  return {
    signer: signerOf(identity, () => own, sessionKeys),
    verifier: createVerifier({ certificates: { trust, names }, sessionKeys }),
    sessionKeys,
    credentials: claims.account
      ? sharedCredentials(claims, claims.account, identity, own.key)
      : tokenCredentials(claims, identity, token, () => held.receipt?.text),
    expires: () => Math.max(claims.exp, held.receipt?.claims.exp ?? 0) * 1000,
    acceptReceipt: async (text) => {
      const receipt = await verifyReceipt(text, { trust, issuers, key: fingerprint, name: identity });
      if (receipt.token !== claims.jti || receipt.collective !== claims.collective)
        throw new TroupeError('TOKEN_INVALID', 'the receipt of the enrolment is for another token');
      // Without its key it would be of no use after a restart.
      keep();
      keepReceipt(stateDir, text);
      held = { token, claims, receipt: { text, claims: receipt } };
      own = ownOf(held);
    },
  };
}

// The broker checks the token; it may be older than receipts.
function tokenCredentials(
  claims: TokenClaims,
  identity: string,
  token: string,
  receipt: () => string | undefined,
): Credentials {
  const receiptOfLate = () => (Date.now() / 1000 > claims.exp ? receipt() : undefined);
  return {
    tls: { ca: [claims.ca] },
    username: identity,
    get password() {
      return receiptOfLate() ?? token;
    },
    get onRefusal() {
      return Date.now() / 1000 > claims.exp && receipt() === undefined
        ? `the enrolment token expired at ${new Date(claims.exp * 1000).toISOString()}`
        : `the enrolment token ${claims.jti} may be revoked or used up: see the log of the broker`;
    },
  };
}

// The broker knows an account that all new machines share, and is not shown the token.
function sharedCredentials(
  claims: TokenClaims,
  given: NonNullable<TokenClaims['account']>,
  identity: string,
  ownKey: KeyObject,
): Credentials {
  const { name, certificate, key } = checkNewcomerAccount(given);
  return {
    tls: { ca: [claims.ca], certificate, key },
    clientId: secretClientId(identity, ownKey, name),
    onRefusal: `the broker may not know the account "${name}" of the enrolment token: see "mco broker config --newcomers", and the log of the broker`,
  };
}

function openSecurity(role: Role, name: string, broker: BrokerConfig): Security {
  const remote = broker.urls.find((url) => !isLoopback(url));
  if (remote !== undefined) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `security.mode "none" is only allowed with a broker on this machine: ${remote} is not a loopback address`,
    );
  }
  const own = signingKey(generateKeyPairSync('ed25519').privateKey);
  const sessionKeys = sessionKeysOf(role, () => own);
  return {
    signer: signerOf(name, () => own, sessionKeys),
    verifier: createVerifier({ anybody: true, sessionKeys }),
    sessionKeys,
    credentials: {},
  };
}

function ledgerOf({ tokens }: SecurityConfig): TokenLedger {
  const { revoked, ledger } = tokens;
  // Without a ledger of its own a client leaves the counting to the broker.
  return new TokenLedger({
    uncounted: 'take',
    ...(revoked === undefined ? {} : { revoked }),
    ...(ledger === undefined ? {} : { file: ledger }),
  });
}

/** What this process shows of itself: its certificate, and the CAs that the broker must be from. */
interface Self extends SigningKey {
  readonly own: Own;
  readonly ca: readonly string[];
}

// A certificate is renewed file by file: until key and certificate fit together again, the old ones stay.
function followOwn(
  config: SecurityConfig,
  broker: BrokerConfig,
  log: Logger,
  checkName: (name: string) => void,
): () => Self {
  const [caFile, caKey] = broker.ca === undefined ? [config.ca, 'security.ca'] : [broker.ca, 'broker.ca'];
  return followFiles({
    files: [config.certificate, config.key, caFile],
    what: 'the certificate of this process',
    log,
    read: () => {
      const own = loadOwn(config);
      checkName(own.name);
      const header = { typ: envelopeType, x5c: own.chain };
      const [leaf = ''] = own.chain;
      const fingerprint = createHash('sha256').update(Buffer.from(leaf, 'base64')).digest('hex');
      return { own, key: own.key, ca: [readText(caFile, caKey, config)], header, fingerprint };
    },
  });
}

function followTrust(
  ca: string | undefined,
  what: string,
  crl: string | undefined,
  log: Logger,
  narrow: (store: TrustStore) => Trust = (store) => store,
): Trust {
  const read = () => narrow(readTrust(ca, what, crl));
  const trust = followFiles({ files: [ca, crl], what, log, read });
  return { check: (chain, now) => trust().check(chain, now) };
}

function followCallerTrust(
  { ca, crl, callers }: SecurityConfig,
  log: Logger,
  checked: (store: TrustStore) => void = () => undefined,
): Trust {
  return followTrust(callers.ca ?? ca, 'security.callers.ca', crl, log, (store) => {
    checked(store);
    return callerTrust(store, callers.authorities);
  });
}

function readTrust(caFile: string | undefined, what: string, crlFile: string | undefined): TrustStore {
  const ca = readText(caFile, what);
  if (crlFile === undefined) return trustStore({ ca });
  const crl = listsOf(ca, readText(crlFile, 'security.crl'));
  if (crl === '') {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `security.crl: ${crlFile} contains no revocation list of a CA in ${what}, so revoked certificates would be accepted`,
    );
  }
  return trustStore({ ca, crl });
}

/** What a process signs with, as of now. */
interface SigningKey {
  readonly key: KeyObject;
  readonly header: JwsHeader;
  /** What the other end knows it by: see Author. */
  readonly fingerprint: string;
}

function signerOf(name: string, self: () => SigningKey, sessionKeys: SessionKeys): Signer {
  const offering = offeringHeaders();
  return {
    name,
    sign: async (payload, protection) => {
      if (protection?.as === 'sealed') return sessionKeys.seal(payload, protection.peer);
      const { key, header } = self();
      if (!protection) return signJws(payload, key, header);
      if (protection.peer) protection.peer.isAnswered = true;
      return signJws(payload, key, offering(header, sessionKeys.offer, protection.acknowledged ?? false));
    },
  };
}

// The same objects as long as certificate and key are the same: a header is encoded once.
function offeringHeaders(): (header: JwsHeader, epk: OfferedKey, acknowledged: boolean) => JwsHeader {
  let made: { header: JwsHeader; epk: OfferedKey; signed: JwsHeader; acknowledged: JwsHeader } | undefined;
  return (header, epk, acknowledged) => {
    if (made?.header !== header || made.epk !== epk)
      made = { header, epk, signed: { ...header, epk }, acknowledged: { ...header, epk, met: true } };
    return acknowledged ? made.acknowledged : made.signed;
  };
}

/** Seconds; a caller's end first, so that a node still knows what it is asked with. */
const lifetimes: Readonly<Record<Role, number>> = { caller: 12 * 3600, node: 24 * 3600 };
/** A node has few callers at a time, a caller many nodes. */
const mostPeers: Readonly<Record<Role, number>> = { caller: 20_000, node: 64 };

function sessionKeysOf(role: Role, self: () => Pick<SigningKey, 'fingerprint'>): SessionKeys {
  const own = () => self().fingerprint;
  return new SessionKeys({ role, own, most: mostPeers[role], lifetime: lifetimes[role] });
}

// Read at each connect, so that a certificate which was renewed in the meantime is used.
function credentialsOf(
  self: () => Self,
  { certificate }: SecurityConfig,
  clientId: () => string,
): Credentials {
  return {
    get clientId() {
      return clientId();
    },
    get tls() {
      const { own, ca } = self();
      return { ca, certificate: own.certificatePem, key: own.keyPem };
    },
    get onRefusal() {
      return hintOfCertificate(self().own, String(certificate));
    },
  };
}

function checkCertificateName(name: string): void {
  const fault = certificateNameFault(name);
  if (fault !== undefined) throw new TroupeError('IDENTITY_INVALID', fault);
}

function hintOfCertificate(own: Own, file: string): string {
  return (
    timeFault(own, file) ?? `see the log of the broker for the reason; the certificate used is "${own.name}"`
  );
}

// A broker refuses such a certificate in words that rarely name the reason, and only after a while.
function checkTime(own: Own, file: string): void {
  const fault = timeFault(own, file);
  if (fault !== undefined) throw new TroupeError('CERTIFICATE_INVALID', fault);
}

function timeFault({ certificatePem }: Own, file: string): string | undefined {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  const [from, to, now] = [Date.parse(validFrom), Date.parse(validTo), Date.now()];
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  if (now > to) return `the certificate ${file} expired on ${time(to)}: renew it`;
  if (now < from)
    return `the certificate ${file} is not valid before ${time(from)}; the clock of this machine is at ${time(now)}`;
  return undefined;
}

function expiryOf({ certificatePem }: Own): number {
  return Date.parse(new X509Certificate(certificatePem).validTo);
}

function signingKey(key: KeyObject, more: Pick<JwsHeader, 'token' | 'receipt'> = {}): SigningKey {
  const publicKey = createPublicKey(key);
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  return { key, header: { typ: envelopeType, jwk, ...more }, fingerprint: fingerprintOf(publicKey) };
}

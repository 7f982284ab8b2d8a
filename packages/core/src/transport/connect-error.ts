import { messageOf, systemReasonOf, TroupeError } from '../errors.js';

/** Why an attempt to connect failed; the broker may be older than the version of MQTT that was tried. */
export type ConnectFailure = TroupeError & { isVersionRefusal?: boolean; isNameTaken?: boolean };

/** An attempt to connect that failed. */
export interface Attempt {
  readonly url: string;
  /** Where the URL is configured: `broker.urls in FILE`. */
  readonly setting: string;
  readonly version: 4 | 5;
  /** What a refusal by the broker may mean. */
  readonly hint: string | undefined;
}

/** What MQTT.js or the network says, with what to do where it is known. */
export function connectError(
  error: Error & { code?: number | string },
  { url, setting, version, hint }: Attempt,
): ConnectFailure {
  if (typeof error.code !== 'number') {
    const why = reasonOfNetwork(error, url, setting);
    // The broker ended the TLS handshake because of what it was shown of us.
    const words = error.code?.includes('ALERT') ? hinted(why, hint) : why;
    return new TroupeError('BROKER_UNREACHABLE', `${url}: ${words}`, { cause: error });
  }
  // CONNACK 2 (3.1.1) and 0x85 (5.0): the embedded broker answers so to the second of two machines with one name.
  if (error.code === 2 || error.code === 133) {
    const remedy = 'give each machine its own identity and certificate';
    const failure: ConnectFailure = new TroupeError(
      'BROKER_REFUSED',
      `${url} refused the client identifier: another machine with this identity is connected (${remedy}), or the broker does not permit it`,
      { cause: error },
    );
    failure.isNameTaken = true;
    return failure;
  }
  const failure: ConnectFailure = new TroupeError(
    'BROKER_REFUSED',
    hinted(`${url} refused the connection: ${messageOf(error).replace(/^Connection refused: /, '')}`, hint),
    { cause: error },
  );
  // CONNACK 1 (3.1.1) and 0x84 (5.0): unsupported protocol version.
  failure.isVersionRefusal = version === 5 && (error.code === 1 || error.code === 132);
  return failure;
}

/** The broker closed the connection instead of an answer. */
export function closedEarly({ url, version, hint }: Attempt): ConnectFailure {
  const failure: ConnectFailure = new TroupeError(
    'BROKER_REFUSED',
    hinted(`${url} closed the connection before accepting it`, hint),
  );
  failure.isVersionRefusal = version === 5;
  return failure;
}

function hinted(words: string, hint: string | undefined): string {
  return hint === undefined ? words : `${words} (${hint})`;
}

function reasonOfNetwork(
  error: Error & { code?: number | string; address?: string },
  url: string,
  setting: string,
): string {
  const code = String(error.code ?? '');
  const words = systemReasonOf(error) || code;
  if (!isAboutCertificate(code)) {
    const { address } = error;
    const where = address === undefined || url.includes(address) ? '' : ` at ${address}`;
    const remedy = networkRemedies[code];
    return `${words}${where}${remedy === undefined ? '' : ` (${remedy(setting)})`}`;
  }
  return `cannot verify the certificate of the broker: ${words}${remedies[code] ?? ''}`;
}

// The codes of Node's TLS for a certificate of the other side that it does not accept.
function isAboutCertificate(code: string): boolean {
  return /^(CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERR_TLS_CERT_)/.test(code);
}

const remedyOfRefusal = (setting: string) => `check that the broker is running, and check ${setting}`;
/** What to do if a broker does not respond at all. */
export const remedyOfSilence = (setting: string) =>
  `check the network and firewalls on the way, and ${setting}`;

const networkRemedies: Readonly<Record<string, (setting: string) => string>> = {
  ECONNREFUSED: remedyOfRefusal,
  ECONNRESET: (setting) => `check that mqtt:// or mqtts:// is right in ${setting}`,
  EHOSTUNREACH: remedyOfSilence,
  ENETUNREACH: remedyOfSilence,
  ETIMEDOUT: remedyOfSilence,
  ENOTFOUND: (setting) => `check the host name in ${setting}, and DNS`,
  EAI_AGAIN: () => 'check DNS on this machine',
};

const otherCa = ' (it must be signed by the CA in broker.ca, or in security.ca if broker.ca is not set)';

const remedies: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: ' (renew it on the broker; if it has not expired, the clock of this machine is wrong)',
  CERT_NOT_YET_VALID: ' (the clock of this machine or of the CA is wrong)',
  DEPTH_ZERO_SELF_SIGNED_CERT: otherCa,
  SELF_SIGNED_CERT_IN_CHAIN: otherCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: otherCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: otherCa,
  ERR_TLS_CERT_ALTNAME_INVALID: ' (in broker.urls, use a host name that is in the certificate)',
};

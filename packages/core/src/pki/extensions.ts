import { isIP } from 'node:net';
import { TroupeError } from '../errors.js';
import {
  bits,
  boolean,
  children,
  content,
  decode,
  type Element,
  encode,
  octets,
  oid,
  oidOf,
  sequence,
  tagged,
  textOf,
} from './der.js';

export const extensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

export function extension(type: string, value: Element, critical = false): Element {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(encode(value)));
}

export function basicConstraints(isCa: boolean): Element {
  return extension(extensionOid.basicConstraints, isCa ? sequence(boolean(true)) : sequence(), true);
}

// RFC 5280 §4.2.1.3: the bits count from the left.
const usageBits = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export type KeyUsage = keyof typeof usageBits;

export function keyUsage(...usages: readonly KeyUsage[]): Element {
  const positions = usages.map((usage) => usageBits[usage]);
  const byte = positions.reduce<number>((sum, position) => sum | (0x80 >> position), 0);
  return extension(extensionOid.keyUsage, bits(Buffer.of(byte), 7 - Math.max(...positions)), true);
}

/** For both ends of TLS. */
export function tlsUsage(): Element {
  const serverAuth = '1.3.6.1.5.5.7.3.1';
  const clientAuth = '1.3.6.1.5.5.7.3.2';
  return extension(extensionOid.extendedKeyUsage, sequence(oid(serverAuth), oid(clientAuth)));
}

export function subjectKeyIdentifier(identifier: Buffer): Element {
  return extension(extensionOid.subjectKeyIdentifier, octets(identifier));
}

export function authorityKeyIdentifier(identifier: Buffer): Element {
  return extension(extensionOid.authorityKeyIdentifier, sequence(tagged(0, identifier)));
}

export function subjectAltName(dnsNames: readonly string[], ipAddresses: readonly string[]): Element {
  return extension(
    extensionOid.subjectAltName,
    sequence(
      ...dnsNames.map((name) => tagged(2, Buffer.from(name, 'latin1'))),
      ...ipAddresses.map((address) => tagged(7, addressBytes(address))),
    ),
  );
}

/** The alternative names in OpenSSL's writing (`DNS:a`, `IP:127.0.0.1`); a kind that is not known still counts. */
export function altNamesOf(value: Buffer): string[] {
  return children(decode(value)).map((name) => {
    if (Array.isArray(name.value)) return `other:${name.type}`;
    const bytes = content(name);
    if (name.type === 7) return `IP:${addressText(bytes)}`;
    const kind = { 1: 'email', 2: 'DNS', 6: 'URI' }[name.type as number] ?? `other:${name.type}`;
    return `${kind}:${bytes.toString('latin1')}`;
  });
}

/** The extensions of a list, by OID: the DER inside. An OID that occurs twice is refused. */
export function extensionsOf(list: Element | undefined): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const item of children(list)) {
    const parts = children(item);
    const type = oidOf(parts[0]);
    if (found.has(type)) throw new TroupeError('CERTIFICATE_INVALID', `extension ${type} occurs twice`);
    found.set(type, content(parts.at(-1)));
  }
  return found;
}

/** The text in an extension's value, as Puppet's own have it; base64 of the DER where it is no text. */
export function extensionText(value: Buffer): string {
  try {
    return textOf(decode(value)) ?? value.toString('base64');
  } catch {
    // OpenSSL's `DER:` and `ASN1:` extensions may hold anything.
    return value.toString('base64');
  }
}

function addressBytes(address: string): Buffer {
  const version = isIP(address);
  if (version === 4) return Buffer.from(address.split('.').map(Number));
  if (version !== 6) throw new TroupeError('CERTIFICATE_INVALID', `"${address}" is not an IP address`);
  // The URL parser writes every IPv6 address in hex groups.
  const host = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [head = '', tail] = host.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = !tail ? [] : tail.split(':');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  const groups = [...left, ...(tail === undefined ? [] : zeros), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return (bytes.toString('hex').match(/.{4}/g) ?? []).map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}

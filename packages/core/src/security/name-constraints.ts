import type { X509Certificate } from 'node:crypto';
import { subjectOf } from '../pki/certificate.js';
import { children, content, decode, type Element, isTagged, oidOf, textOf } from '../pki/der.js';
import { onOneLine } from '../pki/name.js';
import { invalid, nameExtensionsOf } from './path-constraints.js';

// The kinds of a GeneralName (RFC 5280, 4.2.1.6).
const kinds = { email: 1, dns: 2, directory: 4, address: 7 } as const;
const kindNames: Readonly<Record<number, string>> = { 1: 'email', 2: 'DNS', 4: 'DirName', 6: 'URI', 7: 'IP' };

interface Name {
  readonly kind: number;
  readonly bytes: Buffer;
  /** Of a directory name: its parts, each in a form to compare. */
  readonly parts: readonly string[];
}

/**
 * RFC 5280, 4.2.1.10: the names of a certificate are within the name constraints of the CAs above it. The common name
 * of a leaf is what Troupe believes, so it counts as a DNS name. Constraints on e-mail addresses, URIs and other names
 * cannot be checked: a certificate with such a name is refused. Throws CERTIFICATE_INVALID.
 */
export function checkNames(
  certificate: X509Certificate,
  above: readonly X509Certificate[],
  commonName: string | undefined,
): void {
  // A CA may certify a new key of its own under a name that it may not give to others.
  if (commonName === undefined && certificate.subject === certificate.issuer) return;
  let names: readonly Name[] | undefined;
  for (const ca of above) {
    const { constraints } = nameExtensionsOf(ca);
    if (!constraints) continue;
    names ??= namesOf(certificate, commonName);
    const parts = children(decode(constraints));
    const permitted = subtreesOf(ca, parts, 0);
    const excluded = subtreesOf(ca, parts, 1);
    for (const name of names) {
      const ofKind = permitted.filter(({ kind }) => kind === name.kind);
      const isPermitted = ofKind.length === 0 || ofKind.some((base) => isWithin(name, base));
      if (isPermitted && !excluded.some((base) => base.kind === name.kind && isWithin(name, base, true)))
        continue;
      throw invalid(
        certificate,
        `has the name ${textOfName(name)}, which the name constraints of the CA "${onOneLine(ca.subject)}" do not permit: use a name that they permit, or another CA`,
      );
    }
  }
}

function namesOf(certificate: X509Certificate, commonName: string | undefined): Name[] {
  const names: Name[] = [];
  if (commonName !== undefined) names.push({ kind: kinds.dns, bytes: Buffer.from(commonName), parts: [] });
  const { altNames } = nameExtensionsOf(certificate);
  if (altNames) names.push(...children(decode(altNames)).map(nameOf));
  const subject = subjectOf(certificate.raw);
  if (children(subject).length > 0)
    names.push({ kind: kinds.directory, bytes: Buffer.alloc(0), parts: partsOf(subject) });
  for (const line of certificate.subject?.split('\n') ?? [])
    if (line.startsWith('emailAddress='))
      names.push({ kind: kinds.email, bytes: Buffer.from(line.slice('emailAddress='.length)), parts: [] });
  return names;
}

function nameOf(element: Element): Name {
  const kind = element.type;
  if (kind === kinds.directory) return { kind, bytes: Buffer.alloc(0), parts: partsOf(children(element)[0]) };
  return { kind, bytes: Array.isArray(element.value) ? Buffer.alloc(0) : content(element), parts: [] };
}

// Case and spacing of a value do not count (RFC 5280, 7.1).
function partsOf(name: Element | undefined): string[] {
  return children(name).map((rdn) =>
    children(rdn)
      .map((attribute) => {
        const [type, value] = children(attribute);
        const text = textOf(value)?.trim().replace(/\s+/g, ' ').toLowerCase();
        return JSON.stringify([oidOf(type), text]);
      })
      .sort()
      .join(),
  );
}

function subtreesOf(ca: X509Certificate, parts: readonly Element[], tag: number): Name[] {
  const list = parts.find((part) => isTagged(part, tag));
  if (!list) return [];
  return children(list).map((subtree) => {
    const [base, ...distances] = children(subtree);
    if (!base || distances.length > 0)
      throw invalid(ca, 'has name constraints with a minimum or maximum, which is not supported');
    return nameOf(base);
  });
}

function isWithin(name: Name, base: Name, ifUnknown = false): boolean {
  if (base.kind === kinds.dns) {
    const [text, end] = [textOfBytes(name), textOfBytes(base)];
    if (end === '' || text === end) return true;
    return text.endsWith(end.startsWith('.') ? end : `.${end}`);
  }
  if (base.kind === kinds.directory) return base.parts.every((part, index) => name.parts[index] === part);
  if (base.kind === kinds.address) {
    const { length } = name.bytes;
    if (base.bytes.length !== 2 * length) return false;
    const mask = base.bytes.subarray(length);
    return name.bytes.every((byte, at) => ((byte ^ (base.bytes[at] ?? 0)) & (mask[at] ?? 0)) === 0);
  }
  return ifUnknown;
}

function textOfBytes({ bytes }: Name): string {
  return bytes.toString('latin1').toLowerCase();
}

function textOfName({ kind, bytes, parts }: Name): string {
  const label = kindNames[kind] ?? `other:${kind}`;
  if (kind === kinds.directory) return `${label}:${parts.join(', ')}`;
  return `${label}:${kind === kinds.address ? [...bytes].join('.') : bytes.toString('latin1')}`;
}

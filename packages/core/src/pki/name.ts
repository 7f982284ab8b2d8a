import { children, type Element, oid, oidOf, sequence, set, textOf, utf8 } from './der.js';

const commonNameOid = '2.5.4.3';

// The short names that OpenSSL and node:crypto print.
const shortNames: Readonly<Record<string, string>> = {
  [commonNameOid]: 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** A distinguished name of a common name alone. */
export function nameOf(commonName: string): Element {
  return sequence(set(sequence(oid(commonNameOid), utf8(commonName))));
}

function pairs(name: Element | undefined): [string, string][] {
  return children(name).flatMap((rdn) =>
    children(rdn).map((attribute): [string, string] => {
      const [type, value] = children(attribute);
      return [oidOf(type), textOf(value) ?? ''];
    }),
  );
}

/** The common name; nothing where there is none, or more than one. */
export function commonNameOf(name: Element | undefined): string | undefined {
  const [first, ...others] = pairs(name).filter(([type]) => type === commonNameOid);
  return others.length === 0 ? first?.[1] : undefined;
}

/** A name in the form of node:crypto's X509Certificate: one `CN=value` on a line. */
export function textOfName(name: Element | undefined): string {
  return pairs(name)
    .map(([type, value]) => `${shortNames[type] ?? type}=${value}`)
    .join('\n');
}

/** A name in the form of X509Certificate on one line, for a message. */
export function onOneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}

/** The common name of a certificate, or all of its subject where it has none, for a message. */
export function displayName({ subject }: { readonly subject: string }): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? onOneLine(subject);
}

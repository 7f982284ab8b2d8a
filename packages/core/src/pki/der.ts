import commonJs from '../commonjs.cjs';
import { TroupeError } from '../errors.js';

const asn1 = commonJs.asn1();
const { Class, Type } = asn1;

/** An element of ASN.1, as node-forge has it: that and its types stay behind this file. */
export interface Element {
  tagClass: number;
  type: number;
  constructed: boolean;
  composed: boolean;
  value: string | Element[];
}

export function sequence(...items: readonly Element[]): Element {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items]);
}

export function set(...items: readonly Element[]): Element {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, [...items]);
}

export function boolean(value: boolean): Element {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, value ? '\xff' : '\x00');
}

/** A positive integer of any length, given in hex. */
export function integer(hex: string): Element {
  const digits = hex.replace(/^0+(?=.)/, '');
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  // A leading bit of one would make it negative.
  const bytes = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, Buffer.from(bytes, 'hex').toString('latin1'));
}

export function oid(dotted: string): Element {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

export function empty(): Element {
  return asn1.create(Class.UNIVERSAL, Type.NULL, false, '');
}

export function utf8(text: string): Element {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, Buffer.from(text, 'utf8').toString('latin1'));
}

export function octets(value: Buffer): Element {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, value.toString('latin1'));
}

/** A BIT STRING; `unused` counts the bits of the last byte that do not belong to it. */
export function bits(value: Buffer, unused = 0): Element {
  const content = String.fromCharCode(unused) + value.toString('latin1');
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, content);
}

/** A point in time, in the form that RFC 5280 §4.1.2.5 asks for; whole seconds. */
export function time(date: Date): Element {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

/** `[number]` around elements, or instead of the tag of a plain value. */
export function tagged(number: number, value: readonly Element[] | Buffer): Element {
  return Buffer.isBuffer(value)
    ? asn1.create(Class.CONTEXT_SPECIFIC, number, false, value.toString('latin1'))
    : asn1.create(Class.CONTEXT_SPECIFIC, number, true, [...value]);
}

export function encode(element: Element): Buffer {
  return Buffer.from(asn1.toDer(element).getBytes(), 'latin1');
}

// The declared type knows only the older second argument.
const fromDer = asn1.fromDer as unknown as (
  bytes: string,
  options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean },
) => Element;

/** Reads DER; throws CERTIFICATE_INVALID. Bit strings are left as they are. */
export function decode(der: Buffer): Element {
  try {
    return fromDer(der.toString('latin1'), {
      strict: true,
      parseAllBytes: true,
      decodeBitStrings: false,
    });
  } catch (cause) {
    throw malformed('not DER', cause);
  }
}

export function malformed(what: string, cause?: unknown): TroupeError {
  return new TroupeError('CERTIFICATE_INVALID', `malformed ASN.1: ${what}`, { cause });
}

/** The elements inside a constructed one. */
export function children(element: Element | undefined): readonly Element[] {
  if (!element || !Array.isArray(element.value)) throw malformed('elements are missing');
  return element.value;
}

/** The bytes of a plain value. */
export function content(element: Element | undefined): Buffer {
  if (!element || typeof element.value !== 'string') throw malformed('a value is missing');
  return Buffer.from(element.value, 'latin1');
}

/** Whether this is `[number]`. */
export function isTagged(element: Element | undefined, number: number): boolean {
  return element?.tagClass === Class.CONTEXT_SPECIFIC && element.type === number;
}

/** Whether this is the BOOLEAN true. */
export function isTrue(element: Element | undefined): boolean {
  return element?.tagClass === Class.UNIVERSAL && element.type === Type.BOOLEAN && content(element)[0] !== 0;
}

export function isInteger(element: Element | undefined): boolean {
  return element?.tagClass === Class.UNIVERSAL && element.type === Type.INTEGER;
}

export function isTime(element: Element | undefined): boolean {
  if (element?.tagClass !== Class.UNIVERSAL) return false;
  return element.type === Type.UTCTIME || element.type === Type.GENERALIZEDTIME;
}

export function oidOf(element: Element | undefined): string {
  if (element?.tagClass !== Class.UNIVERSAL || element.type !== Type.OID) {
    throw malformed('an object identifier is missing');
  }
  return asn1.derToOid(content(element).toString('latin1'));
}

export function dateOf(element: Element | undefined): Date {
  const text = content(element).toString('latin1');
  const date = element?.type === Type.UTCTIME ? asn1.utcTimeToDate(text) : asn1.generalizedTimeToDate(text);
  if (Number.isNaN(date.getTime())) throw malformed(`"${text}" is not a time`);
  return date;
}

/** The text of any of ASN.1's string types, or nothing where the element is none. */
export function textOf(element: Element | undefined): string | undefined {
  if (!element || element.tagClass !== Class.UNIVERSAL || typeof element.value !== 'string') return;
  if (element.type === Type.UTF8) return content(element).toString('utf8');
  if (element.type === Type.BMPSTRING) return content(element).swap16().toString('utf16le');
  // NumericString, PrintableString, TeletexString, IA5String, VisibleString: one byte for each character.
  return [18, 19, 20, 22, 26].includes(element.type) ? element.value : undefined;
}

/** The bytes of a BIT STRING that consists of whole bytes. */
export function bitsOf(element: Element | undefined): Buffer {
  const bytes = content(element);
  if (element?.type !== Type.BITSTRING || bytes[0] !== 0) throw malformed('a bit string is missing');
  return bytes.subarray(1);
}

/** A number in hex as node:crypto writes serial numbers: upper case, whole bytes, no needless ones. */
export function hexOf(element: Element | undefined): string {
  const hex = content(element).toString('hex').toUpperCase();
  return hex.replace(/^(?:00)+(?=..)/, '');
}

/** The first element inside the outermost one, byte for byte: what a signature is made over. */
export function signedPart(der: Buffer): Buffer {
  const start = header(der, 0).start;
  return der.subarray(start, header(der, start).end);
}

function header(der: Buffer, offset: number): { start: number; end: number } {
  const first = der[offset + 1];
  if (first === undefined) throw malformed('unexpected end of data');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 6) throw malformed('a length is out of range');
  const start = offset + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : der.readUIntBE(offset + 2, lengthBytes);
  if (start + length > der.length) throw malformed('unexpected end of data');
  return { start, end: start + length };
}

import type { CertificateState, CertificateStatus } from '../ca.js';
import { CaError } from '../error.js';

/** Reads the JSON in which Puppet Server describes a request or a certificate; throws UNEXPECTED. */
export function statusFromJson(json: unknown): CertificateStatus {
  const { name, state, fingerprints, ...rest } = record(json);
  if (typeof name !== 'string' || !isState(state)) {
    throw new CaError('UNEXPECTED', 'The CA returned a certificate status without name or state');
  }
  const sha256 = record(fingerprints ?? {}).SHA256;
  if (typeof sha256 !== 'string') {
    throw new CaError('UNEXPECTED', `The CA returned no SHA-256 fingerprint of ${name}`);
  }
  return {
    certname: name,
    state,
    fingerprint: sha256,
    serial: serial(rest.serial_number),
    not_before: date(rest.not_before),
    not_after: date(rest.not_after),
    subject_alt_names: names(rest.subject_alt_names ?? rest.dns_alt_names),
    authorization_extensions: texts(rest.authorization_extensions),
  };
}

function record(json: unknown): Record<string, unknown> {
  return json !== null && typeof json === 'object' ? (json as Record<string, unknown>) : {};
}

function isState(value: unknown): value is CertificateState {
  return value === 'requested' || value === 'signed' || value === 'revoked';
}

function serial(value: unknown): string | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const hex = BigInt(value).toString(16).toUpperCase();
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

// "2026-11-21T17:16:58UTC"
function date(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const time = Date.parse(value.replace(/UTC$/, 'Z'));
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((name) => typeof name === 'string'))] : [];
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, text]) => [key, String(text)]));
}

import { createHash } from 'node:crypto';
import { TroupeError } from '../errors.js';

const block = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*?)-----END \1-----/;

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The DER of the first block; throws CERTIFICATE_INVALID where there is none, or none with one of `labels`. */
export function fromPem(pem: string, ...labels: readonly string[]): Buffer {
  const [, label = '', base64 = ''] = block.exec(pem) ?? [];
  if (label === '' || (labels.length > 0 && !labels.includes(label))) {
    const wanted = labels[0] ?? 'PEM';
    throw new TroupeError('CERTIFICATE_INVALID', `expected a ${wanted} block, got ${label || 'none'}`);
  }
  return Buffer.from(base64, 'base64');
}

/** The blocks of a bundle, one PEM each, as TLS options of Node want CRLs. */
export function splitPem(bundle: string): string[] {
  return Array.from(bundle.matchAll(new RegExp(block, 'g')), ([pem]) => `${pem}\n`);
}

/** SHA-256 over the DER of a certificate or CSR, as Puppet prints it: upper-case hex with colons. */
export function sha256Fingerprint(pem: string): string {
  const hex = createHash('sha256').update(fromPem(pem)).digest('hex').toUpperCase();
  return hex.match(/../g)?.join(':') ?? '';
}

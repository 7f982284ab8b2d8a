export { type Ca, createCa, issueCertificate, readCertificate, readExtensions } from './certificate.js';
export { type Crl, createCrl, type Revocation, readCrl } from './crl.js';
export { type Csr, createCsr, readCsr } from './csr.js';
export { generateEcKeyPair, generateKeyPair, type KeyPair } from './keys.js';
export { displayName, onOneLine } from './name.js';
export { sha256Fingerprint, splitPem } from './pem.js';
export { checkRevocation } from './server-revocation.js';

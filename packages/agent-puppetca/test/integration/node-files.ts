import { writeFile } from 'node:fs/promises';
import { createCsr, generateKeyPair, sha256Fingerprint } from '@troupe/core/pki';
import type { TempFolder } from '@troupe/testkit';
import type { OpenCa } from '../../src/ca/open-ca.js';
import { call, type Subject } from '../ca/behaviours.js';

/** The files of an ordinary node, enrolled at this CA. */
export async function nodeFiles(
  open: OpenCa,
  subject: Omit<Subject, 'ca'>,
  folder: TempFolder,
): Promise<{ certificate: string; key: string }> {
  const name = 'node.example.net';
  const { privateKeyPem } = await generateKeyPair();
  const csr = createCsr({ commonName: name, privateKeyPem });
  await call(subject, 'PUT', `certificate_request/${name}`, csr);
  await open.ca.sign(name, sha256Fingerprint(csr));
  const files = { certificate: folder.join('node.pem'), key: folder.join('node.key') };
  await writeFile(files.certificate, (await call(subject, 'GET', `certificate/${name}`)).text);
  await writeFile(files.key, privateKeyPem);
  return files;
}

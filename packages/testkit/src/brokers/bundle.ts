import { readFile, writeFile } from 'node:fs/promises';
import type { TestBrokerOptions } from './broker.js';

/** Writes the file with all CAs that the notes of a generated configuration ask for. */
export async function writeBundle(
  folder: string,
  { pki, newcomers }: Pick<TestBrokerOptions, 'pki' | 'newcomers'>,
): Promise<void> {
  if (!newcomers) return;
  await writeFile(`${folder}/ca-bundle.pem`, `${await readFile(pki.caCertificate, 'utf8')}${newcomers.ca}`);
}

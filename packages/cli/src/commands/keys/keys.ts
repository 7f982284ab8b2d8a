import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { compilePattern, isIdentity, makeCallerKeys } from '@troupe/core';
import { replaceFile } from '@troupe/core/durable-file';
import { sha256Fingerprint } from '@troupe/core/pki';
import { readRegularFile } from '@troupe/core/regular-file';
import type { GlobalOptions } from '../../command-line/options.js';
import { clientConfigIfAny } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco keys. */
export interface KeysOptions extends GlobalOptions {
  readonly json?: true;
  readonly kind: 'rsa' | 'ec' | 'ed25519';
  readonly folder?: string;
  readonly callers?: string;
  readonly broker?: readonly string[];
  readonly cadir?: string;
  readonly makeCa?: true;
}

interface Files {
  readonly key: string;
  readonly csr: string;
  /** Where the certificates of the caller and of the CA are, or must be put. */
  readonly certificate: string;
  readonly ca: string;
  readonly config: string;
}

/** Creates a caller's key and signing request, has the built-in CA sign it if one is named, and prints the remaining steps. */
export async function makeKeys(screen: Screen, name: string, options: KeysOptions): Promise<ExitCode> {
  if (options.makeCa && options.cadir === undefined)
    throw new UsageError('--make-ca requires --cadir FOLDER');
  if (!isIdentity(name))
    throw new UsageError(`"${name}" is not a valid caller name: use a-z, 0-9, ".", "_" and "-"`);
  const folder = resolve(
    options.folder ?? join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'troupe'),
  );
  const files: Files = {
    key: join(folder, `${name}.key`),
    csr: join(folder, `${name}.csr`),
    certificate: join(folder, `${name}.pem`),
    ca: join(folder, 'ca_crt.pem'),
    config: join(folder, 'client.yaml'),
  };
  const pattern =
    options.callers ?? clientConfigIfAny(options)?.security.callers.match ?? '/\\.mcollective$/';
  const signer =
    options.cadir === undefined
      ? undefined
      : await (await import('./built-in-ca.js')).openCa(resolve(options.cadir), name, options);
  // Continues an earlier run without a CA, or one that was interrupted.
  const isUnsigned = signer && existsSync(files.csr) && !existsSync(files.certificate);
  if (!isUnsigned)
    await makeCallerKeys({ name, folder, kind: options.kind, callers: compilePattern(pattern, '--callers') });
  const csr = (await readRegularFile(files.csr)).toString('utf8');
  if (signer) {
    const signed = await signer.sign(csr);
    await replaceFile(files.certificate, signed.certificate, { mode: 0o644 });
    await putCa(files.ca, signed.ca);
  }
  const isConfigured = await configure(files, pattern, options);
  const fingerprint = sha256Fingerprint(csr);
  printKeys(
    screen,
    { name, files, fingerprint, isSigned: signer !== undefined, isConfigured, pattern },
    options,
  );
  return ExitCode.ok;
}

async function putCa(file: string, pem: string): Promise<void> {
  if (existsSync(file) && (await readRegularFile(file)).toString('utf8').trim() !== pem.trim())
    throw new UsageError(`${file} has the certificate of another CA: move the file, or use another --folder`);
  await replaceFile(file, pem, { mode: 0o644 });
}

// An existing configuration is never overwritten.
async function configure(files: Files, pattern: string, { broker }: KeysOptions): Promise<boolean> {
  if (broker === undefined || existsSync(files.config)) return false;
  await replaceFile(files.config, configText(files, pattern, broker), { mode: 0o644 });
  return true;
}

function configText({ key, certificate, ca }: Files, pattern: string, brokers: readonly string[]): string {
  const lines = [
    `broker: { urls: ${JSON.stringify(brokers)} }`,
    'security:',
    `  ca: ${JSON.stringify(ca)}`,
    `  certificate: ${JSON.stringify(certificate)}`,
    `  key: ${JSON.stringify(key)}`,
  ];
  if (pattern !== '/\\.mcollective$/') lines.push(`  callers: { match: ${JSON.stringify(pattern)} }`);
  return `${lines.join('\n')}\n`;
}

interface CreatedKeys {
  readonly name: string;
  readonly files: Files;
  readonly fingerprint: string;
  readonly isSigned: boolean;
  readonly isConfigured: boolean;
  readonly pattern: string;
}

function printKeys(
  screen: Screen,
  { name, files, fingerprint, isSigned, isConfigured, pattern }: CreatedKeys,
  { broker = ['mqtts://mq.example.net:8883'] }: KeysOptions,
): void {
  const { key, csr, certificate, ca, config } = files;
  if (screen.json) {
    screen.json.result({
      name,
      key,
      csr,
      fingerprint,
      certificate,
      ca,
      signed: isSigned,
      config: isConfigured ? config : null,
    });
    return;
  }
  screen.print(`key          ${key}`);
  screen.print(`request      ${csr}`);
  screen.print(`fingerprint  ${fingerprint}`);
  if (isSigned) screen.print(`certificate  ${certificate}\nCA           ${ca}`);
  if (isConfigured) screen.print(`client.yaml  ${config}`);
  if (!isSigned) {
    screen.note(`\nNext: have a CA sign the request, then save`);
    screen.note(`  the certificate as     ${certificate}`);
    screen.note(`  the CA certificate as  ${ca}`);
  }
  if (isConfigured) return;
  screen.note(`\n${config} ${existsSync(config) ? 'exists; it must contain' : 'must contain'}:`);
  for (const line of configText(files, pattern, broker).trimEnd().split('\n')) screen.note(`  ${line}`);
}

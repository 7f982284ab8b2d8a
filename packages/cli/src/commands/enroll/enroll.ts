import { X509Certificate } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { ClientConfig } from '@troupe/client';
import {
  compilePattern,
  isLoopback,
  issueToken,
  loadOwn,
  parseFact,
  readToken,
  TroupeError,
} from '@troupe/core';
import { configFileOf, readNewcomerAccount, readSecret, systemReasonOf } from '@troupe/core/internal';
import { readCertificate } from '@troupe/core/pki';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { GlobalOptions } from '../../command-line/options.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco enroll token. */
export interface TokenOptions extends GlobalOptions {
  readonly collective: string;
  readonly broker?: readonly string[];
  readonly account?: string;
  readonly ttl: number;
  readonly callers?: string;
  readonly ca?: readonly string[];
  readonly uses?: number;
  readonly fact?: readonly string[];
  readonly name?: string;
  readonly replace?: true;
  readonly output?: string;
  readonly json?: true;
}

/** Creates an enrolment token and prints what it allows. */
export async function makeToken(screen: Screen, options: TokenOptions): Promise<ExitCode> {
  const config = readClientConfig(options);
  if (config.security.mode !== 'x509') {
    const file = configFileOf(config) ?? 'the client configuration';
    throw new TroupeError(
      'CONFIG_INVALID',
      `cannot sign a token without a certificate: ${file} sets security.mode to "${config.security.mode}": set security.mode to x509, and security.ca, security.certificate and security.key`,
    );
  }
  const own = loadOwn(config.security);
  const callers = options.callers ?? config.security.callers.match;
  compilePattern(callers, '--callers');
  for (const condition of options.fact ?? []) parseFact(condition);
  const account =
    options.account === undefined ? undefined : readNewcomerAccount(readSecret(options.account, '--account'));
  if (options.name !== undefined) compilePattern(options.name, '--name');
  const token = await issueToken(
    {
      iss: own.name,
      collective: collectiveOf(options),
      brokers: brokersOf(options, config),
      ca: caOf(options, config),
      callers,
      ttlSeconds: options.ttl,
      ...(config.topics.escape ? { escape: true } : {}),
      ...(account && { account: { certificate: account.certificate, key: account.key } }),
      ...(options.uses === undefined ? {} : { uses: options.uses }),
      ...(options.fact === undefined ? {} : { facts: options.fact }),
      ...(options.name === undefined ? {} : { names: options.name }),
      ...(options.replace ? { replace: true } : {}),
    },
    own,
  );
  if (options.output !== undefined) await write(token, options.output);
  if (screen.json) screen.json.result(documentOf(token, options.output));
  else if (options.output === undefined) screen.print(token);
  describeToken(screen, token, new X509Certificate(own.certificatePem), options);
  return ExitCode.ok;
}

function collectiveOf({ collective }: TokenOptions): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(collective)) return collective;
  throw new UsageError(
    `--collective: "${collective}" is not a valid collective name: use a-z, 0-9, "_" and "-"`,
  );
}

function brokersOf({ broker }: TokenOptions, config: ClientConfig): readonly string[] {
  const urls = broker ?? config.broker.urls;
  if (urls.length === 0)
    throw new UsageError('no broker: use --broker, or set broker.urls in the configuration');
  for (const url of urls) {
    if (!/^mqtts?:\/\/[^/\s]+$/.test(url) || !URL.canParse(url)) {
      throw new UsageError(`--broker: "${url}" is not a broker URL, such as mqtts://mq.example.net:8883`);
    }
  }
  return urls;
}

// What broker and callers are from, each certificate once.
function caOf({ ca }: TokenOptions, { security, broker }: ClientConfig): string {
  const files =
    ca ?? [security.callers.ca ?? security.ca, broker.ca ?? security.ca].filter((file) => file !== undefined);
  const certificates = new Set([...new Set(files)].flatMap(certificatesOf));
  if (certificates.size === 0)
    throw new UsageError('no CA: use --ca, or set security.ca in the configuration');
  return [...certificates].map((pem) => `${pem}\n`).join('');
}

function certificatesOf(file: string): readonly string[] {
  let text: string;
  try {
    text = readRegularFileSync(file).toString('utf8');
  } catch (error) {
    throw new UsageError(`--ca: cannot read ${file}: ${systemReasonOf(error)}`);
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new UsageError(`--ca: no certificate in ${file}`);
  for (const pem of blocks) {
    try {
      if (new X509Certificate(pem).ca) continue;
    } catch (cause) {
      throw new TroupeError('CERTIFICATE_INVALID', `--ca: damaged certificate in ${file}`, { cause });
    }
    throw new UsageError(`--ca: a certificate in ${file} is not a CA certificate`);
  }
  return blocks;
}

// Never half a token where a machine might find it, and never one that others can read.
async function write(token: string, file: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, `${token}\n`, { mode: 0o600, flag: 'wx' });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new UsageError(`--output: cannot write ${file}: ${systemReasonOf(error)}`);
  }
}

// The token itself is in the document only if it was not written to a file.
function documentOf(token: string, file: string | undefined) {
  const { jti, iss, iat, exp, collective, brokers, callers, uses, facts, names, replace } = readToken(token);
  const time = (seconds: number) => new Date(seconds * 1000).toISOString();
  return {
    id: jti,
    ...(file === undefined ? { token } : { file }),
    issuer: iss,
    issued: time(iat),
    expires: time(exp),
    collective,
    brokers,
    callers,
    uses: uses ?? null,
    facts: facts ?? [],
    names: names ?? null,
    replace: replace ?? false,
  };
}

function describeToken(
  screen: Screen,
  token: string,
  certificate: X509Certificate,
  { output: file, account: accountFile }: TokenOptions,
): void {
  const { jti, collective, brokers, callers, exp, uses, facts, account, names, replace } = readToken(token);
  const place = file === undefined ? '' : ` in ${file}`;
  const limits = [
    ...(uses === undefined
      ? []
      : [
          `at most ${counted(uses, 'machine')} (requires ${account ? 'security.tokens.ledger in the client configurations' : 'enrolment.ledger in the configuration of the broker'})`,
        ]),
    ...(facts ?? []).map((fact) => `only machines with ${fact}`),
    ...(names === undefined ? [] : [`only machines with a name that matches ${names}`]),
  ];
  if (!screen.json) {
    screen.note(`Enrolment token${place}, valid until ${new Date(exp * 1000).toISOString()}`);
    screen.note(`  id          ${jti} (to revoke it)`);
    screen.note(`  collective  ${collective}`);
    screen.note(`  broker      ${brokers.join(', ')}`);
    if (account)
      screen.note(`  account     ${readCertificate(account.certificate).subject.slice('CN='.length)}`);
    screen.note(`  callers     ${callers}`);
    for (const limit of limits) screen.note(`  limit       ${limit}`);
    if (replace)
      screen.note('  allows      to replace the certificate of a host that does not reply any more');
  }
  const ends = new Date(certificate.validTo).getTime();
  if (ends < exp * 1000) {
    screen.warn(
      `mco: your certificate expires on ${certificate.validTo}, before the token: the token is rejected after that date`,
    );
  }
  const accountEnds = account && readCertificate(account.certificate).validTo;
  if (accountEnds !== undefined && Date.parse(accountEnds) < exp * 1000) {
    screen.warn(
      `mco: the account in ${accountFile} expires on ${accountEnds}, before the token: create a new one with mco broker config --newcomers`,
    );
  }
  const near = brokers.filter(isLoopback);
  if (near.length > 0) {
    screen.warn(
      `mco: other machines cannot reach the broker at a loopback address: ${near.join(', ')}; name another address with --broker`,
    );
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneLine, systemReasonOf } from '@troupe/core/internal';
import { CapturedOutput, NotStartedError, runProgram } from '@troupe/host';
import type { Backend } from '../backend.js';
import { type CertificateState, type CertificateStatus, missing } from '../ca.js';
import { CaError } from '../error.js';
import { statusFromJson } from './puppet-status.js';

interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

// What `clean` and `revoke` exit with where there is only a request: `clean` has deleted it all the same.
const onlyRequest = 24;

// The list of a CA of 100,000 nodes, at half a kilobyte for each, and as much again.
const mostOutput = 100 * 1024 * 1024;

/**
 * The CA of a Puppet Server on this host, through the command `puppetserver ca`. The command has no way to show a
 * request or a certificate: these are read from the CA's folder.
 */
export class CliCa implements Backend {
  readonly kind = 'cli';
  readonly ownNames: readonly string[];
  readonly #command: string;
  readonly #config: string | undefined;
  readonly #cadir: string;
  readonly #timeoutSeconds: number;

  constructor(options: {
    /** `puppetserver`, or its path. */
    command: string;
    /** puppet.conf, where it is not in its usual place. */
    config?: string;
    cadir: string;
    certname: string;
    timeoutSeconds: number;
  }) {
    this.#command = options.command;
    this.#config = options.config;
    this.#cadir = options.cadir;
    this.#timeoutSeconds = options.timeoutSeconds;
    this.ownNames = [options.certname];
  }

  async caCertificate(signal?: AbortSignal): Promise<Buffer> {
    const path = join(this.#cadir, 'ca_crt.pem');
    const certificate = await readIfPresent(path, signal);
    if (!certificate)
      throw new CaError(
        'UNREACHABLE',
        `CA certificate ${path} not found: set plugins.puppetca.cadir to the folder of the CA`,
      );
    return certificate;
  }

  async list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]> {
    const result = await this.#run(['list', '--all', '--format', 'json'], signal);
    if (result.exitCode !== 0) throw failed('list', result);
    const all = certificatesOf(result);
    return state === undefined ? all : all.filter((one) => one.state === state);
  }

  async status(certname: string, signal?: AbortSignal): Promise<CertificateStatus> {
    const result = await this.#run(['list', '--certname', certname, '--format', 'json'], signal);
    // 1 means "missing" and every other failure alike: only the JSON tells.
    if (result.exitCode > 1) throw failed('list', result);
    return certificatesOf(result)[0] ?? missing(certname);
  }

  async request(certname: string, signal?: AbortSignal): Promise<string | undefined> {
    return (await readIfPresent(join(this.#cadir, 'requests', `${certname}.pem`), signal))?.toString();
  }

  async certificate(certname: string, signal?: AbortSignal): Promise<string | undefined> {
    return (await readIfPresent(join(this.#cadir, 'signed', `${certname}.pem`), signal))?.toString();
  }

  async sign(certname: string, signal?: AbortSignal): Promise<void> {
    const result = await this.#run(['sign', '--certname', certname], signal);
    if (result.exitCode === 0) return;
    // The first words of each are those of Puppet 7, the others those of 8, which signs in bulk and keeps the reason.
    if (/Could not find certificate request|No certificate request found/.test(result.stderr)) {
      throw new CaError('NOT_FOUND', `Cannot sign ${certname}: the CA has no request of that name`);
    }
    if (/code: 409/.test(result.stderr)) {
      throw new CaError('CONFLICT', `The CA refused to sign ${certname}: ${messageIn(result)}`);
    }
    if (/Error encountered when attempting to sign/.test(result.stderr)) {
      throw new CaError(
        'CONFLICT',
        `The CA refused to sign ${certname}: see the log of Puppet Server for the reason`,
      );
    }
    throw failed('sign', result);
  }

  async revoke(certname: string, signal?: AbortSignal): Promise<void> {
    const result = await this.#run(['revoke', '--certname', certname], signal);
    if (result.exitCode === 0) return;
    if (result.exitCode === onlyRequest) {
      throw new CaError(
        'CONFLICT',
        `Cannot revoke ${certname}: the CA has only a request of that name, no certificate`,
      );
    }
    if (result.stderr.includes('Could not find certificate')) {
      throw new CaError('NOT_FOUND', `Cannot revoke ${certname}: the CA has no certificate of that name`);
    }
    throw failed('revoke', result);
  }

  async clean(
    before: CertificateStatus,
    signal?: AbortSignal,
  ): Promise<{ revoked: boolean; deleted: boolean }> {
    if (before.state === 'missing') return { revoked: false, deleted: false };
    const result = await this.#run(['clean', '--certname', before.certname], signal);
    const isGone = result.stderr.includes('Could not find files to clean');
    if (result.exitCode !== 0 && result.exitCode !== onlyRequest && !isGone) throw failed('clean', result);
    const revoked = before.state === 'signed' && result.stdout.includes('has been revoked');
    return { revoked, deleted: !isGone };
  }

  async #run(args: readonly string[], signal: AbortSignal | undefined): Promise<CliResult> {
    const config = this.#config === undefined ? [] : ['--config', this.#config];
    const [stdout, stderr] = [new CapturedOutput(), new CapturedOutput()];
    const what = `${this.#command} ca ${args[0]}`;
    const end = await runProgram({
      command: this.#command,
      args: ['ca', ...args, ...config],
      // The environment of the daemon says where the command and Ruby are, and has their settings.
      env: process.env,
      stdout,
      stderr,
      mostOutput,
      timeLimit: this.#timeoutSeconds * 1000,
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      if (!(error instanceof NotStartedError)) throw error;
      throw new CaError('UNREACHABLE', `${what}: ${error.message}`, { cause: error });
    });
    if (end.exceeded === 'time')
      throw new CaError('TIMEOUT', `${what}: timed out after ${this.#timeoutSeconds} s`);
    if (end.exceeded === 'output')
      throw new CaError('UNEXPECTED', `${what}: the output exceeds ${mostOutput} bytes`);
    if (end.code === null) throw new CaError('UNREACHABLE', `${what}: killed by ${end.signal}`);
    return { exitCode: end.code, stdout: stdout.text, stderr: stderr.text };
  }
}

/** The requests and certificates in the JSON among the lines of `list`. */
function certificatesOf(result: CliResult): CertificateStatus[] {
  const line = result.stdout.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw failed('list', result);
  let groups: Record<string, unknown>;
  try {
    groups = JSON.parse(line);
  } catch (cause) {
    throw new CaError('UNEXPECTED', `puppetserver ca list printed invalid JSON: ${messageIn(result)}`, {
      cause,
    });
  }
  return ['requested', 'signed', 'revoked'].flatMap((state) => {
    const group = groups[state] ?? [];
    return Array.isArray(group) ? group.map(statusFromJson) : [];
  });
}

function messageIn({ stdout, stderr }: CliResult): string {
  return oneLine(stderr.trim() || stdout, 300) || 'no output';
}

function failed(action: string, result: CliResult): CaError {
  const message = `puppetserver ca ${action} failed with exit code ${result.exitCode}: ${messageIn(result)}`;
  const code = /ConnectionFailed|Failed connecting/.test(result.stderr) ? 'UNREACHABLE' : 'UNEXPECTED';
  return new CaError(code, message);
}

async function readIfPresent(path: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
  try {
    return await readFile(path, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CaError('UNREACHABLE', `Cannot read ${path}: ${systemReasonOf(cause)}`, { cause });
  }
}

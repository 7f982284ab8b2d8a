import { oneLine } from '@troupe/core/internal';
import type { Backend } from '../backend.js';
import { type CertificateState, type CertificateStatus, missing } from '../ca.js';
import { CaError } from '../error.js';
import type { CaHttpClient, HttpAnswer, HttpCall } from './ca-http-client.js';
import { statusFromJson } from './puppet-status.js';

/** The CA of a Puppet Server, through its HTTP API. */
export class HttpCa implements Backend {
  readonly kind = 'http';
  readonly ownNames: readonly string[];
  readonly #client: CaHttpClient;

  /** `ownNames`: the server's name, and that of the certificate with which it is administered. */
  constructor(client: CaHttpClient, ownNames: readonly string[]) {
    this.#client = client;
    this.ownNames = ownNames;
  }

  async caCertificate(signal?: AbortSignal): Promise<Buffer> {
    const call = { method: 'GET', path: 'certificate/ca', signal } as const;
    const answer = await this.#client.call(call);
    if (answer.status !== 200) throw unexpected(call, answer);
    return answer.body;
  }

  async list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]> {
    const query = state === undefined ? '' : `?state=${state}`;
    const call = { method: 'GET', path: `certificate_statuses/any_key${query}`, signal } as const;
    const answer = await this.#client.call(call);
    const list = answer.status === 200 ? parse(call, answer) : undefined;
    if (!Array.isArray(list)) throw unexpected(call, answer);
    return list.map(statusFromJson);
  }

  async status(certname: string, signal?: AbortSignal): Promise<CertificateStatus> {
    const call = {
      method: 'GET',
      path: `certificate_status/${encodeURIComponent(certname)}`,
      signal,
    } as const;
    const answer = await this.#client.call(call);
    if (answer.status === 404) return missing(certname);
    if (answer.status !== 200) throw unexpected(call, answer);
    const status = statusFromJson(parse(call, answer));
    if (status.certname !== certname) {
      throw new CaError(
        'UNEXPECTED',
        `The CA returned the status of ${status.certname} instead of ${certname}`,
      );
    }
    return status;
  }

  request(certname: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#pem('certificate_request', certname, signal);
  }

  certificate(certname: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#pem('certificate', certname, signal);
  }

  async sign(certname: string, signal?: AbortSignal): Promise<void> {
    const call = this.#change(certname, 'signed', signal);
    const answer = await this.#client.call(call);
    if (answer.status === 404)
      throw new CaError('NOT_FOUND', `Cannot sign ${certname}: the CA has no request of that name`);
    if (answer.status === 409)
      throw new CaError('CONFLICT', `The CA refused to sign ${certname}: ${text(answer)}`);
    if (!isDone(answer)) throw unexpected(call, answer);
  }

  async revoke(certname: string, signal?: AbortSignal): Promise<void> {
    const call = this.#change(certname, 'revoked', signal);
    const answer = await this.#client.call(call);
    if (answer.status === 404)
      throw new CaError('NOT_FOUND', `Cannot revoke ${certname}: the CA has no certificate of that name`);
    if (answer.status === 409) {
      throw new CaError(
        'CONFLICT',
        `Cannot revoke ${certname}: the CA has only a request of that name, no certificate`,
      );
    }
    if (!isDone(answer)) throw unexpected(call, answer);
  }

  async clean(
    before: CertificateStatus,
    signal?: AbortSignal,
  ): Promise<{ revoked: boolean; deleted: boolean }> {
    if (before.state === 'missing') return { revoked: false, deleted: false };
    // Not the API's own "clean": it answers 200 always, and leaves requests where they are.
    const revocation = this.#change(before.certname, 'revoked', signal);
    const revoked = await this.#client.call(revocation);
    if (!isDone(revoked) && revoked.status !== 404 && revoked.status !== 409)
      throw unexpected(revocation, revoked);
    const removal = { ...revocation, method: 'DELETE', body: undefined } as const;
    const deleted = await this.#client.call(removal);
    if (!isDone(deleted) && deleted.status !== 404) throw unexpected(removal, deleted);
    return { revoked: isDone(revoked) && before.state !== 'revoked', deleted: isDone(deleted) };
  }

  #change(certname: string, state: 'signed' | 'revoked', signal: AbortSignal | undefined): HttpCall {
    const path = `certificate_status/${encodeURIComponent(certname)}`;
    return { method: 'PUT', path, body: { desired_state: state }, signal };
  }

  async #pem(kind: string, certname: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const call = { method: 'GET', path: `${kind}/${encodeURIComponent(certname)}`, signal } as const;
    const answer = await this.#client.call(call);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(call, answer);
    return answer.body.toString();
  }
}

function isDone(answer: HttpAnswer): boolean {
  return answer.status === 200 || answer.status === 204;
}

function text(answer: HttpAnswer): string {
  return oneLine(answer.body.toString(), 300);
}

function parse(call: HttpCall, answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString());
  } catch (cause) {
    throw new CaError(
      'UNEXPECTED',
      `${call.method} ${call.path}: invalid JSON in the CA's response: ${text(answer)}`,
      { cause },
    );
  }
}

function unexpected(call: HttpCall, answer: HttpAnswer): CaError {
  const what = `${call.method} ${call.path}: the CA responded with HTTP status ${answer.status}: ${text(answer)}`;
  if (answer.status !== 403) return new CaError('UNEXPECTED', what);
  return new CaError(
    'FORBIDDEN',
    `${what}; plugins.puppetca.certificate must have the extension pp_cli_auth, or a rule in the server's auth.conf must permit it`,
  );
}
